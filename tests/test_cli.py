"""The command line: its words, its exit codes, and errors that say what to do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent import cli
from agent.cli import COMMANDS

PROMISED = """run demo scan protect usb_list usb_encrypt usb_override session_list posture status
report doctor leak_report hand-over open letter_list letter_answer ask
lock enrol retire policy_check policy_key policy_keyring policy_sign
policy_papers policy_try policy_show policy_explain sealed_list sealed_restore
sealed_ask sealed_evidence sealed_proof
breaker order_key order_new order_release order_sign order_apply unlock
dispute_report dispute_list dispute_export dispute_test mine tray"""


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "agent", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_promised_commands_are_there() -> None:
    words = {command.words.replace(" ", "_") for command in COMMANDS}
    assert words == set(PROMISED.split())


def test_every_command_has_its_module_and_explains_itself(capsys) -> None:
    cli.build_parser()
    for command in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            cli.main([*command.words.split(), "--help"])
        assert caught.value.code == 0
        assert command.help.split(",")[0] in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["nonsense"], ["policy"], ["enrol"], ["run", "--speed"]])
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert "usage: dossierwacht" in done.stderr


def test_a_policy_with_a_mistake_is_exit_code_2_with_line_key_and_suggestion(
    tmp_path: Path,
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('name = "x"\nversion = 1\nmoed = "report"\n')
    done = run("policy", "check", str(path))
    assert done.returncode == 2
    assert f"{path}: line 3: unknown key 'moed', did you mean 'mode'?" in done.stderr


def test_a_good_policy_is_exit_code_0_and_what_is_odd_is_remarked(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    rule = '[[rules]]\nname = "a"\nkind = "pupil-file-found"\naction = "seal-file"\n'
    path.write_text(f'name = "x"\nversion = 1\n{rule}')
    done = run("policy", "check", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "sealing needs two proven recipients and this names 0" in done.stdout


def test_policy_explain_cites_the_source(tmp_path: Path) -> None:
    rule = '[[rules]]\nname = "a"\nkind = "pupil-file-found"\naction = "seal-file"\n'
    when = 'when = { place = "desktop" }\nsource = "S1 rule 22"\n'
    (tmp_path / "policy.toml").write_text(f'name = "x"\nversion = 1\n{rule}{when}')
    done = run("policy", "explain", "pupil-file-found", "--config", str(tmp_path))
    assert done.stdout.splitlines() == [
        "a: place is desktop -> seal-file (source: S1 rule 22)",
        "default: otherwise -> report",
    ]
    done = run("policy", "show", "--json", "--config", str(tmp_path))
    assert json.loads(done.stdout)["rules"][0]["when"] == {"place": "desktop"}


def test_without_an_agent_status_says_so_and_report_tells_what_the_files_tell(
    tmp_path: Path,
) -> None:
    places = ["--state", str(tmp_path / "state"), "--config", str(tmp_path)]
    done = run("status", *places)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is it running?" in done.stderr
    done = run("report", "--json", *places)
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "stopped"


def test_the_doctor_names_each_thing_that_is_not_fine(tmp_path: Path) -> None:
    done = run("doctor", "--state", str(tmp_path / "state"), "--config", str(tmp_path))
    assert done.returncode == 1
    assert "LOOK agent: no agent answers" in done.stdout
    assert "LOOK staff notice: none on record: nothing is enforced" in done.stdout
    assert "ok   disk" in done.stdout
    assert "ok   OCR: installed" in done.stdout or "ok   OCR: not installed" in done.stdout


def test_a_broken_setting_stops_the_start_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("journal_megabits = 5\n")
    done = run("run", "--config", str(tmp_path), "--state", str(tmp_path / "state"))
    assert done.returncode == 2
    assert "did you mean 'journal_megabytes'?" in done.stderr


def test_a_broken_notice_stops_the_start_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "notice.toml").write_text('policy_version = 1\nlanguage = "nl"\n')
    done = run("run", "--config", str(tmp_path), "--state", str(tmp_path / "state"))
    assert done.returncode == 2
    assert "given_on" in done.stderr
