"""The note beside sealed files for whoever finds them when no agent is there any more.

Nobody knows who that will be, so it speaks every language of the product. It names who can open the
files and with which key, since a folder of ciphertext that nobody can place is a folder that is
thrown away. It holds no name of a file and of nobody whom a file is about.
"""

from pathlib import Path

from agent import identity, texts
from agent.config import Config
from agent.journal_file import write_durably
from enforcement import vault

NAME = "README.txt"


def leave(config: Config) -> bool:
    """Write the note where there are sealed copies that may be the only ones; whether there are.

    One that is there stays if the policy names no keys: it knew more. OSError.
    """
    folder = config.state / "vault"
    if not vault.unsettled(folder):
        (folder / NAME).unlink(missing_ok=True)
        return False
    if config.policy.recipients or not (folder / NAME).exists():
        write_durably(folder / NAME, text(config).encode("utf-8"))
    return True


def text(config: Config) -> str:
    """The note, in every language; the organisation's own first."""
    own = config.policy.language
    languages = sorted(texts.LANGUAGES, key=lambda one: (one != own, one))
    return "\n\n".join(_in(language, config) for language in languages) + "\n"


def _in(language: str, config: Config) -> str:
    policy = config.policy
    contact = policy.contact
    keys = "\n".join(f"  {one.name}: {one.key}" for one in policy.recipients)
    named = ", ".join(part for part in (contact.name, contact.phone, contact.mail) if part)
    return texts.say(
        language,
        "vault-note",
        device=_device(config.state) or texts.say(language, "vault-note-laptop"),
        keys=keys or texts.say(language, "vault-note-keys"),
        contact=named or texts.say(language, "sealed-note-contact"),
    )


def _device(state: Path) -> str:
    who = identity.enrolled(state)
    return who.device if who else ""
