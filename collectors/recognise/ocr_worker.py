"""The worker for OCR: as the other worker, with an engine that reads pictures of pages.

    python -I -m collectors.recognise.ocr_worker SOCKET USER IDLE OWN

It is a process of its own because an engine and its models take more memory than all else, and
because an ordinary worker must never hold it. Engine and models are loaded first and the sandbox is
closed after, by the same layers as that of the other worker: no file can be opened, so not even the
models' folder is needed. Only the limits on memory and time are wider. What it reads goes through
the same judge.
"""

import socket
import sys

from collectors.recognise import sandbox
from collectors.recognise.budget import Limits
from collectors.recognise.judge import examine
from collectors.recognise.leptonica_linux import from_grey
from collectors.recognise.message import LARGEST, counted, hello, read_request
from collectors.recognise.ocr_pages import Reader
from collectors.recognise.tesseract import Engine
from collectors.recognise.worker import open_descriptor, take_own, warm

MEMORY = 768 << 20
"""Bytes of address space: 200 MB for the engine and its models, the rest for pictures."""

CPU_PER_DOCUMENT = 90.0
"""Seconds of processor time; no page is begun after the first 40."""


def serve(channel: socket.socket, engine: Engine) -> None:
    """Answer until the channel is closed or quiet for longer than its timeout."""
    while True:
        try:
            packet, descriptors, _, _ = socket.recv_fds(channel, LARGEST, 1)
        except TimeoutError:
            return
        if not packet or not descriptors:
            return
        sandbox.limit_cpu(CPU_PER_DOCUMENT)
        today, largest, _ = read_request(packet)
        reader = Reader(engine)
        with open_descriptor(descriptors[0]) as file:
            verdict, _ = examine(file, today, Limits(file=largest), reader)
        sandbox.limit_cpu(0)
        channel.send(counted(verdict, reader.pages))


def warm_engine(engine: Engine) -> None:
    """Read an empty page: what the engine does once, it does before the sandbox closes."""
    page = from_grey(engine.library, b"\xff" * 10_000, 100, 100)
    engine.words(page.grey().scaled(2.0).upright())
    page.close()


def main(arguments: list[str]) -> None:
    """Prepare, shut in, serve."""
    number, user, idle, given = arguments
    channel = socket.socket(fileno=int(number))
    channel.settimeout(float(idle))
    take_own(channel, given)
    warm()
    engine = Engine()
    warm_engine(engine)
    channel.send(hello(sandbox.enter(user, MEMORY)))
    serve(channel, engine)


if __name__ == "__main__":
    main(sys.argv[1:])
