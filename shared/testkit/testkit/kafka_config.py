"""How the one local node is set up. Numbers that differ from Kafka's defaults say why."""

from pathlib import Path

from testkit.ports import HOST

BROKER = "broker"  # the node's own name; with it, it signs in to itself
OPERATOR = "operator"
NODE = "1"

# For every single node of ours, whichever way it runs.
TUNING = {
    "auto.create.topics.enable": "false",
    # Nothing is thrown away that a stream did not ask to be.
    "log.retention.ms": "-1",
    "offsets.retention.minutes": "525600",
    # One node keeps one copy, and few partitions of its own topics start and stop faster.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # A first member need not wait for others; a commit need not wait for company (8.4 ms becomes 1.5 ms).
    "group.initial.rebalance.delay.ms": "0",
    "group.coordinator.append.linger.ms": "0",
    # The cleaner of compacted streams holds its map whether there is work or not: 128 MB by default. This one has room
    # for 150,000 keys in one pass; more take another pass.
    "log.cleaner.dedupe.buffer.size": "4194304",
    # Rest while nothing happens: each thread wakes a few times a second, and twice a second a record went to the node's
    # own log that says nothing and that other nodes would wait for.
    "num.io.threads": "4",
    "num.network.threads": "1",
    "group.coordinator.threads": "1",
    "metadata.max.idle.interval.ms": "0",
    # After a kill the node waits for its old session before it leads again: 3 seconds instead of 9.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "1000",
}


def properties(
    *, data: Path, port: int, controller_port: int, password: str | None, advertised_port: int | None = None
) -> str:
    """server.properties: with the broker's password a guarded node, without one an open node for tests.

    Clients are told to come to the advertised port, where something stands between them and the node.
    """
    common = {
        "process.roles": "broker,controller",
        "node.id": NODE,
        "controller.quorum.voters": f"{NODE}@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "CLIENT",
        "listeners": f"CLIENT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"CLIENT://{HOST}:{advertised_port or port}",
        "log.dirs": str(data),
        **TUNING,
    }
    settings = common | (_guarded(password) if password else _open())
    return "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())


def _escaped(value: str) -> str:
    """Java reads such files as Latin-1, and a backslash as the start of something."""
    return "".join(letter if " " <= letter <= "~" and letter != "\\" else f"\\u{ord(letter):04x}" for letter in value)


def _open() -> dict[str, str]:
    return {"listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT"}


def _guarded(password: str) -> dict[str, str]:
    """Nobody is anonymous: the controller's port asks for a password too, or it would be a way around the ACLs.

    The node's own password stands in its settings, so that its storage holds no secret; everybody else's is Kafka's to
    keep, by SCRAM.
    """
    security = "org.apache.kafka.common.security"
    plain = f'{security}.plain.PlainLoginModule required username="{BROKER}" password="{password}" '
    plain += f'user_{BROKER}="{password}";'
    return {
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.client.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{security}.scram.ScramLoginModule required;",
        "listener.name.client.plain.sasl.jaas.config": plain,
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": plain,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{BROKER};User:{OPERATOR}",
        "allow.everyone.if.no.acl.found": "false",
    }
