// Joins what each service holds of the person at this browser into one file. No service asks another, so it is done here.
// Marked up in HTML: data-part is a service; #copy-whole, hidden without a script, holds buttons whose data-download
// says as what, "html" or "json", and #copy-status, which tells how it goes. A service that does not answer is named in the file: nothing is missing without a word.
const services = [...document.querySelectorAll("[data-part]")].map((its) => its.dataset.part)
const buttons = [...document.querySelectorAll("[data-download]")]
const status = document.getElementById("copy-status")
const STYLE =
  "body{font-family:arial,sans-serif;line-height:1.4;max-width:60rem;margin:2rem auto;padding:0 1rem}" +
  "dl{border-top:1px solid #b1b4b6}dl>div{display:flex;gap:1rem;padding:.25rem 0}dt{flex:0 0 14rem;font-weight:bold}dd{margin:0;overflow-wrap:anywhere}"

async function ask(service) {
  try {
    const answer = await fetch(`/${service}/my/copy`, { headers: { Accept: "text/html" } })
    if (!answer.ok) return { service, missing: true }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    const section = page.getElementById("copy")
    const data = page.getElementById("copy-data")
    if (!section || !data) return { service, missing: true }
    section.id = service
    return { service, html: section.outerHTML, data: JSON.parse(data.textContent) }
  } catch {
    return { service, missing: true }
  }
}

const lacking = (missing) =>
  missing.length ? `${missing.join(" and ")} did not answer and ${missing.length === 1 ? "is" : "are"} not in it. Download it again in a few minutes.` : ""

function asData(parts, missing) {
  return JSON.stringify({ complete: !missing.length, not_answered: missing, parts: parts.map((its) => its.data) }, null, 2)
}

function asPage(parts, missing) {
  const note = missing.length ? `<p><strong>This copy is not complete: ${lacking(missing)}</strong></p>` : ""
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What the profession holds about you</title>` +
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>${note}` +
    `${parts.map((its) => its.html).join("\n")}</body></html>`
  )
}

function save(text, type, ending) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = `gse-my-copy-${new Date().toISOString().slice(0, 10)}.${ending}`
  link.click()
  URL.revokeObjectURL(link.href)
}

async function download(ending) {
  status.textContent = "Collecting your copy…"
  const answers = await Promise.all(services.map(ask))
  const parts = answers.filter((its) => !its.missing)
  const missing = answers.filter((its) => its.missing).map((its) => its.service)
  if (!parts.length) {
    status.textContent = "Nothing could be collected. Check that you are still signed in, and try again in a few minutes."
    return
  }
  if (ending === "json") save(asData(parts, missing), "application/json", "json")
  else save(asPage(parts, missing), "text/html", "html")
  status.textContent = missing.length ? `Your copy is downloaded, but ${lacking(missing)}` : "Your copy is downloaded. It holds all four parts."
}

document.getElementById("copy-whole").hidden = false
for (const button of buttons) {
  button.addEventListener("click", () => download(button.dataset.download))
}
