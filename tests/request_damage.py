"""What goes wrong with a request: each way takes a valid one and breaks something of it.

``BEFORE`` is done before a laptop signs, so that it gets past the signature; ``AFTER`` to the
finished request; ``RAW`` to its bytes, so that it may no longer be HTTP.
"""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests import mutations
from tests.request_seeds import Draft
from tests.request_words import (
    LENGTHS,
    METHODS,
    MOMENTS,
    NAMES,
    NOT_JSON,
    STRANGE,
    VALUES,
    WORDS,
)

Change = Callable[[Random, Draft], None]
RawChange = Callable[[Random, bytes], bytes]


# --- before it is signed --------------------------------------------------------------------------


def method(dice: Random, draft: Draft) -> None:
    draft.method = dice.choice(METHODS)


def path(dice: Random, draft: Draft) -> None:
    """A part of the path is another word, or one too many."""
    place, mark, asked = draft.target.partition("?")
    parts = place.split("/")
    at = dice.randrange(1, len(parts) + 1)
    parts[at : at + dice.randrange(2)] = [dice.choice(WORDS)]
    draft.target = "/".join(parts) + mark + asked


def question(dice: Random, draft: Draft) -> None:
    """Something else, or something more, is asked."""
    place, _, asked = draft.target.partition("?")
    pairs = asked.split("&") if asked else []
    names = ("cursor", "limit", "format", "kind", "since", "until", "device", "lang", "page", "q")
    pairs += [
        f"{dice.choice(names)}={dice.choice(WORDS)}" for _ in range(dice.choice((1, 1, 2, 9)))
    ]
    dice.shuffle(pairs)
    draft.target = place + "?" + "&".join(pairs)


def body_bytes(dice: Random, draft: Draft) -> None:
    """Bytes of the body are others, gone, twice, or too many."""
    for _ in range(dice.randrange(1, 4)):
        if draft.body:
            draft.body = dice.choice(mutations.CHANGES)(dice, draft.body)


def another_body(dice: Random, draft: Draft) -> None:
    """No form and no JSON of the right kind, or bytes of nothing."""
    draft.body = dice.choice((*NOT_JSON, dice.randbytes(dice.randrange(400))))


def deep(dice: Random, draft: Draft) -> None:
    """Nested without an end."""
    piece = dice.choice((b"[", b'{"device":', b'{"records":[{"x":', b"a[b]="))
    draft.body = piece * dice.choice((100, 5_000, 60_000))


def fields(dice: Random, draft: Draft) -> None:
    """One or two values of a form or of JSON are something else, gone, or there twice."""
    for _ in range(dice.randrange(1, 3)):
        try:
            draft.body = _other_json(dice, json.loads(draft.body))
        except (ValueError, RecursionError):
            draft.body = _other_form(dice, draft.body)


def large(dice: Random, draft: Draft) -> None:
    """Around and far beyond what a body may be."""
    draft.body += b"x" * dice.choice((4_000, 17_000, 66_000, 70_000, 1_100_000))


