"""``dossierwacht protect FILE...``: an encrypted copy to send, and the passphrase to tell by phone.

Works with the person's own rights and without the agent. The copy lies beside the first file under
a name that says nothing, and never takes the place of anything.
"""

import argparse
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from agent.errors import AgentError, ConfigError
from agent.texts import language_of, say

if TYPE_CHECKING:
    from agent.protect.copies import Made, Source

FORMS = ("pdf", "zip")
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAKE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
MOST_TRIES = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``protect``."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="what is to be sent")
    parser.add_argument("--to", type=Path, metavar="PATH", help="the copy, or a folder for it")
    parser.add_argument(
        "--as", dest="form", choices=FORMS, help="a PDF alone becomes a PDF, all else a zip"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def main(arguments: argparse.Namespace) -> int:
    """Make the copy and say its passphrase, this once."""
    try:
        from agent.protect import copies, passphrase
    except ImportError as error:
        raise AgentError(f"copies cannot be made here: {error.name} is not installed") from error
    language = language_of(os.environ) or "en"
    wished = copies.Form(arguments.form) if arguments.form else None
    secret = passphrase.made(language)
    with ExitStack() as opened:
        sources = [opened.enter_context(_source(name)) for name in arguments.files]
        form = copies.form_of(sources, wished)
        path, out = _target(arguments, language, form)
        with _kept_only_if_whole(path, out):
            content = f"{say(language, 'protect-content')}.zip"
            made = copies.write_copy(sources, out, secret, content, wished)
            if made.form != form and wished is not None:
                raise ConfigError(f"{arguments.files[0]}: {say('en', f'protect-{made.why}')}")
            os.fsync(out.fileno())
    path = _renamed(path, form, made, given=_names_a_file(arguments.to))
    _tell(arguments, language, path, made, secret)
    return 0


@contextmanager
def _source(name: str) -> "Iterator[Source]":
    from agent.protect.copies import Source

    try:
        descriptor = os.open(name, _READ)
    except OSError as error:
        raise ConfigError(f"{name!r}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigError(f"{name!r} is no file; name the files one by one")
    with os.fdopen(descriptor, "rb") as file:
        yield Source(name=name, file=file)


def _target(arguments: argparse.Namespace, language: str, form: str) -> tuple[Path, BinaryIO]:
    """A new file for the copy. Raises ConfigError."""
    from agent.protect.names import neutral

    to: Path | None = arguments.to
    if _names_a_file(to):
        assert to is not None
        return _new([to])
    folder = to or Path(arguments.files[0]).parent
    name = neutral(say(language, "protect-file"), datetime.now(UTC).astimezone(), form)
    found = folder / name
    tries = [found, *(found.with_stem(f"{found.stem}-{n}") for n in range(2, MOST_TRIES))]
    return _new(tries)


def _new(tries: Sequence[Path]) -> tuple[Path, BinaryIO]:
    """The first of some paths that nothing has."""
    for path in tries:
        try:
            descriptor = os.open(path, _MAKE, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        return path, os.fdopen(descriptor, "r+b")
    raise ConfigError(f"{tries[-1]} is there already; nothing is ever overwritten")


@contextmanager
def _kept_only_if_whole(path: Path, out: BinaryIO) -> Iterator[None]:
    try:
        yield
        out.close()
    except BaseException:
        with suppress(OSError):  # the disk may have no room for its last bytes either
            out.close()
        path.unlink(missing_ok=True)
        raise


def _names_a_file(to: Path | None) -> bool:
    return to is not None and not to.is_dir()


def _renamed(path: Path, form: str, made: "Made", *, given: bool) -> Path:
    """A copy that became a zip after all is called one; unless the person chose its name."""
    if made.form == form or given:
        return path
    better = path.with_suffix(f".{made.form}")
    with suppress(OSError):
        os.link(path, better)  # unlike a rename this takes nothing's place
        path.unlink()
        return better
    return path


def _tell(
    arguments: argparse.Namespace, language: str, path: Path, made: "Made", secret: str
) -> None:
    why = say(language, f"protect-{made.why}") if made.why else ""
    if arguments.json:
        told = {"file": str(path), "form": made.form, "why": made.why, "passphrase": secret}
        print(json.dumps(told))
        return
    lines = [
        say(language, "protect-made", file=ascii(str(path))[1:-1]),
        why,
        f"\n    {secret}\n",
        say(language, "protect-tell"),
        say(language, f"protect-opens-{made.form}"),
        say(language, "protect-link"),
    ]
    print("\n".join(line for line in lines if line))
