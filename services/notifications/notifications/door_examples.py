"""Doors that open and shut, for tests: what members says of each."""

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from contracts.feedback import FeedbackRoundOpened
from contracts.groups import (
    ChampionAppointed,
    ChampionTermEnded,
    GroupMeetingScheduled,
    TaskGroupDisbanded,
    TaskGroupEstablished,
    TaskGroupExtended,
)
from contracts.members import Grade
from contracts.opportunities import OpportunityOpened, ShadowBoardMemberAppointed, ShadowBoardSeatOpened

ADA: Final = UUID("00000000-0000-4000-8000-00000000000a")
CALL, SEAT, ROUND, GROUP = (UUID(f"00000000-0000-4000-8000-0000000000e{each}") for each in range(1, 5))
TERM, NEXT_TERM, THEME = (UUID(f"00000000-0000-4000-8000-0000000000f{each}") for each in range(1, 4))
CLOSES: Final = datetime(2027, 2, 11, 17, 0, tzinfo=UTC)
OPENED = OpportunityOpened(
    opportunity_id=CALL,
    kind="focus-group",
    title="How we recruit",
    summary="Two hours on how we find people.",
    closes_at=CLOSES,
    capacity=12,
    eligibility="up-to-seo",
    policy_version=1,
    open_to=(Grade.AA, Grade.AO, Grade.EO),
)
SEAT_OPENED = ShadowBoardSeatOpened(seat_id=SEAT, title="A seat for the regions", opened_on=date(2027, 1, 4))
SEATED = ShadowBoardMemberAppointed(seat_id=SEAT, member_id=ADA, starts_on=date(2027, 2, 1), ends_on=date(2028, 1, 31))
ASKED = FeedbackRoundOpened(
    round_id=ROUND,
    commitment_id=UUID("00000000-0000-4000-8000-0000000000e5"),
    title="Did it reach you?",
    closes_on=date(2027, 2, 11),
    must_hear=[],
    link="https://gse.example/round",
)
ESTABLISHED = TaskGroupEstablished(group_id=GROUP, title="Survey of skills", ends_on=date(2027, 6, 30))
EXTENDED = TaskGroupExtended(group_id=GROUP, ends_on=date(2027, 9, 30))
DISBANDED = TaskGroupDisbanded(group_id=GROUP, disbanded_on=date(2027, 3, 1), all_met=True)
STANDING: Final = UUID("00000000-0000-4000-8000-0000000000e6")
MEETS = GroupMeetingScheduled(
    meeting_id=UUID("00000000-0000-4000-8000-0000000000e7"),
    group_id=STANDING,
    starts_at=CLOSES,
    ends_at=datetime(2027, 2, 11, 18, 0, tzinfo=UTC),
    title="The action group",
)
APPOINTED = ChampionAppointed(term_id=TERM, theme_id=THEME, member_id=ADA, ends_on=date(2027, 3, 31))
ENDED = ChampionTermEnded(term_id=TERM, theme_id=THEME, member_id=ADA, ended="over", vacancy=True)
NEXT = APPOINTED.model_copy(update={"term_id": NEXT_TERM})
