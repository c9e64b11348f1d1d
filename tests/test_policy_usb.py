"""The USB mode of a policy: each mode's answer to each verdict, and each mistake in the table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent import policy_file
from agent.cli import main
from agent.errors import ConfigError
from agent.policy import Mode, Policy, Rule
from agent.policy_usb import Listed, Override, Treat, UsbMode, UsbPolicy
from collectors.media.verdict import Judgement, Verdict, Volume, VolumeKind, Why
from collectors.usb import UsbStorageAttached
from collectors.usb_device import Disk, UsbDevice

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
STICK = UsbDevice(
    name="1-2",
    busnum=1,
    devnum=7,
    vendor=0x0951,
    product=0x1666,
    serial="60A44C41",
    model="Invented stick",
    label="",
    keyboard=False,
    disks=(
        Disk(name="sda", number="8:0", size=2**26, sector=512, sequence=17, parts=(), opened=False),
    ),
)
LUKS = Judgement(Verdict.ENCRYPTED, Why.LUKS2)
PLAIN = Judgement(Verdict.UNENCRYPTED, Why.PLAIN_FILE_SYSTEM)
NOISE = Judgement(Verdict.UNKNOWN, Why.UNRECOGNISED)
NOTHING = Judgement(Verdict.NO_MEDIUM, Why.NO_MEDIUM)
BESIDE = Judgement(Verdict.ENCRYPTED, Why.BESIDE_SYSTEM_PART)
OURS = Listed(vendor=0x0951, product=0x1666, treat=Treat.OWN)


def seen(judgement: Judgement, at: datetime = AT, **changes: object) -> UsbStorageAttached:
    return UsbStorageAttached(
        observed_at=at,
        subject="1-2",
        device=replace(STICK, **changes),  # type: ignore[arg-type]
        judgement=judgement,
        volumes=(Volume(offset=0, size=2**26, kind=VolumeKind.LUKS2),),
        boot="invented-boot",
    )


def done(usb: UsbPolicy, judgement: Judgement, at: datetime = AT, **changes: object) -> str:
    decided = usb.decide(seen(judgement, at, **changes))
    return decided[0] if decided else "report"


@pytest.mark.parametrize(
    ("mode", "encrypted", "plain", "noise"),
    [
        ("report", "report", "report", "report"),
        ("encrypted-only", "allow-usb", "block-usb", "block-usb"),
        ("no-personal-data", "allow-usb", "block-usb", "block-usb"),
        ("read-only", "allow-usb-read-only", "allow-usb-read-only", "allow-usb-read-only"),
        ("ask", "block-usb", "block-usb", "block-usb"),
        ("none", "block-usb", "block-usb", "block-usb"),
    ],
)
def test_each_mode_has_its_answer_to_each_verdict(
    mode: str, encrypted: str, plain: str, noise: str
) -> None:
    usb = UsbPolicy(mode=UsbMode(mode))
    assert [done(usb, judged) for judged in (LUKS, PLAIN, NOISE)] == [encrypted, plain, noise]
    assert done(usb, NOTHING) == "report"


def test_what_cannot_be_told_counts_as_encrypted_only_if_the_policy_says_so() -> None:
    usb = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY, unknown_counts_as_encrypted=True)
    assert (done(usb, NOISE), done(usb, PLAIN)) == ("allow-usb", "block-usb")


def test_a_system_part_beside_an_encrypted_one_counts_as_the_policy_says() -> None:
    usb = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY)
    assert done(usb, BESIDE) == "allow-usb"
    assert done(replace(usb, boot_parts_count_as_plain=True), BESIDE) == "block-usb"


def test_a_stick_that_encrypts_by_itself_is_known_by_the_list() -> None:
    listed = replace(OURS, treat=Treat.ENCRYPTED, serial="60A44C41")
    usb = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY, devices=(listed,))
    assert done(usb, PLAIN) == "allow-usb"
    assert done(usb, PLAIN, serial="another") == "block-usb"
    assert done(usb, PLAIN, vendor=0x0952) == "block-usb"
    assert done(replace(usb, mode=UsbMode.NONE), PLAIN) == "block-usb"


def test_only_the_organisations_own_sticks() -> None:
    usb = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY, own_only=True, devices=(OURS,))
    assert (done(usb, LUKS), done(usb, PLAIN)) == ("allow-usb", "block-usb")
    assert usb.decide(seen(LUKS, product=0x1667)) == ("block-usb", "usb-own-only")


@pytest.mark.parametrize("mode", ["encrypted-only", "no-personal-data", "read-only", "ask", "none"])
def test_a_permission_ends_by_itself_after_its_last_day(mode: str) -> None:
    listed = replace(OURS, treat=Treat.PERMITTED, until=date(2026, 11, 26))
    usb = UsbPolicy(mode=UsbMode(mode), own_only=True, devices=(listed,))
    assert usb.decide(seen(PLAIN)) == ("allow-usb", "usb-permitted")
    tomorrow = datetime(2026, 11, 27, 0, 1, tzinfo=UTC)
    assert done(usb, PLAIN, at=tomorrow) == "block-usb"
    assert (usb.permitted_on(AT.date()), usb.permitted_on(tomorrow.date())) == (
        frozenset({listed}),
        frozenset(),
    )


def test_a_rule_of_the_policy_goes_before_the_mode() -> None:
    rule = Rule(
        name="noise-is-fine",
        kind="usb-storage-attached",
        action="allow-usb",
        when={"verdict": "unknown"},
    )
    usb = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY)
    policy = Policy(version=1, mode=Mode.ENFORCE, rules=(rule,), usb=usb)
    assert policy.decide(seen(NOISE)).rule == "noise-is-fine"
    decision = policy.decide(seen(PLAIN))
    assert (decision.action, decision.rule, decision.enforced) == (
        "block-usb",
        "usb-encrypted-only",
        True,
    )


def test_a_policy_that_only_reports_withholds_nothing() -> None:
    usb = UsbPolicy(mode=UsbMode.NONE)
    policy = Policy(version=1, mode=Mode.REPORT, usb=usb)
    assert not policy.withholds_usb()
    assert not policy.decide(seen(PLAIN)).enforced
    assert Policy(version=1, mode=Mode.ENFORCE, usb=usb).withholds_usb()
    assert not Policy(version=1, mode=Mode.ENFORCE).withholds_usb()


# --- overrides ------------------------------------------------------------------------------------

GIVEN = Override(
    vendor=0x0951, product=0x1666, serial="60A44C41", busnum=1, devnum=7, at=AT - timedelta(hours=1)
)
OVERRIDABLE = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY, override_for=timedelta(minutes=90))
READ_ONLY = ("allow-usb-read-only", "usb-override")


def test_an_overridden_stick_can_be_read_and_written_to_only_if_the_policy_says_so() -> None:
    assert OVERRIDABLE.decide(seen(PLAIN)) == ("block-usb", "usb-encrypted-only")
    assert OVERRIDABLE.decide(seen(PLAIN), [GIVEN]) == READ_ONLY
    both = replace(OVERRIDABLE, override_writes=True)
    assert both.decide(seen(NOISE), [GIVEN]) == ("allow-usb", "usb-override")


@pytest.mark.parametrize(("minutes", "holds"), [(-1, False), (0, True), (89, True), (90, False)])
def test_an_override_ends_by_itself_when_the_policy_says(minutes: int, holds: bool) -> None:
    at = GIVEN.at + timedelta(minutes=minutes)
    decided = OVERRIDABLE.decide(seen(PLAIN, at), [GIVEN])
    assert (decided == READ_ONLY) is holds
    assert OVERRIDABLE.in_force([GIVEN], at) == (frozenset({GIVEN}) if holds else frozenset())


def test_an_override_takes_nothing_away_from_what_may_be_used_anyway() -> None:
    assert OVERRIDABLE.decide(seen(LUKS), [GIVEN]) == ("allow-usb", "usb-encrypted-only")
    everything = replace(OVERRIDABLE, mode=UsbMode.REPORT)
    assert everything.decide(seen(PLAIN), [GIVEN]) is None


@pytest.mark.parametrize(
    "usb",
    [
        replace(OVERRIDABLE, mode=UsbMode.NONE),
        replace(OVERRIDABLE, own_only=True),
        replace(OVERRIDABLE, override_for=timedelta(0)),
    ],
    ids=["mode none", "somebody else's stick", "no override allowed"],
)
def test_where_an_override_never_holds(usb: UsbPolicy) -> None:
    decided = usb.decide(seen(PLAIN), [GIVEN])
    assert decided is not None
    assert decided[0] == "block-usb"


def test_the_organisations_own_stick_can_be_overridden_where_only_those_are_let_in() -> None:
    usb = replace(OVERRIDABLE, own_only=True, devices=(OURS,))
    assert usb.decide(seen(PLAIN), [GIVEN]) == READ_ONLY


def test_what_also_is_a_keyboard_is_never_overridden() -> None:
    decided = OVERRIDABLE.decide(seen(PLAIN, keyboard=True), [GIVEN])
    assert decided == ("block-usb", "usb-encrypted-only")


@pytest.mark.parametrize("other", [{"serial": "B"}, {"vendor": 1}, {"product": 1}])
def test_an_override_is_of_one_stick(other: dict[str, object]) -> None:
    assert done(OVERRIDABLE, PLAIN) == "block-usb"
    decided = OVERRIDABLE.decide(seen(PLAIN, **other), [GIVEN])
    assert decided == ("block-usb", "usb-encrypted-only")


def test_a_stick_with_a_serial_number_keeps_its_override_in_another_port() -> None:
    assert OVERRIDABLE.decide(seen(PLAIN, busnum=2, devnum=9), [GIVEN]) == READ_ONLY


def test_a_stick_without_a_serial_number_has_it_for_this_plug_only() -> None:
    nameless = replace(GIVEN, serial="")
    assert OVERRIDABLE.decide(seen(PLAIN, serial=""), [nameless]) == READ_ONLY
    for other in ({"devnum": 8}, {"busnum": 2}, {"serial": "60A44C41"}):
        decided = OVERRIDABLE.decide(seen(PLAIN, **{"serial": "", **other}), [nameless])
        assert decided == ("block-usb", "usb-encrypted-only"), other


def test_a_rule_of_the_policy_is_not_overridden() -> None:
    rule = Rule(name="no-noise", kind="usb-storage-attached", action="block-usb")
    policy = Policy(version=1, mode=Mode.ENFORCE, rules=(rule,), usb=OVERRIDABLE)
    assert policy.decide(seen(PLAIN), [GIVEN]).rule == "no-noise"
    assert replace(policy, rules=()).decide(seen(PLAIN), [GIVEN]).rule == "usb-override"


@pytest.mark.parametrize("minutes", [0, 45])
def test_whoever_checks_a_policy_sees_what_a_reason_gives_and_who_has_to_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], minutes: int
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f'{HEAD}mode = "encrypted-only"\noverride_minutes = {minutes}\n', "utf-8")
    assert main(["policy", "check", str(path)]) == 0
    said = capsys.readouterr().out
    line = "usb-override: who says why -> allow-usb-read-only for 45 minutes"
    assert (line in said) is bool(minutes)
    assert ("an override needs a proven recipient" in said) is bool(minutes)


# --- the table in the file ------------------------------------------------------------------------

HEAD = 'name = "school"\nversion = 1\n\n[usb]\n'
PERMITTED = """\
mode = "ask"
while_locked = "withheld"
override_minutes = 60
override = "read-write"
instead = "Use the network."

