"""Kafka's users: who may sign in, and with which password. A cluster tells names and iterations, never a password."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from testkit.addresses import KafkaAddress

MECHANISM: Final = "SCRAM_SHA_512"
ITERATIONS: Final = 4096
SECONDS: Final = 30

Credentials = Mapping[str, int]
"""How often each mechanism of one user hashes."""


def credentials(client: AdminClient) -> dict[str, Credentials]:
    """Of every user of the cluster."""
    described: Any = client.describe_user_scram_credentials(request_timeout=SECONDS)  # of everybody: one answer
    answer = described.result(SECONDS)
    return {
        user: {its.mechanism.name: its.iterations for its in described.scram_credential_infos}
        for user, described in answer.items()
    }


def change_users(client: AdminClient, passwords: Mapping[str, str], gone: Collection[tuple[str, str]] = ()) -> None:
    """Sets these passwords, and takes these (user, mechanism) ways in away; that one is gone already is no matter."""
    info = ScramCredentialInfo(ScramMechanism[MECHANISM], ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, info, password.encode()) for user, password in passwords.items()
    ]
    changes += [UserScramCredentialDeletion(user, ScramMechanism[mechanism]) for user, mechanism in gone]
    leaving = {user for user, _ in gone}
    for user, answer in client.alter_user_scram_credentials(changes, request_timeout=SECONDS).items():
        try:
            answer.result(SECONDS)
        except KafkaException as error:
            if user not in leaving or error.args[0].code() != KafkaError.RESOURCE_NOT_FOUND:
                raise


def set_users(admin: KafkaAddress, *, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Makes new users, changes passwords that changed, and takes the way in from users who are gone."""
    client = AdminClient(admin.confluent())  # held until the answers are here: without it they are given up
    changed = {user: password for user, password in now.items() if before.get(user) != password}
    change_users(client, changed, [(user, MECHANISM) for user in before.keys() - now.keys()])
