"""Linux: the programs that the tray starts, with the session's own surroundings and rights.

Always our own command by the path of this very Python, or a terminal of a short list; never through
a shell that reads what a person or a panel gave.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence

PAGE_SECONDS = 10.0
"""A command that has not failed by then has opened its page, or is about to."""
TERMINALS: tuple[tuple[str, str], ...] = (
    ("/usr/bin/x-terminal-emulator", "-e"),
    ("/usr/bin/gnome-terminal", "--"),
    ("/usr/bin/konsole", "-e"),
    ("/usr/bin/xfce4-terminal", "-x"),
    ("/usr/bin/xterm", "-e"),
)
_STAY_OPEN = '"$@"; printf "\\n[Enter]"; read -r _'
"""The receipt number must not vanish with its window."""
_started: list["subprocess.Popen[bytes]"] = []


def command(words: Sequence[str]) -> list[str]:
    """Our own command line, apart from whatever lies in the folder it is begun in."""
    apart = "-I" if sys.flags.isolated else "-P"
    return [os.path.abspath(sys.executable), apart, "-m", "agent", *words]


def start_page(words: Sequence[str], *, seconds: float = PAGE_SECONDS) -> bool:
    """Start one of our commands; False if it failed within ``seconds``."""
    try:
        child = subprocess.Popen(command(words), stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError:
        return False
    try:
        return child.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        _keep(child)
        return True


def start_in_terminal(
    words: Sequence[str], terminals: Sequence[tuple[str, str]] | None = None
) -> bool:
    """Start one of our commands in the first terminal there is; False if there is none."""
    for program, option in TERMINALS if terminals is None else terminals:
        if os.access(program, os.X_OK):
            line = [program, option, "/bin/sh", "-c", _STAY_OPEN, "sh", *command(words)]
            with contextlib.suppress(OSError):
                _keep(subprocess.Popen(line, start_new_session=True))
                return True
    return False


def still_running() -> int:
    """How many of what was started still run; those that ended are forgotten."""
    _started[:] = [child for child in _started if child.poll() is None]
    return len(_started)


def _keep(child: "subprocess.Popen[bytes]") -> None:
    still_running()
    _started.append(child)
