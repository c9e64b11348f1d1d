"""``dossierwacht breaker``: whether files are still sealed here, and closing the breaker again."""

import argparse

from agent import breaker, config
from agent.errors import AgentError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``breaker``."""
    parser.add_argument(
        "--close", action="store_true", help="let files be sealed again, after you have looked"
    )


def main(arguments: argparse.Namespace) -> int:
    """``dossierwacht breaker``: 1 while it is tripped."""
    if arguments.close:
        return _close(arguments)
    version = config.load(arguments.config, arguments.state, arguments.socket).policy.version
    if breaker.is_tripped(arguments.state, version):
        print("tripped: too large a share of all files matched, and none is sealed any more")
        print("look at what was reported, then: dossierwacht breaker --close")
        return 1
    print("closed: files are sealed as the policy says")
    return 0


def _close(arguments: argparse.Namespace) -> int:
    try:
        was = breaker.close(arguments.state)
    except OSError as error:
        raise AgentError(f"cannot close the breaker: {error.strerror}; run this as root") from error
    print("closed; files are sealed again" if was else "it was not tripped")
    return 0
