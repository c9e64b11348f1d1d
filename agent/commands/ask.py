"""``dossierwacht ask``: ask the organisation whether an app, a stick or something else may be used.

The answer comes as a letter. Asking changes nothing by itself, and neither does the answer: what
the laptop allows stands in the policy that people signed.
"""

import argparse
import json

from agent import control
from agent.commands.letter import given_text
from agent.said import Wish


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht ask``."""
    kinds = ", ".join(Wish)
    parser.add_argument("--what", required=True, choices=tuple(Wish), help=f"one of {kinds}")
    parser.add_argument("--text", help="which, and what for; - reads it; asked for when not given")
    parser.add_argument("--until", metavar="DATE", help="the last day you need it: 2026-12-24")
    parser.add_argument("--device", help="which blocked stick, if several are: such as 1-2")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Ask; prints the receipt number."""
    otherwise = "give --text; there is no terminal to ask on"
    text = given_text(arguments.text, "Which, and what for? ", otherwise)
    told = control.ask(
        arguments.socket,
        "ask-permission",
        what=arguments.what,
        text=text,
        until=arguments.until,
        device=arguments.device,
    )
    if arguments.json:
        print(json.dumps(told))
    else:
        print(f"Your question is on its way; its number is {told['receipt']}.")
        print("The answer comes as a letter: dossierwacht letter list")
    return 0
