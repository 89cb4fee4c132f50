"""Kafka's users: who may sign in, and with which password."""

from collections.abc import Mapping

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from testkit.addresses import KafkaAddress

ITERATIONS = 4096
SECONDS = 30


def set_users(admin: KafkaAddress, *, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Makes new users, changes passwords that changed, and takes the way in from users who are gone."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, info, password.encode())
        for user, password in now.items()
        if before.get(user) != password
    ]
    changes += [UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512) for user in before.keys() - now.keys()]
    client = AdminClient(admin.confluent())  # held until the answers are here: without it they are given up
    for answer in client.alter_user_scram_credentials(changes, request_timeout=SECONDS).values():
        answer.result(SECONDS)
