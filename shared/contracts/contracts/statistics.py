"""What members says of its statistics: that there are new ones, and where. No figure is said."""

from uuid import UUID

from contracts.base import Code, DomainEvent, Link, Public, Visibility


class DiversityStatisticsPublished(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The figures on who the profession is are out for a period. Once for each."""

    release_id: Public[UUID]
    period: Public[Code]  # a quarter, such as 2026-Q3
    link: Public[Link]


class ParticipationReportPublished(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The figures on how many take part, came and went are out for a period. Once for each."""

    release_id: Public[UUID]
    period: Public[Code]
    link: Public[Link]
