"""Linux: starting the probe, and not waiting for ever for one that hangs on a broken disk."""

import contextlib
import os
import select
import subprocess
import time

from collectors import starting_linux

SECONDS = 20.0
"""A slow stick needs a second or two; what takes longer does not answer at all."""
_GRACE = 2.0
Child = subprocess.Popen[bytes] | starting_linux.Started


def ask_child(module: str, argument: str, disk: int, most: int) -> bytes:
    """Run ``module`` as a child with ``disk`` as its input; its output, at most ``most`` bytes.

    Raises OSError if the child fails or does not end in time.
    """
    ours, theirs = os.pipe()
    with open(ours, "rb", 0) as said:
        try:
            child = starting_linux.start(module, [argument], stdin=disk, stdout=theirs)
        finally:
            os.close(theirs)
        return _answer(child, said.fileno(), most)


def _answer(child: Child, said: int, most: int) -> bytes:
    try:
        output = _read(said, most, time.monotonic() + SECONDS)
        if len(output) <= most:
            child.wait(_GRACE)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        _end(child)
        raise TimeoutError(f"no answer within {SECONDS:.0f} s") from error
    if len(output) > most:
        _end(child)
        raise OSError(f"the probe said more than {most} bytes")
    if child.returncode != 0:
        raise OSError(f"the probe ended with {child.returncode}")
    return output


def _read(said: int, most: int, end: float) -> bytes:
    """What the child says, up to one byte too many: it read a stranger's disk and is not trusted.

    Raises TimeoutError.
    """
    output = bytearray()
    while len(output) <= most:
        ready, _, _ = select.select([said], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = os.read(said, most + 1 - len(output))
        if not piece:
            break
        output += piece
    return bytes(output)


def _end(child: Child) -> None:
    """Kill the child; one that hangs in the kernel on a broken disk is left to it."""
    child.kill()
    with contextlib.suppress(TimeoutError, subprocess.TimeoutExpired):
        child.wait(_GRACE)
