"""Mail messages: subject, body and every attachment, which is judged as the file it is."""

import re
from collections.abc import Iterator
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.blocks import Blocks
from collectors.recognise.budget import Budget, Nested, Part
from collectors.recognise.charsets import decode
from collectors.recognise.made_by import marked
from collectors.recognise.plain import strip_html, tabulated
from collectors.recognise.verdict import Format, Reason

_BETWEEN = re.compile(rb"(?:\A|\n\r?\n)From [^\n]*\n(?=[A-Za-z][A-Za-z0-9-]*:)")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_CIPHER = "-----BEGIN PGP MESSAGE-----"


def message(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The text of a message first, then its attachments."""
    yield from _message(budget.read(file), Format.MAIL, budget, nested)


def mailbox(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """Every message of a mailbox in one file."""
    content = budget.read(file)
    places = [found.end() for found in _BETWEEN.finditer(content)]
    starts = [found.start() for found in _BETWEEN.finditer(content)]
    for start, end in zip(places, [*starts[1:], len(content)], strict=True):
        yield from _message(content[start:end], Format.MBOX, budget, nested)


def _message(content: bytes, format: Format, budget: Budget, nested: Nested) -> Iterator[Part]:
    blocks = Blocks()
    parsed = BytesParser(policy=policy.compat32).parsebytes(blocks.take(content))
    texts, attached, sealed = _sort(parsed, blocks, budget)
    text = "\n".join(texts)
    sender = f"{parsed.get('from', '')} {parsed.get('sender', '')}"
    yield Part(format, budget.keep(text), made_by=sender)
    if sealed or _CIPHER in text:
        yield Part(format, problem=Reason.ENCRYPTED)
    for payload in attached:
        yield from marked(nested(BytesIO(payload)), sender)


def _sort(parsed: Message, blocks: Blocks, budget: Budget) -> tuple[list[str], list[bytes], bool]:
    """Texts, attachments, and whether there is a part that only the addressee can read."""
    texts, attached = [_subject(parsed)], []
    plain_seen = sealed = False
    for part in parsed.walk():
        if part.is_multipart():
            if part is not parsed:
                budget.count_member()
            continue
        payload = blocks.payload(part)
        if payload is None:
            continue
        budget.count_member()
        kind = part.get_content_type()
        if kind in _SEALED:
            sealed = sealed or part.get_param("smime-type") != "signed-data"
        elif part.get_filename() or not kind.startswith("text/"):
            attached.append(payload)
        elif kind == "text/html":
            # The same words twice would count every person twice.
            texts += [] if plain_seen else [strip_html(_decoded(part, payload))]
        else:
            plain_seen = True
            texts.append(tabulated(_decoded(part, payload)))
    return texts, attached, sealed


def _decoded(part: Message, payload: bytes) -> str:
    charset = part.get_content_charset()
    try:
        return payload.decode(charset) if charset else decode(payload)
    except (LookupError, UnicodeDecodeError):
        return decode(payload)


def _subject(parsed: Message) -> str:
    raw = str(parsed.get("subject", ""))
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeDecodeError, ValueError):
        return raw
