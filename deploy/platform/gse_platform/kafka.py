"""`./gse kafka`: what is declared for Kafka, compared with a cluster and applied to it.

The cluster is the one that the environment gives, else the running platform's. Passwords come from the environment
(GSE_KAFKA_PASSWORD_MEMBERS and so on) or from the home, and are never shown.
"""

import json

from gse_platform.given import given, kafka_passwords
from gse_platform.home import Home, read_state
from gse_platform.platform import home_secrets
from testkit.access import ACCESS, read_access
from testkit.addresses import KafkaAddress
from testkit.provision import DONE, Plan, Wanted, apply, plan


def show_plan(home: Home, *, renew: bool, as_json: bool) -> bool:
    """Print what applying would change; whether it would change something."""
    address, wanted = _declared(home, renew=renew)
    found = plan(address, wanted)
    _show(found, found.steps, "Nothing is to be changed.", as_json=as_json)
    return bool(found.steps)


def apply_plan(home: Home, *, renew: bool, as_json: bool) -> None:
    """Carry it out, and print what was done."""
    address, wanted = _declared(home, renew=renew)
    done = apply(address, wanted)
    _show(done, [(DONE[verb], what) for verb, what in done.steps], "Nothing was to be changed.", as_json=as_json)


def _declared(home: Home, *, renew: bool) -> tuple[KafkaAddress, Wanted]:
    told, access = given(), read_access(ACCESS)
    if told.kafka is not None:
        # Who signs in nowhere has no rights either: on an open cluster there are only topics to look after.
        passwords = kafka_passwords(access.principals)
        return told.kafka, Wanted(told.topic_prefix, access if told.kafka.username else None, passwords, renew)
    state = read_state(home)["kafka"]
    client = state["client"]
    operator = KafkaAddress(
        state["bootstrap_servers"],
        client["security_protocol"],
        username=client["sasl_plain_username"],
        password=client["sasl_plain_password"],
    )
    secrets = home_secrets(home)
    return operator, Wanted(
        told.topic_prefix, access, {user: secrets[f"kafka-{user}"] for user in access.principals}, renew
    )


def _show(found: Plan, steps: list[tuple[str, str]], nothing: str, *, as_json: bool) -> None:
    if as_json:
        changes = [{"do": verb, "what": what} for verb, what in steps]
        print(json.dumps({"changes": changes, "notes": list(found.notes)}, indent=2, ensure_ascii=False))
        return
    print("\n".join(f"{verb:<8} {what}" for verb, what in steps) if steps else nothing)
    for note in found.notes:
        print(f"note     {note}")
