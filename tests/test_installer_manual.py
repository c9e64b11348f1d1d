"""Manual pages and shell completion, as they are made for the packages."""

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collector_on_loopback import ROOT
from tests.test_docs import COMMANDS, server_commands

PROGS = {"agent": "dossierwacht", "collector": "dossierwacht-collector"}


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the folder ``share`` of each package holds."""
    folder = tmp_path_factory.mktemp("share")
    for which in PROGS:
        make(which, folder)
    return folder


def make(which: str, folder: Path, columns: str = "") -> None:
    subprocess.run(
        [sys.executable, ROOT / "installer/manual.py", which, "1.2.3", folder],
        env={
            "SOURCE_DATE_EPOCH": "1764000000",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": columns,
        },
        timeout=120,
        check=True,
    )


@pytest.mark.parametrize(("which", "prog"), PROGS.items())
def test_the_manual_names_every_command(share: Path, which: str, prog: str) -> None:
    manual = share / f"man/man1/{prog}.1.gz"
    page = gzip.decompress(manual.read_bytes()).decode()
    assert f'"{prog} 1.2.3"'.replace("-", "\\-") in page
    for command in COMMANDS if which == "agent" else server_commands():
        assert command.replace("-", "\\-") in page
    if shutil.which("man"):
        words = ["man", "-l", str(manual)]
        shown = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
        assert "DESCRIPTION" in shown.stdout


@pytest.mark.parametrize("which", PROGS)
def test_a_package_made_elsewhere_has_the_same(share: Path, tmp_path: Path, which: str) -> None:
    make(which, tmp_path, columns="40")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        assert path.read_bytes() == (share / path.relative_to(tmp_path)).read_bytes()


def offered(share: Path, prog: str, line: str) -> set[str]:
    """What bash offers for the last word of a line."""
    function = f"_shtab_{prog.replace('-', '_')}"
    script = (
        f"source {share / 'bash-completion/completions' / prog};"
        "IFS=' ' read -ra COMP_WORDS <<<\"$1|\";"
        'COMP_WORDS=("${COMP_WORDS[@]%|}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1));'
        f'{function} {prog} "${{COMP_WORDS[COMP_CWORD]}}"; echo "${{COMPREPLY[@]}}"'
    )
    words = ["bash", "-c", script, "bash", line]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "among"),
    [
        ("dossierwacht ", {"status", "doctor", "leak"}),
        ("dossierwacht sealed ", {"list", "restore"}),
        ("dossierwacht enrol --se", {"--server"}),
        ("dossierwacht-collector ", {"serve", "backup", "make-package"}),
        ("dossierwacht-collector keys ", {"new", "enter", "show"}),
        ("dossierwacht-collector keys e", {"enter"}),
        ("dossierwacht-collector user add --r", {"--role"}),
        ("dossierwacht-collector keys enter ", {"officer", "reserve"}),
    ],
)
def test_bash_offers_what_may_come_next(share: Path, line: str, among: set[str]) -> None:
    found = offered(share, line.split()[0], line)
    assert among <= found
    assert not found & {"status", "serve"} or line.count(" ") == 1


@pytest.mark.parametrize("prog", PROGS.values())
def test_zsh_knows_the_commands_too(share: Path, prog: str) -> None:
    text = (share / f"zsh/vendor-completions/_{prog}").read_text("utf-8")
    assert text.startswith(f"#compdef {prog}\n")
