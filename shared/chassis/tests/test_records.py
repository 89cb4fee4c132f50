import random
from uuid import UUID

from aiokafka.partitioner import DefaultPartitioner

from chassis.records import partition_of


def test_a_key_is_put_where_every_other_client_puts_it() -> None:
    drawn = random.Random(7)
    theirs = DefaultPartitioner()
    for partitions in (1, 12, 24):
        for _ in range(500):
            key = str(UUID(int=drawn.getrandbits(128))).encode()
            assert partition_of(key, partitions) == theirs(key, list(range(partitions)), list(range(partitions)))


def test_a_known_key_keeps_its_partition() -> None:
    assert partition_of(b"00000000-0000-4000-8000-00000000000a", 12) == 11
