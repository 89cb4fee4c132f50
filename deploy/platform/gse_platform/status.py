"""`./gse status`: every address, and whether the events flow."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from gse_platform.home import Home, read_state

FIGURES = ("outbox_backlog", "lag_records", "lag_seconds", "parked")


def show_status(home: Home, *, as_json: bool) -> None:
    found = status(read_state(home))
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _show(found)


def status(state: dict[str, Any]) -> dict[str, Any]:
    """What the platform says of itself, and each service of itself; a service that does not answer is not ready."""
    services = state["services"]
    with ThreadPoolExecutor(max_workers=len(services)) as pool:
        said = dict(zip(services, pool.map(_health, [service["url"] for service in services.values()]), strict=True))
    return {
        "front_door": state["front_door"],
        "kafka": state["kafka"],
        "services": {
            name: {"url": service["url"], "ready": said[name].get("ready") is True}
            | {figure: said[name].get(figure) for figure in FIGURES}
            | {"checks": said[name].get("checks", {}), "pid": state["pids"].get(name)}
            for name, service in services.items()
        },
        "postgres": state["postgres"],
        "identity_provider": {name: state["identity_provider"][name] for name in ("issuer", "client_id")},
        "mail_sink": state["mail_sink"],
        "home": state["home"],
    }


def _health(url: str) -> dict[str, Any]:
    try:
        said = httpx2.get(f"{url}/health/status", timeout=5, trust_env=False).json()
    except (httpx2.HTTPError, ValueError):
        said = None
    return said if isinstance(said, dict) else {"checks": {"answers": "The service does not answer."}}


def _show(found: dict[str, Any]) -> None:
    table = Table(title=None, box=None, pad_edge=False, header_style="bold")
    for heading, justify in (
        ("Service", "left"),
        ("State", "left"),
        ("To send", "right"),
        ("To read", "right"),
        ("Behind", "right"),
        ("Parked", "right"),
        ("Address", "left"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for name, service in found["services"].items():
        state = "[green]ready[/]" if service["ready"] else "[red]not ready[/]"
        behind = "-" if service["lag_seconds"] is None else f"{service['lag_seconds']:.1f} s"
        figures = ["-" if service[figure] is None else str(service[figure]) for figure in FIGURES]
        table.add_row(name, state, figures[0], figures[1], behind, figures[3], service["url"])
    console = Console(highlight=False)
    console.print(f"Front door         {found['front_door']}")
    console.print(f"Kafka              {found['kafka']['bootstrap_servers']}")
    console.print(f"Identity provider  {found['identity_provider']['issuer']}")
    if found["mail_sink"]:
        console.print(f"Mail sink          {found['mail_sink']['url']} (SMTP {found['mail_sink']['smtp']})")
    console.print(f"Home               {found['home']}\n", soft_wrap=True)
    console.print(table)
    wrong = [
        f"{name}: {part}: {sentence}"
        for name, service in found["services"].items()
        for part, sentence in service["checks"].items()
        if sentence != "ok"
    ]
    if wrong:
        console.print("\n" + "\n".join(wrong), style="red", markup=False, soft_wrap=True)
    if wrong or not all(service["ready"] for service in found["services"].values()):
        console.print(
            f"\nWhat to do stands in deploy/README.md, “Something is wrong”. Logs: {found['home']}/logs", soft_wrap=True
        )
