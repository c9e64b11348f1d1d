"""``./dev lab media [VARIATIONS]``: is any medium judged wrongly?

Needs no virtual machine. Judges every image by which Debian's cryptsetup tests itself (real
BitLocker and FileVault volumes, TrueCrypt and VeraCrypt, LUKS headers made wrong on purpose) and
10,000 hostile variations of plain and encrypted media, one in fifty by the process without rights.
Writes build/lab/media.json; exit 1 if a verdict was wrong or the images could not be had.
"""

import json
import platform
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from collectors.media.verdict import Verdict
from collectors.usb_device import LONGEST_TEXT, clean
from tests.vm.known import fetch, judged
from tests.vm.known.damage import Variation, Workshop

OUT = Path("build/lab/media.json")
BY_PROBE = 50


def main(number: int) -> int:
    """Judge everything; what was found out goes to the terminal and the JSON."""
    began = time.monotonic()
    tests, trouble = images()
    found = list(judged.known(tests)) if tests else []
    counts, wrong = variations(number, tests)
    texts = labels(number)
    for one in found:
        mark = "ok  " if one.right else "FAIL"
        print(f"  {mark} {one.name:62} {one.verdict:12} {one.why:22}", _second(one.cryptsetup))
    for name, count in sorted(counts.items()):
        print(f"  {count:6} {name}")
    for line in [*wrong, *texts, *trouble]:
        print(f"  FAIL {line}")
    bad = sum(not one.right for one in found) + len(wrong) + len(texts) + len(trouble)
    print(f"{len(found)} images, {number} variations, {number} texts: {bad} wrong")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        "seconds": round(time.monotonic() - began),
        "images": [{**vars(one), "right": one.right} for one in found],
        "variations": dict(counts),
        "wrong": [*wrong, *texts, *trouble],
    }
    OUT.write_text(json.dumps(told, indent=1), "utf-8")
    return 1 if bad else 0


def images() -> tuple[Path | None, list[str]]:
    """The folder with the images of the package, or why there is none."""
    try:
        tests = fetch.images(lambda text: print(f"==> {text}", file=sys.stderr))
    except fetch.NotFetched as error:
        return None, [f"did not run: the images of cryptsetup: {error}"]
    made = any((tests / "generated").iterdir())
    return tests, [] if made else ["did not run: headers made wrong on purpose; needs jq and xxd"]


def variations(number: int, tests: Path | None) -> tuple[Counter[str], list[str]]:
    """How the variations were judged, and which of them wrongly."""
    counts, wrong = Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(Path(folder), _real_ones(tests))
        for turn in range(number):
            one = shop.variation(turn)
            verdict = _verdict(one, Path(folder) / "one", by_probe=turn % BY_PROBE == 0)
            counts[f"{one.name}: {verdict}"] += 1
            if verdict == Verdict.ENCRYPTED and not _may(one, Path(folder) / "one"):
                wrong.append(f"variation {turn}, {one.name}, was judged encrypted")
    return counts, wrong


def _real_ones(tests: Path | None) -> dict[str, bytes]:
    """Real BitLocker volumes."""
    names = {"bitlocker": "bitlk-aes-xts-128.img", "to go": "bitlk-togo-aes-xts-128.img"}
    folder = tests / "bitlk-images" if tests else None
    return {name: (folder / file).read_bytes() for name, file in names.items()} if folder else {}


def labels(number: int) -> list[str]:
    """Hostile texts of devices that do not come out harmless."""
    bad = []
    for turn in range(number):
        text = _text(turn)
        said = clean(text)
        if len(said) > LONGEST_TEXT or not said.replace(" ", "x").isprintable():
            bad.append(f"text {turn} is not harmless: {said!r}")
    return bad


def _verdict(one: Variation, file: Path, by_probe: bool) -> Verdict:
    if not by_probe:
        return judged.in_process(one.raw).verdict
    file.write_bytes(one.raw)
    return judged.by_probe(file).verdict


def _may(one: Variation, file: Path) -> bool:
    """Whether a medium may be judged encrypted."""
    file.write_bytes(one.raw)
    return not one.plain and judged.accepted(file)


def _text(turn: int) -> str:
    """Text ``turn``: from all of Unicode, rich in what turns, hides and breaks lines."""
    dice = random.Random(turn)
    nasty = "\u202e\u200f\u2066\u2029\u0000\u001b\u0007\r\n\t\ufeff\ud800\u00ad\u0300"
    letters = (
        chr(dice.randrange(0x110000)) if dice.random() < 0.6 else dice.choice(nasty)
        for _ in range(dice.randrange(300))
    )
    return "".join(letters)


def _second(accepted: bool) -> str:
    return "cryptsetup can use it" if accepted else "cryptsetup cannot use it"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
