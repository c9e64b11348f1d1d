"""A real X server without a monitor, for tests that put something on a screen."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def x_server(size: str = "640x200") -> Iterator[str]:
    """An X server of the test's own; the name of its display."""
    program = shutil.which("Xvfb", path="/usr/bin:/bin")
    if program is None:
        pytest.skip("needs Xvfb")
    # Without -noreset it begins anew whenever its last client leaves, and loses the next one.
    command = [program, "-displayfd", "1", "-screen", "0", f"{size}x24", "-noreset"]
    server = subprocess.Popen(
        [*command, "-nolisten", "tcp"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None
        number = server.stdout.readline().decode().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.kill()
        server.communicate(timeout=10)
