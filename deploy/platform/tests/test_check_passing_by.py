"""A consumer that does not react to what a stranger says passes it by; whoever reacts to it sets it aside."""

from dataclasses import replace

from gse_platform.prove import check_effects
from gse_platform.prove.facts import Facts, Heard, Parked, Planted, Record

DOORS, EVENTS = "notifications.gse.members.open-doors", "events.gse.members"
PASSED = Heard(DOORS, 0, "nobody", 0, 1)
FACTS = Facts(
    offsets={(consumer, "gse.members", 0): 1 for consumer in (DOORS, EVENTS)},
    log=[Record("gse.members", 0, 0, b"nobody", {"planted": b"0", "ce_subject": b"nobody"}, b"{")],
    planted=[Planted(0, "gse.members", "body_is_cut", "stuck", for_all=False)],
    parked=[Parked(EVENTS, "gse.members", 0, 0, "stuck", "the body is no JSON")],
    heard=[PASSED],
    poison="qpoison",
    canary="qcanary",
)


def test_a_body_that_is_cut_is_passed_by_where_nobody_reads_it() -> None:
    assert check_effects.bad_records_are_parked(FACTS) == []
    assert check_effects.heard_is_said(FACTS) == []


def test_who_does_not_pass_it_by_is_named() -> None:
    assert check_effects.heard_is_said(replace(FACTS, heard=[])) == [f"{DOORS} nobody: 1 said, 0 heard"]
    parked = [*FACTS.parked, replace(FACTS.parked[0], consumer=DOORS)]
    assert check_effects.bad_records_are_parked(replace(FACTS, parked=parked)) == [
        f"('{DOORS}', 'gse.members', 0, 0): should be parked as nothing, is parked as stuck"
    ]


def test_what_is_wrong_for_everybody_is_set_aside_there_too() -> None:
    its = replace(FACTS, planted=[replace(FACTS.planted[0], for_all=True)])

    assert check_effects.bad_records_are_parked(its) == [
        f"('{DOORS}', 'gse.members', 0, 0): should be parked as stuck, is parked as nothing"
    ]
