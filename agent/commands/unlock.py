"""``dossierwacht unlock``: this laptop was found, and somebody has its code from the officer."""

import argparse
import getpass
import sys

from agent import control


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``unlock``: the code is asked for, so that no list of processes shows it."""


def main(arguments: argparse.Namespace) -> int:
    """End the state of being lost; 0 when the code was right."""
    code = getpass.getpass("code: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    answer = control.ask(arguments.socket, "unlock", code=code)
    print("found: the laptop works as before" if answer["was_lost"] else "it was not lost")
    return 0
