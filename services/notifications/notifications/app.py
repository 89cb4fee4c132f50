"""Notifications: who hears, how, once."""

from pathlib import Path

from fastapi import FastAPI

from chassis import commands, copies, service
from chassis.subscription import Subscription
from chassis.timers import Timer
from chassis.web import create_pages
from contracts.erasure import MemberErased, MemberErasureRequested, MemberProcessingRestricted
from contracts.events import AttendeeRegistered, EventHosted, EventPublished, EventSignedOff, KeyDateScheduled
from contracts.feedback import FeedbackAnswered, FeedbackRoundOpened
from contracts.groups import (
    ChampionAppointed,
    ChampionTermEnded,
    GroupMeetingScheduled,
    TaskGroupDisbanded,
    TaskGroupEstablished,
    TaskGroupExtended,
    VolunteerJoinedGroup,
    VolunteerLeftGroup,
)
from contracts.members import (
    MemberContactChanged,
    MemberGradeChanged,
    MemberJoined,
    MemberLeft,
    MemberTransferred,
    RoleGranted,
    RoleRevoked,
)
from contracts.mentoring import MentoringPairCreated, MentoringPairEnded, MentoringSchemeOpened
from contracts.notifications import Channel
from contracts.opportunities import (
    FocusGroupHeld,
    OpportunityOpened,
    ParticipantsSelected,
    PlaceGivenUp,
    ShadowBoardMemberAppointed,
    ShadowBoardMemberStoodDown,
    ShadowBoardSeatOpened,
    ShadowBoardTermEnded,
)
from notifications import (
    api,
    choosing_api,
    choosing_pages,
    copy_store,
    digests,
    door_pages,
    erasing,
    given,
    groups,
    hosted_events,
    open_doors,
    pages,
    purging,
    reactions,
    receipts,
    sent_api,
    sent_pages,
    template_api,
    template_pages,
    told,
    unknowns,
)
from notifications.channels import Channels, Transport
from notifications.mail import Mail
from notifications.notify import Notify
from notifications.sending import MailSender
from notifications.settings import Settings

MEMBERS = Subscription(
    "gse.members",
    {
        **told.plainly("members", reactions.tell),
        OpportunityOpened: reactions.tell_all,
        FeedbackRoundOpened: reactions.tell_all,
        FeedbackAnswered: reactions.tell_all,
        MemberGradeChanged: reactions.follow_grade,
        MemberTransferred: reactions.follow_grade,
        RoleGranted: reactions.grant,
        RoleRevoked: reactions.revoke,
        VolunteerJoinedGroup: groups.take_in,
        VolunteerLeftGroup: groups.take_out,
        GroupMeetingScheduled: groups.tell_volunteers,
        TaskGroupExtended: groups.tell_volunteers,
        TaskGroupDisbanded: groups.disband,
        ChampionAppointed: given.appoint_champion,
        ChampionTermEnded: given.end_championship,
        ShadowBoardMemberAppointed: given.seat,
        ShadowBoardMemberStoodDown: given.stand_down,
        ShadowBoardTermEnded: given.unseat,
        ParticipantsSelected: given.give_places,
        PlaceGivenUp: given.give_up_place,
        FocusGroupHeld: given.let_places_go,
        MemberProcessingRestricted: reactions.restrict,
        MemberLeft: reactions.let_go,
        MemberErasureRequested: erasing.erase,
        MemberErased: erasing.sweep,
    },
    in_sets={MemberJoined: reactions.welcome},
)
OPEN_DOORS = Subscription(
    "gse.members",
    {
        OpportunityOpened: open_doors.open_opportunity,
        ShadowBoardSeatOpened: open_doors.open_seat,
        ShadowBoardMemberAppointed: open_doors.take_seat,
        FeedbackRoundOpened: open_doors.open_question,
        TaskGroupEstablished: open_doors.open_group,
        TaskGroupExtended: open_doors.extend_group,
        TaskGroupDisbanded: open_doors.shut_group,
        GroupMeetingScheduled: open_doors.name_group,
        ChampionAppointed: open_doors.take_theme,
        ChampionTermEnded: open_doors.free_theme,
    },
    projection="open-doors",
    tables=("door", "group_name", "theme_term"),
)
MENTORING = Subscription(
    "gse.mentoring",
    {
        **told.plainly("mentoring", reactions.tell),
        MentoringSchemeOpened: reactions.announce_scheme,
        MentoringPairCreated: reactions.introduce,
        MentoringPairEnded: reactions.keep_apart,
    },
)
EVENTS = Subscription(
    "gse.events",
    {
        **told.plainly("events", reactions.tell),
        KeyDateScheduled: reactions.keep_key_date,
        EventSignedOff: reactions.call_off,
        EventPublished: hosted_events.invite,
        AttendeeRegistered: hosted_events.confirm,
        EventHosted: hosted_events.thank,
    },
)
CONTACTS = Subscription("gse.members.contacts", {}, in_sets={MemberContactChanged: reactions.keep_contacts})
CHANNELS = {"smtp": Channel.EMAIL, "notify": Channel.NOTIFY}  # by their names in the setting
NOTIFY_PER_SECOND = 50  # it takes 3,000 a minute of a service


def create(settings: Settings) -> FastAPI:
    mail = Mail(settings.smtp_host, settings.smtp_port, settings.mail_from)
    transports: dict[str, Transport] = {Channel.EMAIL: mail}
    asking = []
    if settings.has_notify and settings.notify_template is not None:
        notify = Notify(settings.notify_key.get_secret_value(), settings.notify_template, settings.notify_url)
        transports[Channel.NOTIFY] = notify
        asking = [Timer("unknown ends", unknowns.asking(notify.ask), seconds=30)]
    channels = Channels(
        {name: transports[name] for name in map(CHANNELS.__getitem__, settings.channels.split(","))},
        {Channel.EMAIL: settings.smtp_per_second, Channel.NOTIFY: NOTIFY_PER_SECOND},
    )
    return service.create(
        settings,
        name="notifications",
        package=__file__,
        routers=[
            api.router,
            choosing_api.router,
            sent_api.router,
            receipts.router,
            pages.router,
            door_pages.router,
            choosing_pages.router,
            sent_pages.router,
            template_api.router,
            template_pages.router,
            copies.routes("notifications", copy_store.HOLDINGS),
        ],
        subscriptions=[MEMBERS, OPEN_DOORS, CONTACTS, MENTORING, EVENTS],
        senders=[
            MailSender(
                channels,
                settings.replica,
                domain_name=settings.mail_from.rpartition("@")[2],
                front_door=settings.front_door,
                address_key=settings.address_key.get_secret_value(),
            )
        ],
        timers=[
            Timer("digests", digests.make),
            Timer("purge", purging.purging(settings.body_days, settings.notice_days), seconds=60),
            *asking,
        ],
        pages=create_pages("notifications", Path(__file__).parent / "templates"),
    )


if __name__ == "__main__":
    commands.main(Settings, create, name="notifications", package=__file__)
