"""Linux: the process that encrypts a PDF, with limits that the kernel keeps."""

import resource
import subprocess
import sys

from agent.protect.pdf_worker import Ended

MEMORY = 2 * 1024**3
"""Bytes of address space."""
TAKES = 180.0
"""Seconds."""


def encrypt_pdf(source: int, target: int, passphrase: str) -> Ended:
    """Encrypt from one descriptor to another. Raises OSError if no process can be started."""
    # Neither -m's folder nor the working one is trusted: the person may stand in their downloads.
    words = [sys.executable, "-P", "-m", "agent.protect.pdf_worker", str(source), str(target)]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(source, target),
        cwd="/",
    ) as process:
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            process.communicate(passphrase.encode("ascii"), timeout=TAKES)
        except subprocess.TimeoutExpired:
            process.kill()
    code = process.returncode
    return Ended(code) if code in tuple(Ended) else Ended.DAMAGED
