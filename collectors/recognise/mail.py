"""Mail messages: subject, body and every attachment, which is judged as the file it is."""

from collections.abc import Callable, Iterator
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from io import BytesIO
from typing import BinaryIO

from collectors.recognise.budget import Budget, Part, Refused
from collectors.recognise.charsets import decode
from collectors.recognise.plain import strip_html
from collectors.recognise.verdict import Format, Reason

_Nested = Callable[[BinaryIO], Iterator[Part]]


def message(file: BinaryIO, budget: Budget, nested: _Nested) -> Iterator[Part]:
    """The text of a message first, then its attachments."""
    content = file.read(budget.limits.inflated + 1)
    if len(content) > budget.limits.inflated:
        raise Refused(Reason.LIMIT)
    parsed = BytesParser(policy=policy.compat32).parsebytes(content)
    texts, attached = _sort(parsed, budget)
    yield Part(Format.MAIL, budget.keep("\n".join(texts)))
    for payload in attached:
        yield from nested(BytesIO(payload))


def _sort(parsed: Message, budget: Budget) -> tuple[list[str], list[bytes]]:
    texts, attached = [_subject(parsed)], []
    plain_seen = False
    for part in parsed.walk():
        if part.is_multipart():
            if part is not parsed:
                budget.count_member()
            continue
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            continue
        budget.count_member()
        kind = part.get_content_type()
        if part.get_filename() or not kind.startswith("text/"):
            attached.append(payload)
        elif kind == "text/html":
            # The same words twice would count every person twice.
            texts += [] if plain_seen else [strip_html(_decoded(part, payload))]
        else:
            plain_seen = True
            texts.append(_decoded(part, payload))
    return texts, attached


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
