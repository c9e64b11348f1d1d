"""``dossierwacht letter``: what the organisation wrote to whoever asks, and answering a question.

A letter is shown as plain text, in the person's own language as far as it is ours. Somebody who
holds the collector could write one too; so it never asks for a password, and the list says so.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from agent import control
from agent.errors import AgentError
from agent.texts import FALLBACK, has, language_of, say

SHORTEST_NUMBER = 4
"""Characters of a letter's number that are enough to name it."""


def add_list(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht letter list``."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def listing(arguments: argparse.Namespace) -> int:
    """Show every letter; from then on none is new."""
    answer = control.ask(arguments.socket, "letters")
    if arguments.json:
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    language = language_of(os.environ) or FALLBACK
    for line in lines(answer["letters"], language):
        print(line)
    return 0


def add_answer(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht letter answer``."""
    parser.add_argument("number", metavar="NUMBER", help="of the letter, or how it begins")
    parser.add_argument("--text", help="your answer; - reads it; asked for when not given")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def answer(arguments: argparse.Namespace) -> int:
    """Answer a question; prints the receipt number."""
    text = given_text(arguments.text, "Your answer: ", "give --text; there is no terminal")
    told = control.ask(arguments.socket, "answer", number=_number(arguments), text=text)
    if arguments.json:
        print(json.dumps(told))
    else:
        print(f"Thank you. Your answer is on its way; its number is {told['receipt']}.")
    return 0


def lines(letters: list[Mapping[str, Any]], language: str) -> Iterator[str]:
    """The letters for people, the newest last, each with an empty line above it."""
    if not letters:
        yield say(language, "letters-none")
        return
    for one in letters:
        yield from _letter(one, language)
    yield ""
    yield say(language, "letters-never")


def _letter(one: Mapping[str, Any], language: str) -> Iterator[str]:
    what, event = str(one["what"]), one["event"]
    yield ""
    yield f"{_moment(one['at'])}  {say(language, f'letter-{what}-head')}"
    kind = say(language, event["kind"]) if has(event["kind"]) else event["kind"]
    yield "  " + say(language, "letter-about", at=_moment(event["at"]), what=kind)
    if what == "opened":
        purpose = f"purpose-{one['purpose']}"
        told = say(language, purpose) if has(purpose) else str(one["purpose"])
        yield "  " + say(language, "letter-purpose", purpose=told)
    if one["until"]:
        yield "  " + say(language, "letter-until", until=one["until"])
    if one["text"]:
        yield f"  “{one['text']}”"
    if what == "question":
        key = "letter-answered" if one["answered"] else "letter-answer-with"
        command = f"dossierwacht letter answer {one['number'][:8]}"
        yield "  " + say(language, key, command=command)


def _number(arguments: argparse.Namespace) -> str:
    """The whole number of the one letter that is meant. Raises AgentError."""
    begins = arguments.number.strip().lower()
    letters = control.ask(arguments.socket, "letters", shown=False)["letters"]
    numbers = [one["number"] for one in letters]
    found = [number for number in numbers if number.startswith(begins)]
    if len(begins) < SHORTEST_NUMBER or len(found) != 1:
        raise AgentError("no letter of yours, or more than one, has a number that begins so")
    return str(found[0])


def given_text(given: str | None, question: str, otherwise: str) -> str:
    """What a person writes: given, read where no other user sees it, or asked for."""
    if given == "-":
        return sys.stdin.read()
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise AgentError(otherwise)
    return input(question).strip()


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
