"""Linux: starting the probe, and not waiting for ever for one that hangs on a broken disk."""

import contextlib
import os
import select
import subprocess
import sys
import time

SECONDS = 20.0
"""A slow stick needs a second or two; what takes longer does not answer at all."""
_GRACE = 2.0


def ask_child(module: str, argument: str, disk: int, most: int) -> bytes:
    """Run ``module`` as a child with ``disk`` as its input; its output, at most ``most`` bytes.

    Raises OSError if the child fails or does not end in time.
    """
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", module, argument],
        stdin=disk,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        close_fds=True,
    )
    try:
        output = _read(child, most, time.monotonic() + SECONDS)
        if len(output) <= most:
            child.wait(_GRACE)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        _end(child)
        raise TimeoutError(f"no answer within {SECONDS:.0f} s") from error
    if len(output) > most:
        _end(child)
        raise OSError(f"the probe said more than {most} bytes")
    _close(child)
    if child.returncode != 0:
        raise OSError(f"the probe ended with {child.returncode}")
    return output


def _read(child: "subprocess.Popen[bytes]", most: int, end: float) -> bytes:
    """What the child says, up to one byte too many: it read a stranger's disk and is not trusted.

    Raises TimeoutError.
    """
    output = bytearray()
    if child.stdout is None:
        return b""
    while len(output) <= most:
        ready, _, _ = select.select([child.stdout], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = os.read(child.stdout.fileno(), most + 1 - len(output))
        if not piece:
            break
        output += piece
    return bytes(output)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Kill the child; one that hangs in the kernel on a broken disk is left to it."""
    child.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE)
    _close(child)


def _close(child: "subprocess.Popen[bytes]") -> None:
    if child.stdout is not None:
        child.stdout.close()
