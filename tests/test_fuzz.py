"""Twenty thousand damaged documents of every format in the sandbox: each gets a verdict, and no
worker is lost. A document that fails comes back by its number.

``./dev lab fuzz`` runs a million.
"""

import hashlib
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.recognise.extract import EXTRACTORS
from collectors.recognise.formats import tell
from collectors.recognise.verdict import Format
from tests import fuzz_run
from tests.fuzz_containers import BY_KIND, document
from tests.fuzz_seeds import seeds

DOCUMENTS = 20_000
ROOT = Path(__file__).resolve().parent.parent
DIGEST = (
    "import hashlib; from tests.fuzz_containers import document;"
    "print(hashlib.sha256(b''.join(document(n)[1] for n in range(300))).hexdigest())"
)


def lab():
    """The script behind ``./dev lab fuzz``."""
    spec = importlib.util.spec_from_file_location("lab_fuzz", ROOT / "tests/vm/fuzz.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_no_damage_costs_a_worker_or_gets_an_untrue_answer(tmp_path):
    assert lab().main([str(DOCUMENTS), "--out", str(tmp_path)]) == 0, (
        tmp_path / "fuzz.json"
    ).read_text()


def test_every_format_that_is_read_is_damaged():
    found = {tell(io.BytesIO(seed.content)) for seed in seeds()}
    unopened = {Format.ARCHIVE, Format.DOCUMENT, Format.CIPHER, Format.ODP, Format.CSV}
    assert set(EXTRACTORS) - found <= unopened
    assert {seed.kind for seed in seeds()} == set(BY_KIND)


def test_a_document_is_the_same_wherever_it_is_made():
    here = hashlib.sha256(b"".join(document(n)[1] for n in range(300))).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", DIGEST], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert there.stdout.strip() == here
    assert document(7, 2) != document(7)


def test_a_run_that_was_stopped_goes_on_and_says_that_it_did_not_end(tmp_path, capsys):
    fuzz, words = lab(), ["40", "--shards", "2", "--out", str(tmp_path)]
    assert fuzz.main([*words, "--shard", "1"]) == 1
    assert "did not run to the end: 20 of 40" in capsys.readouterr().out
    assert fuzz.main(words) == 0
    state = json.loads((tmp_path / "fuzz/shard-1.json").read_text())["counted"]
    assert state["done"] == 20 and sum(state["verdicts"].values()) == 20
    assert fuzz.main([*words, "--minutes", "0.000001", "--seed", "9"]) == 1


def test_what_must_not_be_fails_the_run_and_the_document_is_kept(tmp_path):
    fuzz = lab()
    counted = fuzz_run.Counted(done=5, worker_faults=[3], peak_rss_kb=9000, canary_touched=1)
    failed = {case["name"] for case in fuzz.cases([counted], 5) if not case["passed"]}
    assert failed == {"worker died or answered nonsense", "escapes: files of others touched",
                      "largest address space of a worker, MB"}  # fmt: skip
    fuzz.keep(counted.bad(), 1, tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith("1-3-") and kept.read_bytes() == document(3)[1]


def test_a_touched_canary_is_noticed():
    canary = fuzz_run.Canary()
    assert canary.touched() == 0
    (canary.folder / "new").write_text("x")
    assert canary.touched() == 1
    canary.close()


def test_a_run_that_is_broken_off_has_looked_for_escapes_and_saved():
    def numbers():
        yield from range(3)
        raise KeyboardInterrupt

    saved = []
    with pytest.raises(KeyboardInterrupt):
        fuzz_run.run(numbers(), fuzz_run.Counted(), save=lambda: saved.append(True))
    assert saved == [True]
