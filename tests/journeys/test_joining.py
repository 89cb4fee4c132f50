"""A member joins, and four services know it: over HTTP, real Kafka, real PostgreSQL and a real SMTP conversation."""

import re
from typing import Any
from uuid import UUID, uuid4

from house import House
from people import Person, as_file, planted

from testkit.eventually import eventually
from testkit.records import Record, read_all


async def records_of(house: House, stream: str, member_id: UUID) -> list[Record]:
    return [its for its in await read_all(house.kafka, f"{house.prefix}{stream}") if its.key == str(member_id).encode()]


def told(records: list[Record]) -> list[tuple[str | None, str | None]]:
    return [((its.header("ce_type") or "").split(".")[-2], its.header("ce_sequence")) for its in records]


async def inbox(house: House, member_id: UUID) -> list[dict[str, Any]]:
    answer = await house.get(f"/api/notifications/v1/members/{member_id}/inbox", persona="team")
    return list(answer.raise_for_status().json()["notices"])


async def test_who_joins_is_known_everywhere_and_welcomed_once(house: House) -> None:
    [person] = planted(1)
    before = await house.members()
    member_id = await house.join(person, grade="SEO")
    await house.level()

    assert await house.members() == {service: members + 1 for service, members in before.items()}
    [notice] = await eventually(lambda: _sent(house, member_id), timeout=30)
    assert notice["title"] == "Welcome to the Government Science and Engineering profession"
    mails = [its for its in await house.mails() if its["to"] == person.email]
    assert [its["subject"] for its in mails] == ["Welcome to the Government Science and Engineering profession"]
    assert mails[0]["message_id"].startswith(f"<{notice['notice_id']}@")


async def _sent(house: House, member_id: UUID) -> list[dict[str, Any]]:
    return [its for its in await inbox(house, member_id) if its["state"] == "sent"]


async def test_the_streams_tell_what_each_reader_may_know(house: House) -> None:
    [person] = planted(1)
    member_id = await house.join(person, grade="SEO")
    await house.level()

    [internal] = await records_of(house, "gse.members", member_id)
    [public] = await records_of(house, "gse.members.public", member_id)
    [contact] = await records_of(house, "gse.members.contacts", member_id)
    assert internal.json()["grade"] == "SEO"
    assert public.json() == {"member_id": str(member_id), "organisation": "UKHSA", "grade_band": "HEO-SEO"}
    asked = contact.json().pop("verification_id")
    assert contact.json() | {"verification_id": None} == {
        "member_id": str(member_id),
        "name": person.name,
        "email": person.email,
        "verification_id": None,
    }
    assert UUID(asked).version == 4


async def test_notifications_says_that_the_welcome_went_out(house: House) -> None:
    [person] = planted(1)
    member_id = await house.join(person)

    async def said() -> list[dict[str, Any]]:
        records = await read_all(house.kafka, f"{house.prefix}gse.notifications")
        return [its.json() for its in records if its.json()["member_id"] == str(member_id)]

    [sent] = await eventually(said, timeout=30)
    [notice] = await inbox(house, member_id)
    assert (sent["notice_id"], sent["category"], sent["channel"]) == (notice["notice_id"], "membership", "email")


async def test_a_change_of_grade_and_of_organisation_is_followed(house: House) -> None:
    [person] = planted(1)
    member_id = await house.join(person, grade="HEO")
    member = f"/api/members/v1/members/{member_id}"
    grade = await house.post(f"{member}/grade-changes", {"grade": "SEO"}, persona="team")
    move = await house.post(f"{member}/transfers", {"organisation": "Met Office", "grade": "G7"}, persona="team")
    assert (grade.status_code, move.status_code) == (200, 200)
    await house.level()

    profile = (await house.get(f"/api/mentoring/v1/members/{member_id}/profile", persona="team")).json()
    assert (profile["organisation"], profile["grade"]) == ("MET-OFFICE", "G7")
    assert told(await records_of(house, "gse.members.public", member_id)) == [
        ("MemberJoined", "1"),
        ("MemberGradeChanged", "2"),
        ("MemberTransferred", "3"),
    ]


