"""Equality monitoring from a member's answers to the published figures: nobody's answer leaves members."""

from datetime import UTC, datetime
from uuid import UUID

from house import House
from people import planted

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"
ANSWERS = {"religion": "buddhist", "orientation": "bisexual", "age": "from-65"}


def last_quarter() -> str:
    now = datetime.now(UTC)
    return f"{now.year - 1}-Q4" if now.month < 4 else f"{now.year}-Q{(now.month - 1) // 3}"


async def test_members_answer_the_team_publishes_and_no_answer_is_on_any_stream_nor_in_any_figure(house: House) -> None:
    people = [UUID(str(await house.join(person))) for person in planted(2)]
    for member_id in people:
        address = f"{MEMBERS}/members/{member_id}/monitoring-answers"
        (await house.http.put(address, json={"answers": ANSWERS}, headers=house.member(member_id))).raise_for_status()
    quarter = last_quarter()

    released = await house.post(f"{MEMBERS}/statistics-releases", {"period": quarter}, persona="team")

    assert released.status_code == 201, released.text
    assert released.json()["diversity"] == {}
    release_id = released.json()["release_id"]

    async def heard() -> dict[str, dict[str, str]]:
        records = await read_all(house.kafka, f"{house.prefix}gse.members.public")
        ours = [its for its in records if its.key == release_id.encode()]
        return {(its.header("ce_type") or "").split(".")[-2]: its.json() for its in ours}

    said = await eventually(heard, timeout=30)
    assert said.keys() == {"DiversityStatisticsPublished", "ParticipationReportPublished"}
    assert said["DiversityStatisticsPublished"] == {
        "release_id": release_id,
        "period": quarter,
        "link": f"{house.platform.front_door}/members/figures/{quarter}",
    }
    for stream in ("gse.members", "gse.members.public", "gse.members.contacts"):
        for record in await read_all(house.kafka, house.prefix + stream):
            assert not any(word in (record.value or b"") for word in (b"buddhist", b"bisexual", b"from-65"))
    page = (await house.http.get("/members/figures", headers={"Accept": "text/html"})).raise_for_status().text
    assert "Too few have answered to show: Sex, Ethnic group, Disability" in " ".join(page.split())
    gone = await house.http.delete(f"{MEMBERS}/members/{people[0]}/monitoring-answers", headers=house.member(people[0]))
    assert gone.status_code == 204
