"""The lines of the README that install the product, so that they are run as they stand there."""

from pathlib import Path

README = Path(__file__).resolve().parents[3] / "README.md"


def line(begin: str) -> str:
    """The one line to type that begins so, under "Install". Raises ValueError."""
    section = README.read_text("utf-8").partition("\n## Install\n")[2].partition("\n## ")[0]
    blocks = section.split("```")[1::2]
    found = [one for block in blocks for one in block.splitlines() if one.startswith(begin)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} lines of the README begin with '{begin}'")
    return found[0]