def _other_json(dice: Random, tree: Any) -> bytes:
    place = tree
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = dice.choice(keys)
        inner = place[key]
        if isinstance(inner, str) and inner.startswith("{") and dice.random() < 0.7:
            place[key] = _other_json(dice, json.loads(inner)).decode()  # an event in its record
            break
        if not isinstance(inner, dict | list) or not inner or dice.random() < 0.2:
            _spoil(dice, place, key)
            break
        place = inner
    return json.dumps(tree, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")


def _spoil(dice: Random, place: Any, key: Any) -> None:
    if dice.random() < 0.15:
        del place[key]
    elif dice.random() < 0.1 and isinstance(place, dict):
        place[dice.choice(("", "extra", "\0", str(key) + " "))] = place[key]
    else:
        place[key] = dice.choice(STRANGE)


def _other_form(dice: Random, body: bytes) -> bytes:
    pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
    written = [urlencode([pair]) for pair in pairs]
    spared = [at for at, pair in enumerate(pairs) if pair[0] != "csrf" or dice.random() < 0.1]
    if spared:
        at = dice.choice(spared)
        name = written[at].partition("=")[0]
        word = dice.choice((*WORDS, "%00", "x" * 70_000, urlencode({"": "🦊 \u0000"})[1:]))
        again = [f"{name}={word}"] * dice.choice((0, 1, 1, 1, 1, 1, 2, 100))
        written[at : at + 1] = again
    return "&".join(written).encode("utf-8")


# --- when it is signed ----------------------------------------------------------------------------


def header(dice: Random, draft: Draft) -> None:
    """A header has another value, or is one too many."""
    name, value = dice.choice(NAMES), dice.choice(VALUES)
    others = [pair for pair in draft.headers if pair[0] != name or dice.random() < 0.3]
    draft.headers = [*others, (name, value)]


def no_header(dice: Random, draft: Draft) -> None:
    """A header is gone."""
    if draft.headers:
        del draft.headers[dice.randrange(len(draft.headers))]


def headers_bytes(dice: Random, draft: Draft) -> None:
    """A character or two of a header are others."""
    if draft.headers:
        at = dice.randrange(len(draft.headers))
        name, value = draft.headers[at]
        for _ in range(dice.randrange(1, 4)):
            place = dice.randrange(len(value) + 1)
            value = value[:place] + dice.choice('abcXYZ019=+/;:" (),\x80é%\\') + value[place + 1 :]
        draft.headers[at] = name, value


def moment(dice: Random, draft: Draft) -> None:
    """Signed at a time that is none."""
    told = f"created={dice.choice(MOMENTS)};"
    draft.headers = [
        (name, re.sub("created=[0-9]+;", told, value)) for name, value in draft.headers
    ]


def many_headers(dice: Random, draft: Draft) -> None:
    """More headers, or longer ones, than anybody sends."""
    number, length = dice.choice(((100, 10), (5_000, 2), (1, 60_000), (1, 200_000), (20, 4_000)))
    draft.headers += [(f"X-{at}", "v" * length) for at in range(number)]


# --- when it is bytes -----------------------------------------------------------------------------


def bytes_of_all(dice: Random, content: bytes) -> bytes:
    """Bytes of the whole are others, gone, twice, or too many."""
    for _ in range(dice.randrange(1, 4)):
        content = dice.choice(mutations.CHANGES)(dice, content or b" ")
    return content


def head_bytes(dice: Random, content: bytes) -> bytes:
    """The same, in its first line or its headers."""
    head, mark, body = content.partition(b"\r\n\r\n")
    return dice.choice(mutations.CHANGES)(dice, head) + mark + body


def line_ends(dice: Random, content: bytes) -> bytes:
    """Lines end in another way, or are folded."""
    head, _, body = content.partition(b"\r\n\r\n")
    end = dice.choice((b"\n", b"\r", b"\r\r\n", b"\r\n ", b"\0\r\n", b"\x0b"))
    return head.replace(b"\r\n", end) + b"\r\n\r\n" + body


def another_http(dice: Random, content: bytes) -> bytes:
    """Another version of HTTP, or another protocol."""
    other = (
        b"HTTP/1.0",
        b"HTTP/0.9",
        b"HTTP/2.0",
        b"HTTP/9.9",
        b"HTTPS/1.1",
        b"HTTP/1.1 ",
        b"",
        b"RTSP/1.0",
    )
    replaced = content.replace(b"HTTP/1.1", dice.choice(other), 1)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(32)
    return dice.choice(
        (replaced, replaced, preface, tls, dice.randbytes(dice.randrange(1, 400)) + b"\r\n\r\n")
    )


def length(dice: Random, content: bytes) -> bytes:
    """Says another length than its body has, or says it twice or in another way."""
    head, mark, body = content.partition(b"\r\n\r\n")
    told = dice.choice(LENGTHS)
    lines = [
        one for one in head.split(b"\r\n") if dice.random() < 0.2 or b"ontent-Length:" not in one
    ]
    chunks = (
        body,
        b"5\r\nhello\r\n0\r\n\r\n",
        b"zz\r\n",
        b"ffffffffffffffff\r\n",
        b"5;" + b"x" * 9000,
    )
    return b"\r\n".join([*lines, told]) + mark + dice.choice(chunks)


def two_in_one(dice: Random, content: bytes) -> bytes:
    """A second request, or a piece of one, in the same breath."""
    return content + dice.choice(
        (content, content[: dice.randrange(len(content))], b"\r\n\r\n", b"GET")
    )


BEFORE: tuple[Change, ...] = (
    method, path, question, body_bytes, another_body, deep, fields, fields, fields, large
)  # fmt: skip
AFTER: tuple[Change, ...] = (header, header, no_header, headers_bytes, many_headers, moment)
RAW: tuple[RawChange, ...] = (bytes_of_all, head_bytes, line_ends, another_http, length, two_in_one)


def damaged(dice: Random, draft: Draft) -> tuple[str, bytes]:
    """A request with something wrong, and the name of what it is."""
    turn = dice.random()
    if turn < 0.55:
        change = dice.choice(BEFORE)
        change(dice, draft)
        draft.sign()
        return change.__name__, draft.raw()
    draft.sign()
    if turn < 0.75:
        change = dice.choice(AFTER)
        change(dice, draft)
        return change.__name__, draft.raw()
    raw_change = dice.choice(RAW)
    return raw_change.__name__, raw_change(dice, draft.raw())
