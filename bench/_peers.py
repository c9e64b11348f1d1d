"""The tools that a sweep is measured against, and how each is asked to do as much of the same.

None of them knows what a pupil file is; each is given the shapes of a BSN and a CPR number. What a
peer reports as found is read from its output, so that speed and sense stand side by side.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SHAPES = r"\b\d{9}\b|\b[0-3]\d[01]\d{3}-?\d{4}\b"
ZIPS = ("docx", "xlsx", "pptx", "odt", "ods", "zip")
_FIND = " -o ".join(f"-name '*.{suffix}'" for suffix in ZIPS)
_REST = " ".join(f"-g '!*.{suffix}'" for suffix in (*ZIPS, "pdf"))
_COMPOSED = f"""
find "$1" -name '*.pdf' -exec pdftotext -q {{}} - ';' 2>/dev/null | rg --no-unicode -a -c '{SHAPES}'
find "$1" -type f '(' {_FIND} ')' -exec bsdtar -xOf {{}} ';' | rg --no-unicode -a -c '{SHAPES}'
rg --no-unicode -uuu -a -l {_REST} '{SHAPES}' "$1"
true
"""
_CLAM = re.compile(rb"^(.+?): .* FOUND$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A tool, what it needs, and how it is run on a folder."""

    name: str
    programs: Sequence[str]
    packages: Sequence[str]
    command: Callable[[Path, Path], list[str]]
    found: Callable[[bytes], list[str]] | None = None
    """The files it reports, from its output; None: it cannot tell files apart."""
    slow: bool = False
    """So slow that it is run on a tenth of a large tree, once."""

    def missing(self) -> list[str]:
        """The Debian packages to install, if one of its programs is not there."""
        gone = any(shutil.which(program) is None for program in self.programs)
        return list(self.packages) if gone else []


def _lines(output: bytes) -> list[str]:
    return output.decode("utf-8", "surrogateescape").splitlines()


def _clam(home: Path, scratch: Path) -> list[str]:
    # clamscan wants a database; one signature that matches nothing will do.
    signature = scratch / "none.ndb"
    signature.write_text("Bench.None:0:*:" + "deadbeef" * 8 + "\n", "ascii")
    options = [
        "--detect-structured=yes",
        "--structured-ssn-format=2",
        "--infected",
        "--no-summary",
        "--recursive",
    ]
    return ["clamscan", *options, f"--database={signature}", str(home)]


COMPOSED = Peer(
    name="pdftotext + bsdtar + ripgrep",
    programs=("pdftotext", "bsdtar", "rg"),
    packages=("poppler-utils", "libarchive-tools", "ripgrep"),
    command=lambda home, _: ["bash", "-c", _COMPOSED, "-", str(home)],
)
RIPGREP = Peer(
    name="ripgrep on raw bytes (rg --no-unicode -uuu -a)",
    programs=("rg",),
    packages=("ripgrep",),
    command=lambda home, _: ["rg", "--no-unicode", "-uuu", "-a", "-l", SHAPES, str(home)],
    found=_lines,
)
CLAMSCAN = Peer(
    name="clamscan --detect-structured",
    programs=("clamscan",),
    packages=("clamav",),
    command=_clam,
    found=lambda output: [
        path.decode("utf-8", "surrogateescape") for path in _CLAM.findall(output)
    ],
    slow=True,
)
FIND = Peer(
    name="find -printf",
    programs=("find",),
    packages=("findutils",),
    command=lambda home, _: ["find", str(home), "-printf", "%p %s %T@\n"],
)
PEERS = (COMPOSED, RIPGREP, CLAMSCAN)
