"""Nobody is told of an opportunity whose grade may not apply, but who has just joined: theirs may be unknown yet."""

from healthy_run import BEN, OPENED, healthy, notice, said, with_more

from gse_platform.prove.check_notices import notices_are_of_events
from gse_platform.prove.facts import Change, Facts, Heard

CALL = "call-id"
CALLED = said(CALL, 1, "OpportunityOpened", open_to=["SCS1"])  # Ben is an EO
TOLD = Change("notifications.notice", 99, "INSERT", notice(BEN, "opportunity-opened", CALLED.event_id, "sent"))


def told(at: float) -> Facts:
    """Ben, of whose joining notifications heard at `OPENED`, is told of an opportunity that it heard of then."""
    heard = Heard("notifications.gse.members", 99, CALL, 0, 1, at)
    return with_more("changes", TOLD)(with_more("heard", heard)(with_more("said", CALLED)(healthy())))


def test_whose_grade_has_long_been_known_and_may_not_apply_is_not_told() -> None:
    assert notices_are_of_events(told(OPENED + 31)) == [
        f"{BEN} was told of OpportunityOpened {CALL} (opportunity-opened), nothing of theirs"
    ]


def test_who_has_just_joined_may_be_told() -> None:
    assert notices_are_of_events(told(OPENED + 29)) == []
