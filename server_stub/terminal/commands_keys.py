"""The commands about keys that open what is sealed: making them, and entering public halves.

A key that somebody made on a machine of their own never was in a page of the console.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from server_stub import keys, recipients
from server_stub.collector import utc_now
from server_stub.errors import AskedError
from server_stub.recipients import SLOTS
from server_stub.terminal.commands import TERMINAL, config_of, opened, write

DIRECTORS = ("director",)
_WRONG = {
    "no-recipient": "this is no public half of an age key: it begins with age1",
    "same": "this key is entered in the other place already: two different keys are needed",
}


def new_keys(arguments: argparse.Namespace) -> int:
    """``keys new``."""
    names = DIRECTORS if arguments.director else SLOTS
    made = keys.new_identities(Path(arguments.out), names, utc_now())
    for identity in made:
        print(f"# {identity.name}: the secret is in {identity.file}; keep it off this server")
    print("# Put these lines into the policy; what they name was proven by a test decryption.")
    table, end = ("directors", "") if arguments.director else ("recipients", "\nproven = true")
    for identity in made:
        print(f'\n[[{table}]]\nname = "{identity.name}"\nkey = "{identity.recipient}"{end}')
    return 0


def enter(arguments: argparse.Namespace) -> int:
    """``keys enter``: a public half that was made, and tried, elsewhere."""
    wrong = write(
        config_of(arguments),
        lambda c: recipients.enter(c, arguments.slot, arguments.key, TERMINAL, utc_now()),
    )
    if wrong is not None:
        raise AskedError(_WRONG[wrong.word])
    print(f"the {arguments.slot} key is entered: see `keys show`")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """``keys show``: the lines for the policy; 1 if one of the two keys is missing."""
    with opened(config_of(arguments)) as store, store.read() as connection:
        known = recipients.all_of(connection)
    if arguments.json:
        print(msgspec.json.encode({slot: known.get(slot) for slot in SLOTS}).decode())
    else:
        print(recipients.as_policy(known), end="")
    for slot in (one for one in SLOTS if one not in known):
        print(f"the {slot} key is missing: the privacy officer makes it, in the console or with "
              "age-keygen", file=sys.stderr)  # fmt: skip
    return int(not recipients.is_complete(known))
