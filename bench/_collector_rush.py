"""Everybody at once: thousands of laptops that come back, and one that will not stop asking.

Each laptop opens its own connection, as the agent does. Whoever is refused comes back as it was
told; whoever gets no answer waits as the agent's sender would.
"""

import asyncio
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.sender import back_off
from bench._collector_ingest import stored
from bench._collector_laptops import BATCH, Laptop, laptops
from bench._collector_load import Heard, Line, measured, tls, value_of
from bench._collector_site import URL, prepare, running

MOST_TRIES = 60
UNDER_WAY = 1500
"""Calls that the load has open at once. With all of them open its own core would be so busy with
their handshakes that each answer lay about unread for half a minute."""
ROGUE_RATE = 1000
ROGUE_LINES = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Rushed:
    """What became of a rush."""

    laptops: int
    wall: float
    cpu: float
    load_cpu: float
    memory: float
    p99: float
    told: int
    without_word: int
    broken: int
    lost: int


def rush(count: int, place: Path) -> Rushed:
    """Let ``count`` laptops come at once with a batch each."""
    senders = laptops(count)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        config = prepare(Path(folder).absolute() / "state", senders)
        bodies = [one.batch() for one in senders]
        signed = [
            one.signed(body, URL, close=True) for one, body in zip(senders, bodies, strict=True)
        ]
        with running(config) as site:
            before = site.cpu()
            heard = measured(lambda: everybody(site.port, signed))
            cpu, memory = site.cpu() - before, site.memory()
        lost = count * BATCH - stored(config.state / "collector.db")
    return Rushed(
        laptops=count,
        wall=heard.wall,
        cpu=cpu,
        load_cpu=heard.cpu,
        memory=memory,
        p99=percentile(heard.seconds.get(200, []), 99),
        told=heard.count(503) + heard.count(429),
        without_word=heard.count(0),
        broken=heard.broken,
        lost=lost,
    )


async def everybody(port: int, requests: Sequence[bytes]) -> Heard:
    """All requests, each over a connection of its own, again until each is taken."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    heard, context, room = Heard(), tls(), asyncio.Semaphore(UNDER_WAY)
    await asyncio.gather(*(until_taken(port, context, one, heard, room) for one in requests))
    return heard


async def until_taken(
    port: int, context: object, request: bytes, heard: Heard, room: asyncio.Semaphore
) -> None:
    """One laptop: asks, and comes back when it was told or as its sender would."""
    failures = 0
    for _ in range(MOST_TRIES):
        try:
            async with room, Line(port, context) as line:  # type: ignore[arg-type]
                status, head = await line.ask(request)
        except (OSError, EOFError, TimeoutError):
            heard.broken += 1
            failures += 1
            await asyncio.sleep(back_off(failures))
            continue
        told = value_of(head, b"retry-after")
        # An answer without a word of when to come back counts as 0.
        heard.add(status if status == 200 or told else 0, time.perf_counter() - line.stood)
        if status == 200:
            return
        failures += 1
        await asyncio.sleep(int(told) + random.random() if told else back_off(failures))


def percentile(values: Sequence[float], part: int) -> float:
    """The value that ``part`` per cent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * part // 100)] if ordered else float("nan")


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """How the others fared beside a laptop that will not stop asking."""

    p99: float
    answered: int
    asked_of_rogue: int
    told_to_wait: int


def beside_a_rogue(place: Path, kind: str, seconds: int, others: int = 40) -> Beside:
    """Others send a batch a second each; ``kind`` is what the rogue sends: ``same`` a batch that
    came before, signed anew, ``false`` one in another laptop's name, or ``none``."""
    senders = laptops(others + 1)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        config = prepare(Path(folder).absolute() / "state", senders)
        batch, rogue = senders[-1].batch(), senders[-1]
        count = 0 if kind == "none" else ROGUE_RATE * seconds
        if kind == "same":
            asked = [rogue.signed(batch, URL) for _ in range(count)]
        else:
            asked = [Laptop(name=senders[0].name).signed(batch, URL)] * count
        plans = [[one.signed(one.batch(), URL, close=True) for _ in range(seconds)]
                 for one in senders[:-1]]  # fmt: skip
        with running(config) as site:
            heard, rogues = both(site.port, plans, asked, seconds)
    return Beside(
        p99=percentile(heard.seconds.get(200, []), 99),
        answered=heard.count(200),
        asked_of_rogue=sum(map(len, rogues.seconds.values())),
        told_to_wait=rogues.count(429) + rogues.count(503),
    )


def both(
    port: int, plans: Sequence[Sequence[bytes]], asked: Sequence[bytes], seconds: int
) -> tuple[Heard, Heard]:
    """The others and the rogue at once, in one process."""
    rogues = Heard()

    async def work() -> Heard:
        heard, context, loop = Heard(), tls(), asyncio.get_running_loop()
        room = asyncio.Semaphore(UNDER_WAY)
        end = loop.time() + seconds

        async def other(requests: Sequence[bytes]) -> None:
            await asyncio.sleep(random.random())
            for request in requests:
                began = loop.time()
                await until_taken(port, context, request, heard, room)
                await asyncio.sleep(max(0.0, began + 1.0 - loop.time()))

        async def rogue(own: Sequence[bytes]) -> None:
            async with Line(port, context) as line:
                for request in own:
                    began = loop.time()
                    if began > end:
                        return
                    status, _ = await line.ask(request)
                    rogues.add(status, loop.time() - began)
                    await asyncio.sleep(max(0.0, began + ROGUE_LINES / ROGUE_RATE - loop.time()))

        lines = [asked[n::ROGUE_LINES] for n in range(ROGUE_LINES)] if asked else []
        await asyncio.gather(*map(other, plans), *map(rogue, lines))
        heard.seconds |= {-status: took for status, took in rogues.seconds.items()}
        return heard

    heard = measured(work)
    rogues.seconds = {-s: heard.seconds.pop(s) for s in [*heard.seconds] if s < 0}
    return heard, rogues