[[usb.devices]]
vendor = "0951"
product = "1666"
serial = "60A44C41"
treat = "permitted"
name = "A. Jansen"
purpose = "school trip"
until = 2027-07-31
"""


def read(tmp_path: Path, table: str) -> UsbPolicy:
    path = tmp_path / "policy.toml"
    path.write_text(HEAD + table, "utf-8")
    return policy_file.read(path).usb


def test_the_whole_table_is_read(tmp_path: Path) -> None:
    usb = read(tmp_path, PERMITTED)
    assert (usb.mode, usb.withhold_while_locked, usb.instead) == (
        UsbMode.ASK,
        True,
        "Use the network.",
    )
    assert (usb.override_for, usb.override_writes) == (timedelta(hours=1), True)
    (listed,) = usb.devices
    assert (listed.vendor, listed.product, listed.treat) == (0x0951, 0x1666, Treat.PERMITTED)
    assert (listed.until, listed.purpose) == (date(2027, 7, 31), "school trip")


def test_without_a_table_everything_is_only_reported(tmp_path: Path) -> None:
    assert read(tmp_path, "") == UsbPolicy()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('mode = "ask"', 'mode = "encripted-only"', "did you mean 'encrypted-only'?"),
        ('mode = "ask"', 'unknown = "yes"', "one of plain, encrypted"),
        ('mode = "ask"', "own_only = 1", "'own_only' in [usb] should be true or false"),
        ('"withheld"', '"witheld"', "did you mean 'withheld'?"),
        ("= 60", "= -1", "'override_minutes' as a whole number from 0 to 480"),
        ("= 60", "= 481", "'override_minutes' as a whole number from 0 to 480"),
        ("= 60", "= true", "'override_minutes' in [usb] should be a whole number"),
        ('"read-write"', '"read"', "did you mean 'read-only'?"),
        ('"Use the network."', f'"{"x" * 301}"', "at most 300 characters"),
        ('"Use the network."', '"turned \\u202e round"', "at most 300 characters"),
        ('vendor = "0951"', 'vendor = "951"', "four hexadecimal digits"),
        ('vendor = "0951"', "vendor = 951", "'vendor' in [usb.devices] should be"),
        ('product = "1666"', 'product = "０951"', "four hexadecimal digits"),
        ('serial = "', 'sereal = "', "did you mean 'serial'?"),
        ('"permitted"', '"allowed"', "one of encrypted, own, permitted"),
        ("until = 2027-07-31\n", "", "a permitted device needs 'until', a date without quotes"),
        ("until = 2027-07-31", "until = 2027-07-31T12:00:00", "needs 'until'"),
        ("until = 2027-07-31", 'until = "2027-07-31"', "'until' in [usb.devices] should be"),
        ('name = "A. Jansen"\n', "", "a permitted device needs 'name'"),
        ('purpose = "school trip"', 'purpose = ""', "a permitted device needs 'purpose'"),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in PERMITTED
    with pytest.raises(ConfigError) as error:
        read(tmp_path, PERMITTED.replace(old, new))
    assert says in str(error.value)
    assert "line " in str(error.value)
