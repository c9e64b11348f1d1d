"""Linux: a fresh interpreter for one of our modules, and what is agreed between starter and agent.

Apart from ``starting_linux`` because the starter, which is always there, is to stay small.
"""

import subprocess
import sys
from collections.abc import Sequence

ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
LONGEST = 64 * 1024
"""Bytes of a packet between the agent and its starter."""
PERSON = "enforcement.in_session"


def here(
    module: str,
    words: Sequence[str],
    *,
    passed: int | None = None,
    stdin: int | None = None,
    stdout: int | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a module as a child of this very process, with these descriptors and no others.

    ``passed`` is an open descriptor whose number is its first word. Raises OSError.
    """
    given = () if passed is None else (passed,)
    return subprocess.Popen(
        [sys.executable, "-I", "-m", module, *map(str, given), *words],
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.DEVNULL if stdout is None else stdout,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd="/",
        close_fds=True,
        pass_fds=given,
    )
