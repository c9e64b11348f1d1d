"""Somebody else on the same machine, for tests in which one looks at what is another's."""

from pathlib import Path


def let_in(folder: Path) -> None:
    """Let everybody go as far as this folder; a run with several workers has one folder more."""
    for above in (folder, *folder.parents):
        mode = above.stat().st_mode
        if not mode & 0o001:
            above.chmod(mode & 0o7777 | 0o055)
