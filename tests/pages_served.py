"""The staff member's pages as a user has them: the real command, its address, and a browser."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyrage
from playwright.sync_api import Browser, Page, sync_playwright

from agent.control_server import Answer, Caller, ControlServer
from tests.test_server_browser import CHROMIUM, QUIET

OFFICER = pyrage.x25519.Identity.generate()
CONTACT = {"name": "Noor Visser", "phone": "+31 20 000 00 00", "mail": "privacy@school.example"}


@dataclass(frozen=True)
class Served:
    """One process that serves pages, and the address that leads in once."""

    address: str
    process: "subprocess.Popen[str]"

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0


def environment(home: Path, language: str = "en") -> dict[str, str]:
    runtime = home / "run"
    runtime.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    more = {"HOME": str(home), "LANGUAGE": language, "XDG_RUNTIME_DIR": str(runtime)}
    return kept | more | {"XDG_DATA_HOME": str(home / "data"), "TZ": "Europe/Amsterdam"}


def start(page: str, socket: Path, home: Path, language: str = "en") -> Served:
    """Run ``dossierwacht open`` without a browser; the address is what it prints."""
    words = [sys.executable, "-m", "agent", "open", page, "--print", "--socket", str(socket)]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=environment(home, language)
    )
    assert process.stdout is not None
    return Served(process.stdout.readline().strip(), process)


@contextmanager
def served(page: str, socket: Path, home: Path, language: str = "en") -> Iterator[Served]:
    one = start(page, socket, home, language)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.communicate()


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


def visit(opened: Browser, address: str, width: int = 1280) -> Page:
    """A page that fails the test if the content security policy had to refuse something."""
    page = opened.new_context(viewport={"width": width, "height": 900}).new_page()

    def hear(message: Any) -> None:
        assert "Content Security Policy" not in message.text, message.text

    page.on("console", hear)
    page.goto(address)
    return page


def status(caller: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
    """What an agent with an officer answers."""
    return {"officers": [str(OFFICER.to_public())], "contact": CONTACT, "language": "nl"}


@contextmanager
def answering(socket: Path, **answers: Callable[..., Mapping[str, Any]]) -> Iterator[None]:
    """An agent's socket with these answers beside the status; underscores stand for dashes."""
    table: dict[str, Answer] = {name.replace("_", "-"): one for name, one in answers.items()}
    table = {"status": status} | table
    server = ControlServer(socket, table, lambda _: table)
    server.start()
    try:
        yield
    finally:
        server.close()
