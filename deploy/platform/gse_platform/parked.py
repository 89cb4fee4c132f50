"""`./gse parked`: the events that could not be handled, through each service's own endpoint, as an operator."""

import json
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from gse_platform.home import CannotGoOn
from gse_platform.tokens import token


class Parked:
    """The operator's way to the parked events of all services."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._services: dict[str, Any] = state["services"]
        self._client = httpx2.Client(
            base_url=state["front_door"],
            headers={"Authorization": f"Bearer {token(state, 'operator')}"},
            timeout=30,
            trust_env=False,
        )

    def every(self) -> dict[str, list[dict[str, Any]]]:
        return {service: self._all_of(service) for service in self._services}

    def ask(self, method: str, service: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if service not in self._services:
            raise CannotGoOn(f"There is no service {service}. There are: {', '.join(self._services)}")
        try:
            answer = self._client.request(method, f"/api/{service}/v1/parked{path}", json=body)
        except httpx2.RequestError as error:
            raise CannotGoOn(f"{service} does not answer ({error}): look at ./gse status.") from None
        if answer.is_error:
            raise CannotGoOn(f"{service} refused ({answer.status_code}): {_detail(answer)}")
        return answer.json() if answer.content else None

    def _all_of(self, service: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = self.ask("GET", service, f"?after={after}&limit=500")
            rows += page["parked"]
            after = page["next"]
        return rows


def show_all(found: dict[str, list[dict[str, Any]]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=2))
        return
    rows = [(service, row) for service, parked in found.items() for row in parked]
    console = Console(highlight=False)
    if not rows:
        console.print("Nothing is parked.")
        return
    columns = ("id", "consumer", "kind", "type", "subject", "sequence", "reason", "parked_at")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("service", *columns):
        table.add_column(column, overflow="fold")
    for service, row in rows:
        table.add_row(service, *(str(row.get(column, "")) for column in columns))
    console.print(table)


def show_one(found: Any) -> None:
    print(json.dumps(found, indent=2, ensure_ascii=False))


def _detail(answer: httpx2.Response) -> str:
    try:
        found = answer.json()
    except ValueError:
        return "no explanation"
    return str(found.get("detail") or found.get("title")) if isinstance(found, dict) else "no explanation"
