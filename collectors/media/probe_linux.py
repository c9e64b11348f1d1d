"""Linux: starting the probe, and not waiting for ever for one that hangs on a broken disk."""

import subprocess
import sys

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
        output, _ = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        _end(child)
        raise TimeoutError(f"no answer within {SECONDS:.0f} s") from error
    if child.returncode != 0 or len(output) > most:
        raise OSError(f"the probe ended with {child.returncode} and {len(output)} bytes")
    return output


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Kill the child; one that hangs in the kernel on a broken disk is left to it."""
    child.kill()
    try:
        child.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        if child.stdout is not None:
            child.stdout.close()