async def test_leaving_undoes_it_all_by_events(house: House) -> None:
    [person] = planted(1)
    member_id = await house.join(person)
    await house.level()
    before = await house.members()
    departures = f"/api/members/v1/members/{member_id}/departures"
    answer = await house.post(departures, persona="team")
    assert answer.status_code == 200
    await house.level()

    assert await house.members() == {service: members - 1 for service, members in before.items()}
    contacts = await records_of(house, "gse.members.contacts", member_id)
    assert [its.value is None for its in contacts] == [False, True]
    again = await house.post(departures, persona="team")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/has-left")


async def test_the_same_key_joins_once(house: House) -> None:
    [person] = planted(1)
    key = {"Idempotency-Key": str(uuid4())}
    first = await house.post("/api/members/v1/members", person.form(), **key)
    second = await house.post("/api/members/v1/members", person.form(), **key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


async def test_bad_input_is_told_at_its_field_without_repeating_it(house: House) -> None:
    nobody = Person("", "nobody at all")
    answer = await house.post("/api/members/v1/members", nobody.form(organisation="Atlantis", grade="G99"))

    assert answer.status_code == 422
    assert [its["field"] for its in answer.json()["errors"]] == ["name", "email", "organisation", "grade"]
    assert not any(value in answer.text for value in ("nobody at all", "Atlantis", "G99"))


async def test_an_import_reports_row_by_row_and_again_changes_nothing(house: House) -> None:
    rows = as_file(planted(3)).splitlines()
    rows[2] = rows[2].replace(b"HEO", b"G99").replace(b"2019-04-01", b"yesterday")
    rows.append(rows[1])
    before = await house.counts("members")
    first, second = [await house.send_import(b"\n".join(rows)) for _ in range(2)]

    assert (first.status_code, second.status_code) == (201, 201)
    assert [(its["line"], its["outcome"]) for its in first.json()["report"]] == [
        (2, "joined"),
        (3, "refused"),
        (4, "joined"),
        (5, "already-a-member"),
    ]
    assert [its["field"] for its in first.json()["report"][1]["errors"]] == ["grade", "joined_on"]
    assert [its["outcome"] for its in second.json()["report"]] == [
        "already-a-member",
        "refused",
        "already-a-member",
        "already-a-member",
    ]
    assert (await house.counts("members"))["members"] == before["members"] + 2
    await house.level()


async def test_nobody_reads_what_is_another_s(house: House) -> None:
    [person] = planted(1)
    member_id = await house.join(person)
    await house.level()
    for path in (
        f"/api/members/v1/members/{member_id}",
        f"/api/mentoring/v1/members/{member_id}/profile",
        f"/api/notifications/v1/members/{member_id}/inbox",
    ):
        assert (await house.get(path, persona="member")).status_code == 404
        assert (await house.get(path)).status_code == 401
    assert (await house.get("/api/members/v1/parked", persona="member")).status_code == 403
    assert (await house.get("/api/members/v1/parked", persona="operator")).status_code == 200


async def test_the_front_door_shows_no_service_from_inside(house: House) -> None:
    for path in ("/health/ready", "/health/status", "/metrics"):
        assert (await house.get(path)).status_code == 404


async def test_the_link_in_the_welcome_confirms_the_address_and_a_new_address_is_asked_anew(house: House) -> None:
    before, after = planted(2)
    member_id = await house.join(before)
    member = f"/api/members/v1/members/{member_id}"
    await house.level()

    first = await eventually(lambda: _link(house, before.email), timeout=30)
    pressed = await house.http.post(str(first))
    confirmed = (await house.get(member, persona="team")).json()["address_verified"]
    changed = await house.post(f"{member}/contact-changes", {"email": after.email}, persona="team")
    second = await eventually(lambda: _link(house, after.email), timeout=30)
    again = await house.http.post(str(second))

    assert (pressed.status_code, confirmed) == (303, True)
    assert changed.json()["address_verified"] is False
    assert again.status_code == 303
    assert (await house.get(member, persona="team")).json()["address_verified"] is True
    assert [its["subject"] for its in await house.mails() if its["to"] == after.email] == [
        "Confirm your email address for the profession"
    ]


async def _link(house: House, address: str) -> str | None:
    """The path of the link that was mailed there."""
    for mail in await house.mails():
        if mail["to"] == address and (found := re.search(r"/join/verify/\S+", await house.mail_words(mail))):
            return found[0]
    return None
