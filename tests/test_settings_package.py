"""The package beside the agent's: read back by dpkg-deb, and its content enrols a real laptop."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import cli, config, enrol_file
from server_stub import deb_file, settings_package
from server_stub.deb_file import Part
from server_stub.settings_package import AGENT, NAME, Told
from tests.collector_on_loopback import Running, collector, run

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOLD = Told(server="https://collector.school.example:8443", token="dw1-invented")
ROOT_KEY = "BaIVO4w7w45JSK6VsqOc2NpcVs2JPTGKd3NS0inPOqQ="


def dpkg(*words: str | Path) -> str:
    done = subprocess.run(
        ["dpkg-deb", *words], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def an_agent(folder: Path, name: str = AGENT) -> Path:
    """A package that calls itself the agent's, made by dpkg-deb."""
    root = folder / name
    (root / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: 0.1.0\nArchitecture: amd64\nMaintainer: A <a@b.example>\n"
    (root / "DEBIAN" / "control").write_text(f"{control}Description: invented\n")
    made = folder / f"{name}_0.1.0_amd64.deb"
    dpkg("-b", root, made)
    return made


def test_dpkg_reads_the_package_and_only_root_its_token(tmp_path: Path) -> None:
    made = tmp_path / settings_package.file_name(NOON)
    made.write_bytes(settings_package.build(replace(TOLD, policy_root=ROOT_KEY), NOON))
    assert made.name == "dossierwacht-agent-settings_20261123.120000_all.deb"
    assert dpkg("-f", made, "Package", "Architecture", "Depends").splitlines() == [
        f"Package: {NAME}",
        "Architecture: all",
        f"Depends: {AGENT}",
    ]
    lines = {line.split()[-1]: line.split()[:2] for line in dpkg("-c", made).splitlines()}
    assert lines["./etc/dossierwacht/enrol.toml"] == ["-rw-------", "root/root"]
    assert lines["./etc/dossierwacht/agent.toml"] == ["-rw-r--r--", "root/root"]
    assert lines["./etc/"] == ["drwxr-xr-x", "root/root"]
    assert dpkg("-I", made, "conffiles") == "/etc/dossierwacht/agent.toml\n"
    dpkg("-x", made, tmp_path / "x")
    wish = enrol_file.read(tmp_path / "x/etc/dossierwacht/enrol.toml")
    assert (wish.server, wish.token) == (TOLD.server, TOLD.token)
    found = config._agent_file(tmp_path / "x/etc/dossierwacht/agent.toml")
    assert found == {"policy_root": ROOT_KEY}


def test_the_same_content_gives_the_same_bytes_and_a_later_one_a_higher_version() -> None:
    assert settings_package.build(TOLD, NOON) == settings_package.build(TOLD, NOON)
    later = settings_package.version(NOON.replace(hour=13))
    words = ["dpkg", "--compare-versions", later, "gt", settings_package.version(NOON)]
    assert subprocess.run(words, timeout=60, check=False).returncode == 0


def test_a_text_with_quotes_stays_one_text(tmp_path: Path) -> None:
    made = tmp_path / "one.deb"
    odd = replace(TOLD, token='a"b\\c\nserver = "x"')
    made.write_bytes(settings_package.build(odd, NOON))
    dpkg("-x", made, tmp_path / "x")
    assert enrol_file.read(tmp_path / "x/etc/dossierwacht/enrol.toml").token == odd.token


def test_what_a_package_says_of_itself_is_read_from_dpkgs_and_from_our_own(tmp_path: Path) -> None:
    agent = an_agent(tmp_path)
    assert deb_file.fields(agent)["Package"] == AGENT
    (tmp_path / "own.deb").write_bytes(
        deb_file.make("Package: own\nVersion: 1\n", {}, [Part(path="etc/x", content=b"x")], NOON)
    )
    assert deb_file.fields(tmp_path / "own.deb") == {"Package": "own", "Version": "1"}
    whole = agent.read_bytes()
    for content in (b"", b"!<arch>\n", whole[:90], whole.replace(b"control.tar", b"contrul.tar")):
        (tmp_path / "bad.deb").write_bytes(content)
        with pytest.raises(deb_file.ConfigError, match="no Debian package"):
            deb_file.fields(tmp_path / "bad.deb")


def enrolled(running: Running, package: Path, folder: Path) -> int:
    """Unpack a package as dpkg does, and enrol by the file in it; the exit code."""
    dpkg("-x", package, folder)
    settings, state = folder / "etc/dossierwacht", folder / "state"
    words = ["enrol", "--config", str(settings), "--state", str(state), "--file"]
    return cli.main(words)


def test_a_laptop_enrols_by_what_the_command_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent, out = an_agent(tmp_path), tmp_path / "out"
    with collector(tmp_path / "state") as running:
        words = ("make-package", "--agent", str(agent), "--out", str(out), "--group", "care")
        made = json.loads(running.command(*words, "--uses", "2", "--json"))
        package = out / made["packages"][1]
        assert package.stat().st_mode & 0o777 == 0o600
        assert (out / agent.name).read_bytes() == agent.read_bytes()
        for number in (1, 2):
            assert enrolled(running, package, tmp_path / str(number)) == 0
            assert not (tmp_path / str(number) / "etc/dossierwacht/enrol.toml").exists()
        assert enrolled(running, package, tmp_path / "3") != 0, "two laptops, and no third"
        rows = running.rows('SELECT "group" FROM devices')
        assert [row[0] for row in rows] == ["care", "care"]
        said = running.command(*words, "--token", running.token())
        assert f"apt install ./{agent.name} ./{NAME}_" in said
    capsys.readouterr()


def test_what_cannot_be_made_is_told_before_a_token_is(tmp_path: Path) -> None:
    agent, out = str(an_agent(tmp_path)), str(tmp_path / "out")
    other = str(an_agent(tmp_path, "something-else"))
    (tmp_path / "file").touch()
    state = tmp_path / "state"
    with collector(state) as running, collector(tmp_path / "other") as another:
        foreign = another.token()
        for words, told in (
            (("--agent", other, "--out", out), "is not the package"),
            (("--agent", str(tmp_path / "none.deb"), "--out", out), "No such file"),
            (("--agent", agent, "--out", str(tmp_path / "file")), "cannot write into"),
            (("--agent", agent, "--out", out, "--token", "x"), "no enrolment token"),
            (("--agent", agent, "--out", out, "--token", foreign), "another collector"),
            (("--agent", agent, "--out", out, "--uses", "0"), "--uses between"),
        ):
            done = run(state, "make-package", *words)
            assert (done.returncode, told in done.stderr) == (2, True), done.stderr
        assert running.rows("SELECT id FROM enrolment_tokens") == []
