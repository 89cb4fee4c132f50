"""What notifications says: that a notice went out. Never what it said, nor to which address."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.base import DomainEvent, Internal, Visibility, Word


class NoticeCategory(StrEnum):
    """What a notice is about, as a person chooses what to hear."""

    MEMBERSHIP = "membership"
    MENTORING = "mentoring"
    EVENTS = "events"


class Channel(StrEnum):
    """How a notice travels."""

    EMAIL = "email"


class NotificationSent(DomainEvent, service="notifications", visibility=Visibility.INTERNAL):
    """A notice was handed to the mail service, which took it."""

    notice_id: Internal[UUID]
    member_id: Internal[UUID]
    category: Internal[Word]  # a NoticeCategory, or one that is still to come
    channel: Internal[Word]  # a Channel, or one that is still to come
    sent_at: Internal[datetime]
