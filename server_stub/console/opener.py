"""What opens sealed details in a browser: its texts, and the one file that does it offline.

The file has the same script and the same library in it as the console's page, and a policy of its
own that lets nothing else run and nothing be fetched.
"""

import base64
import hashlib
import json
from pathlib import Path

from markupsafe import Markup

from server_stub.console.page import template_named
from server_stub.errors import ConfigError
from server_stub.wording import Wording

FOLDER = Path(__file__).parent / "static" / "opener"
SAID = (
    "choose",
    "damaged",
    "forgotten",
    "heading",
    "locked-key",
    "no-details",
    "no-key",
    "not-given",
    "opened",
    "working",
    "wrong-key",
)
"""What the script may have to say, as the ends of the texts' keys."""
_DETAIL = "detail."
_IMPORT = 'import { Decrypter } from "./age.js";\n'
_EXPORT = (
    "export {\n  Decrypter,\n  Encrypter,\n  generateX25519Identity,\n  identityToRecipient\n};\n"
)


def texts(words: Wording) -> str:
    """What the script says, as JSON."""
    return _json({word: words.text(f"opener.{word}") for word in SAID})


def names(words: Wording) -> str:
    """The names of details for people, as JSON."""
    known = {key: text for key, text in words.texts.items() if key.startswith(_DETAIL)}
    return _json({key.removeprefix(_DETAIL): text for key, text in known.items()})


def offline(words: Wording) -> bytes:
    """The file that opens details without a network, in one language: always the same bytes.

    Raises ConfigError if the parts it is made of are not as they should be.
    """
    script, style = _script(), _read("opener.css")
    text = template_named("opener_offline.html").render(
        w=words,
        policy=policy(script, style),
        script=Markup(script),  # noqa: S704 (our own files, looked over in _script)
        style=Markup(style),  # noqa: S704
        sealed="",
        texts=texts(words),
        names=names(words),
        licences=_read("age.LICENSE.txt"),
    )
    return text.encode("utf-8")


def policy(script: str, style: str) -> str:
    """The content security policy of the file: this script, this style, and no connection."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "connect-src 'none'; form-action 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'"
    )


def _script() -> str:
    """The script with the library in it: what the library gives, a function gives."""
    library, own = _read("age.js"), _read("opener.js")
    if library.count(_EXPORT) != 1 or own.count(_IMPORT) != 1:
        raise ConfigError(f"the scripts in {FOLDER} do not fit together")
    wrapped = library.replace(_EXPORT, "return { Decrypter };\n")
    script = own.replace(_IMPORT, f"const {{ Decrypter }} = (() => {{\n{wrapped}}})();\n")
    if "</script" in script.lower() or "<!--" in script or "\r" in script:
        raise ConfigError(f"the scripts in {FOLDER} cannot stand inside a page")
    return script


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


def _read(name: str) -> str:
    try:
        return (FOLDER / name).read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {FOLDER / name}: {error.strerror}") from error


def _json(table: dict[str, str]) -> str:
    return json.dumps(table, ensure_ascii=False, sort_keys=True)
