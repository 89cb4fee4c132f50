"""`./gse rebuild streams`: what Kafka has lost is written again from the services' event logs, while they run.

Each step is a word that every service has (chassis.lost_streams), told what its running process is told. The order is
what counts: whoever hears a lost stream begins it again before its first record is written.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from contracts.streams import SERVICES, STREAMS
from gse_platform import home as homes
from gse_platform.given import given
from gse_platform.home import CannotGoOn, Home, read_state
from gse_platform.keys import signing_keys
from gse_platform.platform import PYTHON, Platform, service_environment
from testkit.addresses import KafkaAddress
from testkit.provision import provision

Say = Callable[[str], None]
Environments = Mapping[str, Mapping[str, str]]


def rebuild_streams(home: Home, say: Say) -> None:
    """Of the platform that runs in this home. Raises `CannotGoOn`."""
    state = read_state(home)
    platform = Platform(
        home=home,
        given=given(),
        port=int(state["front_door"].rpartition(":")[2]),
        ports=homes.read_json(home.path / "ports.json", {}),
        secrets=homes.read_json(home.path / "secrets.json", {}),
        keys=signing_keys(home),
    )
    operator = _address(state)
    here = platform.given.kafka is None
    for sentence in provision(operator, prefix=platform.given.topic_prefix, principals=False):
        say(sentence)
    environments = {}
    for service in SERVICES:
        password = platform.secrets.get(f"kafka-{service}")
        kafka = KafkaAddress(operator.bootstrap, "SASL_PLAINTEXT", username=service, password=password)
        url = state["postgres"]["databases"][service]
        environments[service] = service_environment(platform, service, url, kafka if here else operator)
    asyncio.run(rebuild(environments, say))


async def rebuild(environments: Environments, say: Say) -> None:
    """The lost streams of services that are told this. Raises `CannotGoOn`."""
    named: dict[str, list[str]] = {service: [] for service in SERVICES}
    await asyncio.gather(*(_run(environments, its, named[its].append, "lost-streams") for its in SERVICES))
    lost = {service: [its.name for its in STREAMS if its.name in named[service]] for service in SERVICES}
    streams = [name for names in lost.values() for name in names]
    if not streams:
        raise CannotGoOn("Kafka holds every stream up to what was sent. There is nothing to rebuild.")
    say(f"Lost: {', '.join(streams)}")
    await asyncio.gather(*(_run(environments, its, lambda _: None, "hear-again", *streams) for its in SERVICES))
    for service in (its for its in SERVICES if lost[its]):
        await _run(environments, service, say, "rebuild-streams")
    say("Every relay goes on within ten seconds. Departments that read a lost public stream begin it again.")


async def _run(environments: Environments, service: str, say: Say, *words: str) -> None:
    told = dict(environments[service]) | {"GSE_LOG_FORMAT": "json"}
    process = await asyncio.create_subprocess_exec(
        *PYTHON, f"{service}.app", *words, env=told, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None  # noqa: S101 (we asked for it)
    last = ""
    try:
        async for line in process.stdout:
            text = line.decode(errors="replace").strip()
            if text and not text.startswith("{"):  # its log
                last = text
                say(text)
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise CannotGoOn(last or f"{service}: {words[0]} ended with exit code {code}.")


def _address(state: dict[str, Any]) -> KafkaAddress:
    client = state["kafka"]["client"]
    return KafkaAddress(
        state["kafka"]["bootstrap_servers"],
        client["security_protocol"],
        client["sasl_mechanism"] or "SCRAM-SHA-512",
        client["sasl_plain_username"],
        client["sasl_plain_password"],
    )
