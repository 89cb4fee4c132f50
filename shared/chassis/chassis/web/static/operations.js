// Fills the picture of the house: asks every service for its figures and writes them wherever they belong.
// Marked up in HTML: data-service says whose, data-figure which; data-stream narrows "rate" and "behind" to one stream,
// data-words asks for the figure in words.
const EVERY_SECONDS = 3
const places = [...document.querySelectorAll("[data-figure]")]
const services = [...new Set(places.map((place) => place.dataset.service))]
const before = new Map() // service → its last figures and when they came, for rates
const plural = (number, one, many) => `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`

async function ask(service) {
  try {
    const answer = await fetch(`/${service}/operations/figures`, { headers: { Accept: "application/json" } })
    // After ten minutes a page is renewed on its way to being shown; what a script asks for is not.
    if (answer.status === 401) location.reload()
    if (answer.status === 403) return { state: "not for you" }
    if (!answer.ok) return { state: "no answer" }
    return figuresOf(service, await answer.json())
  } catch {
    return { state: "no answer" }
  }
}

function figuresOf(service, now) {
  const last = before.get(service)
  const at = performance.now() / 1000
  before.set(service, { sent: now.sent, at })
  const rate = ([stream, records]) => [stream, Math.max(0, records - (last.sent[stream] ?? 0)) / (at - last.at)]
  const behind = now.heard.map((its) => its.lag_seconds)
  return {
    state: now.ready ? "working" : "not working",
    backlog: now.outbox_backlog,
    parked: now.parked,
    hearsNothing: !behind.length,
    behind: behind.length ? Math.max(...behind) : null,
    behindOn: Object.fromEntries(now.heard.map((its) => [its.stream, its.lag_seconds])),
    rateOf: last?.sent && now.sent ? Object.fromEntries(Object.entries(now.sent).map(rate)) : null,
  }
}

function told(its, { figure, stream, words }) {
  if (figure === "state") return its.state
  if (figure === "backlog") return its.backlog == null ? "" : words != null ? `${its.backlog} to send` : `${its.backlog}`
  if (figure === "parked") return its.parked == null ? "" : words != null ? `${its.parked} parked` : `${its.parked}`
  if (figure === "rate") return its.rateOf ? `${(its.rateOf[stream] ?? 0).toFixed(1)}/s` : ""
  if (stream && its.behindOn?.[stream] == null) return ""
  if (stream) return `${its.behindOn[stream].toFixed(1)} s${words != null ? " behind" : ""}`
  return its.hearsNothing ? "hears nothing" : its.behind == null ? "" : `${its.behind.toFixed(1)} s`
}

function answerOf(found) {
  const wrong = []
  for (const [service, its] of found) {
    if (its.state !== "working") wrong.push(`${service}: ${its.state}`)
    else if (its.parked) wrong.push(`${service}: ${plural(its.parked, "record is", "records are")} parked`)
  }
  if (wrong.length) return `No. ${wrong.join("; ")}.`
  const busy = [...found.values()].some((its) => its.backlog || its.behind)
  return busy ? "Yes. Something is under way, and nothing is parked." : "Yes. Nothing is waiting, behind or parked."
}

async function look() {
  if (!document.hidden) {
    const found = new Map(await Promise.all(services.map(async (service) => [service, await ask(service)])))
    for (const place of places) {
      const text = told(found.get(place.dataset.service), place.dataset)
      if (place.textContent !== text) place.textContent = text
    }
    const answer = document.getElementById("answer")
    if (answer.textContent !== answerOf(found)) answer.textContent = answerOf(found)
  }
  setTimeout(look, EVERY_SECONDS * 1000)
}

look()
