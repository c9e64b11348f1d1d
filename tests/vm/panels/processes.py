"""What a running process costs, as the kernel counts it."""

from pathlib import Path


def pss(pid: int) -> float:
    """Memory in MiB, with its part of what is shared with others."""
    return _memory(pid, "Pss:")


def rss(pid: int) -> float:
    """Memory in MiB, with all of what is shared with others."""
    return _memory(pid, "Rss:")


def wakeups(pid: int) -> int:
    """How often its threads went to sleep by themselves, and so were woken."""
    found = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for line in (thread / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                found += int(line.split()[1])
    return found


def _memory(pid: int, word: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(word):
            return int(line.split()[1]) / 1024
    raise OSError(f"no memory is known of process {pid}")
