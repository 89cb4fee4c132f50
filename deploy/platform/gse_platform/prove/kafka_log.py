r"""Reads whole streams with Kafka's own console consumer, in Java: another client than the one the services use.

It prints bytes that are no plain ASCII as \xNN (its BytesDeserializer), so that every
record comes back byte for byte.
"""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gse_platform.home import CannotGoOn, write_privately
from gse_platform.prove.facts import Record
from testkit.addresses import KafkaAddress
from testkit.kafka_java import programs
from testkit.progress import silent

CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
CONFIG_OF = {CONSUMER: "--consumer.config"}  # of the other: --command-config
OFFSETS = "org.apache.kafka.tools.GetOffsetShell"
BYTES = "org.apache.kafka.common.serialization.BytesDeserializer"
NULL = "~no~bytes~here~"  # which goes through the deserializer like bytes, so it has to be what nobody sends
QUIET_MS = 120_000  # without a record for so long it ends, and its reading is not whole; a busy machine takes its time
SECONDS = 600
AT_ONCE = 3
SETTINGS = {
    "print.partition": "true",
    "print.offset": "true",
    "print.headers": "true",
    "print.key": "true",
    "print.value": "true",
    "key.separator": "\t",
    "headers.separator": "\x1f",
    "null.literal": NULL,
    "headers.deserializer": BYTES,
    "key.deserializer": BYTES,
    "value.deserializer": BYTES,
}
ESCAPED = re.compile(rb"\\x([0-9A-F]{2})")


def ends(kafka: KafkaAddress, topics: list[str], folder: Path) -> dict[tuple[str, int], int]:
    """Where each partition ends, as the broker tells its own tool."""
    pattern = "|".join(re.escape(topic) for topic in topics)
    said = _run(kafka, folder, OFFSETS, "--topic", pattern, "--time", "latest")
    found = [line.rsplit(":", 2) for line in said.decode().splitlines() if line.count(":") == 2]  # noqa: PLR2004
    return {(topic, int(partition)): int(end) for topic, partition, end in found if topic in topics}


def read(kafka: KafkaAddress, counts: Mapping[str, int], folder: Path) -> list[Record]:
    """Every record of the topics, from the first on, of each so many; what was read is kept, a file a topic."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        reading = [pool.submit(_read, kafka, topic, count, folder) for topic, count in counts.items() if count]
        return [record for read in reading for record in read.result()]


def _read(kafka: KafkaAddress, topic: str, count: int, folder: Path) -> list[Record]:
    settings = [text for pair in SETTINGS.items() for text in ("--property", "=".join(pair))]
    limits = ["--max-messages", str(count), "--timeout-ms", str(QUIET_MS)]
    asked = ["--topic", topic, "--from-beginning", *limits, *settings]
    said = _run(kafka, folder, CONSUMER, *asked)
    (folder / f"{topic}.txt").write_bytes(said)
    records = [record(topic, line) for line in said.split(b"\n") if line.startswith(b"Partition:")]
    return sorted(records, key=lambda its: (its.partition, its.offset))


def _run(kafka: KafkaAddress, folder: Path, program: str, *arguments: str) -> bytes:
    java, option = programs(silent), CONFIG_OF.get(program, "--command-config")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        config = Path(scratch) / "client.properties"
        write_privately(config, _sign_in(kafka))
        quiet = Path(scratch) / "log.properties"
        quiet.write_text("rootLogger.level = off\n")
        line = java.command(Path(scratch), program, "--bootstrap-server", kafka.bootstrap, option, config, *arguments)
        line = [f"-Dlog4j2.configurationFile={quiet}" if "log4j2.configurationFile" in its else its for its in line]
        done = subprocess.run(line, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode != 0 and not done.stdout:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise CannotGoOn(f"Kafka's own {program.rpartition('.')[2]} did not work: {words[-1][:300]}")
    return done.stdout


def record(topic: str, line: bytes) -> Record:
    """One printed line: Partition:<n>, Offset:<n>, headers, key and value, with tabs between."""
    partition, offset, headers, key, value = line.split(b"\t")
    return Record(
        topic=topic,
        partition=int(partition.removeprefix(b"Partition:")),
        offset=int(offset.removeprefix(b"Offset:")),
        key=_bytes(key),
        headers=_headers(headers),
        value=_bytes(value),
    )


def _headers(text: bytes) -> dict[str, bytes | None]:
    if text == b"NO_HEADERS":
        return {}
    pairs = (pair.partition(b":") for pair in text.split(b"\x1f"))
    return {name.decode(errors="replace"): _bytes(value) for name, _, value in pairs}


def _bytes(text: bytes) -> bytes | None:
    if text == NULL.encode():
        return None
    return ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)


def _sign_in(kafka: KafkaAddress) -> str:
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return (
        f"security.protocol={kafka.security_protocol}\n"
        f"sasl.mechanism={kafka.sasl_mechanism}\n"
        f'sasl.jaas.config={module} required username="{kafka.username}" password="{kafka.password}";\n'
        "default.api.timeout.ms=60000\n"
    )
