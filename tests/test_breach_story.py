"""One breach from the report at a laptop to the closed last phase, worked by one person.

It is the story of docs/tutorial.md: a Danish kindergarten by its own plan of action, with what
goes wrong on the way. The notice is late, a classification is corrected, a phase comes too early.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server_stub import wording
from tests.collector_on_loopback import pupil_file
from tests.console_officer import Officer
from tests.console_visit import Console, console
from tests.signing import Office, encoded

DANISH = wording.load()["da"]
PRESET = Path(__file__).parent.parent / "installer" / "presets" / "rosenhoej.toml"
ZONE = ZoneInfo("Europe/Amsterdam")
"""That of the console in these tests; Copenhagen's clocks show the same."""
HOUR = timedelta(hours=1)
BLOCKED = "Stikket er spærret i listen."
CAUSE = "Listen blev kopieret til et privat stik."
NOTICED = datetime.now(UTC).replace(second=0, microsecond=0) - 100 * HOUR


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("story") / "state") as made:
        office = Office()
        later = datetime.now(UTC) + timedelta(days=60)
        for given in (office.keyring(), office.policy(1, PRESET.read_text("utf-8"), until=later)):
            file = made.running.state / "document.json"
            file.write_bytes(encoded(given))
            made.running.command("policy", "publish", str(file))
        yield made


class Story(Officer):
    """The officer's way through one entry, in Danish."""

    def __init__(self, at: Console) -> None:
        super().__init__(at, "da")
        self.from_report()

    def from_report(self) -> None:
        """A report at a laptop becomes an entry in one step."""
        report = pupil_file(
            kind="leak-reported",
            facts={"what": "lost-stick", "ongoing": False},
            observed_at=NOTICED,
            recorded_at=NOTICED + 26 * HOUR,
            decision=None,
            outcome=None,
        )
        self.at.laptop.receipt(report)
        self.open_event(self.at.laptop.seq)

    def do(self, part: str, **form: str) -> None:
        made = self.post(part, **form)
        assert made.status_code == 303, (part, unescape(made.text)[:20000])

    def refused(self, part: str, says: str, **form: str) -> None:
        made = self.post(part, **form)
        assert made.status_code == 422
        assert DANISH.text(says) in unescape(made.text)

    def page(self, part: str = "") -> str:
        return unescape(super().page(part))

    def done(self, step: str) -> None:
        self.do("/plan/step", step=step, state="done", reason="")


def local(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%dT%H:%M}"


def test_a_breach_is_worked_from_the_report_to_the_last_phase(at: Console) -> None:
    story = Story(at)
    begin(story)
    classify(story)
    tell(story)
    contain(story)
    normalise(story)
    hand_over(story)


def begin(story: Story) -> None:
    """What the person reported is there already, with its times."""
    page = story.page("/dossier")
    assert DANISH.word("lost-stick") in page
    assert DANISH.text("dossier.by-laptop") in page
    story.do("/aware", aware_at=local(NOTICED + 27 * HOUR))
    assert "Datatilsynet" in story.page()
    assert DANISH.text("duty.board") in story.page()
    story.fill(
        "triage",
        personal_data="yes",
        security_failed="yes",
        whose_data="own",
        is_breach="breach",
        is_breach_reason="Stikket er væk, og det var ikke krypteret.",
    )


def classify(story: Story) -> None:
    """A first classification, then the right one: both stay in the history."""
    story.fill(
        "nature",
        "types.availability",
        "happened.loss",
        title="Mistet USB-stik med børneliste",
        incident="lost-stick",
        summary="Et USB-stik med en børneliste blev tabt i bussen.",
        assets="Et USB-stik uden kryptering",
    )
    story.fill("data", "categories.name", "categories.address")
    story.fill("data", "categories.name", "categories.address", "categories.health")
    story.fill("people", "groups.pupils", persons_min="20", persons_max="24", minors="yes")
    story.refused("/dossier/severity", "wrong.why", severity="6")
    story.fill(
        "severity",
        severity="6",
        severity_reason="Helbredsoplysninger om 24 børn, ingen vides at have set dem.",
        data_class="sensitive-data",
        ease="maximum",
        confidentiality_lost="exposed",
        integrity_lost="none-lost",
        availability_lost="none-lost",
        malicious="no",
    )
    assert "4.00" in story.page("/dossier")
    history = story.page("/history")
    assert history.count(DANISH.text("question.categories")) == 2


def tell(story: Story) -> None:
    """The notice is late: without a reason it is not noted, with one it is."""
    story.refused("/plan/close", "wrong.still-open", phase="identify")
    story.fill("measures", measures_taken=BLOCKED, intended_actions="Nye stik.")
    now = local(datetime.now(UTC))
    late = {"how": "done", "at": now}
    story.refused("/told", "duty.wrong.why-late", duty="authority", **late)
    for duty in ("authority", "board", "measure"):
        story.do("/told", duty=duty, **late, reason="Sagen blev først meldt efter weekenden.")
    story.fill("telling", first_report="preliminary", authority_reference="2026-44-1234")
    story.done("manager-told")
    story.do("/plan/close", phase="identify")


def contain(story: Story) -> None:
    story.fill(
        "consequences", "consequences.loss-of-control", consequences_text="Uro hos familier."
    )
    story.refused("/told", "duty.wrong.why-not-needed", duty="subjects", how="not-needed", at="")
    story.do("/told", duty="subjects", how="done", at=local(datetime.now(UTC)))
    story.fill("afterwards", cause=CAUSE, prevention="Ingen stik")
    story.fill(
        "measures",
        measures_taken=BLOCKED,
        intended_actions="Nye stik.",
        permanent_fix="Kun krypterede stik kan bruges.",
    )
    story.do("/plan/close", phase="contain")


def normalise(story: Story) -> None:
    story.fill(
        "afterwards",
        cause=CAUSE,
        prevention="Ingen stik",
        effect_checked_at=local(datetime.now(UTC)),
        effect_result="Et prøvestik blev afvist på tre bærbare.",
        policy_change="politik 2: kun krypterede stik",
    )
    for step in ("repaired", "back-to-normal", "supplement"):
        story.done(step)
    story.do("/plan/close", phase="normalise")
    assert DANISH.text("plan.closed") in story.page()
    assert DANISH.text("entry.history.whole") in story.page("/history")
    assert DANISH.text("entry.orders") not in story.page(), "a card with nothing in it"


def hand_over(story: Story) -> None:
    """What leaves: the form for Datatilsynet, complete, and the entry in the whole register."""
    at, session = story.at, story.session
    reply = at.get(session, f"{story.entry}/papers/datatilsynet-dk?format=json&in=da")
    form = json.loads(reply.content)
    assert form["missing"] == ["role"], "the one thing that nobody has written"
    said = {line["item"]: line["answer"] for part in form["parts"] for line in part["answers"]}
    assert said["@late-authority"] == "Sagen blev først meldt efter weekenden."
    assert said["@organisation"] == "rosenhoej"
    assert "helbred" in said["categories"].lower()
    assert at.get(session, f"{story.entry}/papers/letter?format=pdf&in=da").content[:5] == b"%PDF-"
    register = at.get(session, "/register/export?format=csv").content.decode("utf-8-sig")
    assert "Mistet USB-stik med børneliste" in register
