"""The parts that open details in a browser: what was vendored, and the file for offline use."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from agent.cli import main as agent
from server_stub import wording
from server_stub.console import opener
from server_stub.terminal import cli
from tests.test_docs import OBSERVATIONS, keys_told_by

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "server_stub" / "console" / "static" / "opener"
LANGUAGES = ("nl", "da", "en")


def test_the_library_is_the_one_that_was_noted() -> None:
    noted = re.search(r"SHA-256 of age\.js: `([0-9a-f]{64})`", (FOLDER / "NOTICE.md").read_text())
    assert noted
    assert hashlib.sha256((FOLDER / "age.js").read_bytes()).hexdigest() == noted[1]


def test_every_part_of_the_library_is_noted_with_its_version_and_licence() -> None:
    notice, licences = ((FOLDER / name).read_text() for name in ("NOTICE.md", "age.LICENSE.txt"))
    library = (FOLDER / "age.js").read_text("utf-8")
    inside = set(re.findall(r"^// node_modules/((?:@[\w-]+/)?[\w-]+)/", library, re.MULTILINE))
    assert "age-encryption" in inside
    for name in inside:
        version = re.search(rf"^\| {name} \| (\S+) \| (\S+) \|$", notice, re.MULTILINE)
        assert version, name
        assert f"{name} {version[1]} ({version[2]})" in licences


def test_the_list_of_what_is_bundled_names_digests_and_no_place() -> None:
    lock = (ROOT / "installer" / "opener" / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "sha512-" in lock


def test_nothing_that_runs_in_the_page_makes_markup_or_code_of_text_or_keeps_anything() -> None:
    own = (FOLDER / "opener.js").read_text()
    barred = (
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|Storage|"
        r"indexedDB|\.cookie|sendBeacon|XMLHttpRequest|WebSocket|postMessage|caches\b"
    )
    assert not re.search(barred, own)
    assert own.count("fetch(") == 1
    library = (FOLDER / "age.js").read_text("utf-8")
    assert not re.search(barred + r"|fetch\(|import\(", library)


@pytest.mark.parametrize(("word", "kind"), OBSERVATIONS, ids=[word for word, _ in OBSERVATIONS])
def test_each_detail_that_agents_seal_has_a_name_for_people(word: str, kind: type) -> None:
    for one in wording.load().values():
        missing = {key for key in keys_told_by(kind, "details") if f"detail.{key}" not in one.texts}
        assert not missing, (one.language, word, missing)


def test_all_that_the_script_may_say_stands_in_every_language() -> None:
    own = (FOLDER / "opener.js").read_text()
    said = set(re.findall(r'Told\("([\w-]+)"\)|texts\.(\w+)', own))
    assert {first or second for first, second in said} <= set(opener.SAID)
    assert [
        word for word in opener.SAID if f'"{word}"' not in own and f"texts.{word}" not in own
    ] == []
    for one in wording.load().values():
        assert opener.texts(one)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_is_the_same_each_time_and_lets_only_its_own_script_run(language: str) -> None:
    words = wording.load()[language]
    file = opener.offline(words)
    assert file == opener.offline(words)
    text = file.decode("utf-8")
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (inside,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode("utf-8")).digest()).decode()
        assert f"{directive} &#39;sha256-{digest}&#39;;" in text
    assert "connect-src &#39;none&#39;" in text
    assert "import " not in text.partition("<script")[2].partition("class Told")[0][:200]
    assert f'<html lang="{language}">' in text


@pytest.fixture
def key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The public half of a signing key, which lies beside."""
    assert agent(["policy", "key", "--out", str(tmp_path / "release.key")]) == 0
    return capsys.readouterr().out.strip()


def test_the_file_is_signed_and_a_changed_one_is_found_out(
    tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, pem = tmp_path / "opener.html", str(tmp_path / "release.key")
    assert cli.main(["opener", "make", str(file), "--language", "nl", "--key", pem]) == 0
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert capsys.readouterr().out == f"{digest}  {file}\n"
    assert cli.main(["opener", "verify", str(file), "--signer", key]) == 0
    assert "signed with this key at" in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace(b"textContent", b"innerHTML  "))
    assert cli.main(["opener", "verify", str(file), "--signer", key]) == 1
    assert "not the one that was signed" in capsys.readouterr().err


def test_a_signature_by_another_key_or_none_counts_for_nothing(
    tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, pem = tmp_path / "opener.html", str(tmp_path / "release.key")
    other = base64.b64encode(b"\x01" * 32).decode()
    assert cli.main(["opener", "make", str(file), "--key", pem]) == 0
    assert cli.main(["opener", "verify", str(file), "--signer", other]) == 1
    assert "not signed with this key" in capsys.readouterr().err
    assert cli.main(["opener", "make", str(file)]) == 0
    assert not (tmp_path / "opener.html.sig.json").exists()
    assert cli.main(["opener", "verify", str(file), "--signer", key]) == 2


def test_a_signature_over_another_kind_of_document_does_not_count(
    tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, beside = tmp_path / "opener.html", tmp_path / "opener.html.sig.json"
    assert cli.main(["opener", "make", str(file)]) == 0
    pem = str(tmp_path / "release.key")
    assert agent(["policy", "keyring", "--root-key", pem, "--version", "1"]) == 0
    beside.write_text(capsys.readouterr().out.splitlines()[-1])
    assert cli.main(["opener", "verify", str(file), "--signer", key]) == 1


def test_a_file_that_is_no_key_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("AGE-SECRET-KEY-1")
    file = tmp_path / "opener.html"
    assert cli.main(["opener", "make", str(file), "--key", str(tmp_path / "key")]) == 2
    assert not file.exists()
