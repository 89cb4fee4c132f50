"""Apache Kafka by itself, as a fresh download starts it: Java's and Kafka's defaults, one node, no users."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testkit.jars import kafka_jars
from testkit.java import find_java
from testkit.kafka_java import LOGGING
from testkit.ports import HOST, free_port
from testkit.progress import silent

START_SECONDS = 120
CLUSTER = "gse-bench-kafka-alone-"  # 22 characters


@dataclass(frozen=True)
class Alone:
    pid: int
    seconds: float  # from its process to `Kafka Server started`


@contextmanager
def kafka_alone(home: Path) -> Iterator[Alone]:
    """Its storage is formatted before, and does not count."""
    home.mkdir(parents=True)
    port, controller = free_port(), free_port()
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "log.dirs": str(home / "data"),
        "offsets.topic.replication.factor": "1",
    }
    config = home / "server.properties"
    config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    jars = ":".join(str(jar) for jar in sorted(kafka_jars(silent).glob("*.jar")))
    java = [str(find_java(progress=silent)), f"-Dlog4j2.configurationFile={LOGGING}", "-cp", jars]
    # What Kafka's own script gives a broker.
    broker = [java[0], "-Xmx1G", "-Xms1G", "-XX:+UseG1GC", *java[1:]]
    form = [*java, "kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config", str(config)]
    subprocess.run(form, check=True, capture_output=True)
    log = home / "kafka.log"
    begun = time.monotonic()
    with log.open("w") as output, subprocess.Popen([*broker, "kafka.Kafka", str(config)], stdout=output) as process:
        try:
            while "Kafka Server started" not in log.read_text(errors="replace"):
                if process.poll() is not None or time.monotonic() - begun > START_SECONDS:
                    raise RuntimeError(f"Kafka alone did not start: {log.read_text()[-500:]}")
                time.sleep(0.02)
            yield Alone(process.pid, time.monotonic() - begun)
        finally:
            process.kill()
