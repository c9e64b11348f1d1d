"""In which form an answer goes out: by ``format``, else by the header Accept, else JSON.

The pages of every form are the same rows. Where the next one begins stands in headers for all of
them, and within the body too where that is one JSON object.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from server_stub.errors import Refused
from server_stub.pull import report
from server_stub.pull.pull_models import columns

MEDIA = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv",
    "ocsf": "application/ocsf+json",
}
NEXT, RESUME = "X-Next-Cursor", "X-Resume-Cursor"
_SUFFIXES = {"text/csv": "; charset=utf-8"}


def forms_of(question: type[msgspec.Struct]) -> tuple[str, ...]:
    """The forms that a question may ask for, in the order of MEDIA: JSON comes first."""
    kinds = [get_type_hints(question)["format"]]
    while kinds and get_origin(kinds[0]) is not Literal:
        kinds = list(get_args(kinds[0]))
    return tuple(form for form in MEDIA if form in get_args(kinds[0]))


def chosen(request: Request, asked: object, known: Sequence[str]) -> str:
    """The form of an answer, one of ``known``; ``asked`` is ``format``, if it was given.
    Raises Refused."""
    if isinstance(asked, str):
        return asked
    for wanted in _accepted(request.headers.get("accept", "")):
        for form in known:
            if wanted in (MEDIA[form], MEDIA[form].partition("/")[0] + "/*", "*/*"):
                return form
    told = ", ".join(MEDIA[form] for form in known)
    raise Refused(406, "not-acceptable", f"none of what Accept names can be had: {told}")


def answer(
    request: Request,
    form: str,
    row: type[msgspec.Struct],
    page: msgspec.Struct,
    *,
    more: str | None,
    resume: str | None = None,
) -> Response:
    """A page in its form. The rows stand in the first field of ``page``."""
    rows = getattr(page, page.__struct_fields__[0])
    headers = dict(_headers(request, more, resume))
    media = MEDIA[form] + _SUFFIXES.get(MEDIA[form], "")
    return Response(_body(form, row, page, rows), headers=headers, media_type=media)


def alone(body: msgspec.Struct) -> Response:
    """An answer that has no pages."""
    return Response(msgspec.json.encode(body), media_type=MEDIA["json"])


def _body(form: str, row: type[msgspec.Struct], page: msgspec.Struct, rows: list[Any]) -> bytes:
    if form == "csv":
        return report.to_csv(columns(row), rows).encode()
    if form == "jsonl":
        return report.to_lines(rows)
    return report.to_ocsf_list(rows) if form == "ocsf" else msgspec.json.encode(page)


def _headers(request: Request, more: str | None, resume: str | None) -> Iterator[tuple[str, str]]:
    if more is not None:
        others = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        query = urlencode([*others, ("cursor", more)])
        # Relative: which host the caller believes to speak to is its own affair.
        yield "Link", f'<{request.url.path}?{query}>; rel="next"'
        yield NEXT, more
    if resume is not None:
        yield RESUME, resume


def _accepted(header: str) -> list[str]:
    """The media types of an Accept header, the most wanted first; everything if it is empty."""
    found: list[tuple[float, str]] = []
    for part in header.split(",")[:32]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            found.append((_quality(dict(one.partition("=")[::2] for one in parameters)), name))
    wanted = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])
    return [name for _, name in wanted] if found else ["*/*"]


def _quality(parameters: Mapping[str, str]) -> float:
    try:
        return min(1.0, max(0.0, float(parameters.get("q", "1"))))
    except ValueError:
        return 0.0
