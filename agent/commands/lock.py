"""``dossierwacht lock``: I walk away, lock my screen now."""

import argparse
import json
import sys

from agent import control


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht lock``."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Lock the caller's own screen; 0 when it was seen to be locked, 1 otherwise."""
    answer = control.ask(arguments.socket, "walk-away")
    if arguments.json:
        print(json.dumps(answer))
    elif not answer["locked"]:
        print(f"dossierwacht: your screen is not locked ({answer['why']})", file=sys.stderr)
    return 0 if answer["locked"] else 1
