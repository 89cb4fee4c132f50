"""What notifications says: what became of a notice. Never what it said, nor to which address."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.base import DomainEvent, Internal, Visibility, Word


class NoticeCategory(StrEnum):
    """What a notice is about, as a person chooses what to hear."""

    MEMBERSHIP = "membership"
    MENTORING = "mentoring"
    EVENTS = "events"
    OPPORTUNITIES = "opportunities"  # what members can do, are asked, and what came of it
    WORK = "work"  # for volunteers and the team: what waits for them


class Channel(StrEnum):
    """How a notice travels."""

    EMAIL = "email"
    NOTIFY = "notify"  # GOV.UK Notify, which mails it
    INBOX = "inbox"  # on the member's own page alone


class NotificationSent(DomainEvent, service="notifications", visibility=Visibility.INTERNAL):
    """A notice was handed to the mail service, which took it, or stands in the member's inbox as they asked."""

    notice_id: Internal[UUID]
    member_id: Internal[UUID]
    category: Internal[Word]  # a NoticeCategory, or one that is still to come
    channel: Internal[Word]  # a Channel, or one that is still to come
    sent_at: Internal[datetime]


class NotificationFailed(DomainEvent, service="notifications", visibility=Visibility.INTERNAL):
    """A notice was refused for good, by the mail service or, after it took it, by the mailbox."""

    notice_id: Internal[UUID]
    member_id: Internal[UUID]
    category: Internal[Word]  # a NoticeCategory, or one that is still to come
    channel: Internal[Word]  # a Channel, or one that is still to come
    failed_at: Internal[datetime]


class NotificationSuppressed(DomainEvent, service="notifications", visibility=Visibility.INTERNAL):
    """A notice was not sent: the member does not want it, it came too late, or nothing reaches their address."""

    notice_id: Internal[UUID]
    member_id: Internal[UUID]
    category: Internal[Word]  # a NoticeCategory, or one that is still to come
    reason: Internal[Word]  # preference, too-late, address-failed, or one that is still to come
    suppressed_at: Internal[datetime]


class MemberPreferencesChanged(DomainEvent, service="notifications", visibility=Visibility.INTERNAL):
    """A member chose anew what they hear, and when. What they chose is not said."""

    member_id: Internal[UUID]
