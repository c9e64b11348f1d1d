"""Protecting files for sending: choose them, note the passphrase down, save the copy.

The files come to this process of the person's own over the loopback address and go no further.
They and the copy lie on the disk without a name, and are gone when they are closed.
"""

import tempfile
import time
from datetime import UTC, datetime
from typing import BinaryIO, cast

from starlette.responses import Response, StreamingResponse

from agent.pages.page import Visit, render
from agent.pages.upload import MOST_BYTES, MOST_FILES, Sent, let_go
from agent.pages.waiting import MINUTES, Copy, Waiting
from agent.protect.copies import Form, ProtectError, Source, told, write_copy
from agent.protect.names import neutral
from agent.protect.passphrase import made as new_passphrase

TYPES = {Form.PDF: "application/pdf", Form.ZIP: "application/zip"}
_TROUBLES = ("many", "large", "full", "not-made")


def show(visit: Visit) -> Response:
    """The form."""
    return _form(visit, None)


def take(visit: Visit) -> Response:
    """Make a copy of the files that came and lead to it; or the form again, with what is wrong."""
    trouble = visit.trouble or ("" if visit.files else "none")
    if trouble:
        return _form(visit, trouble)
    try:
        copy = _copy(visit)
    except ProtectError as error:
        return _form(visit, error.code if error.code in _TROUBLES else "not-made")
    return visit.lead_to(f"protect/{_waiting(visit).put(copy)}")


def ready(visit: Visit) -> Response:
    """One copy, and its passphrase if this is the first look."""
    word = str(visit.request.path_params["word"])
    copy = _waiting(visit).get(word)
    if copy is None:
        return render(visit, "protect_gone.html", 404)
    return render(
        visit,
        "protect_ready.html",
        copy=copy,
        word=word,
        size=_size(copy.size),
        minutes=MINUTES,
        passphrase=_waiting(visit).say_once(word),
    )


def download(visit: Visit) -> Response:
    """The copy itself."""
    copy = _waiting(visit).get(str(visit.request.path_params["word"]))
    if copy is None:
        return render(visit, "protect_gone.html", 404)
    headers = {
        "Content-Disposition": f'attachment; filename="{copy.name}"',
        "Content-Length": str(copy.size),
    }
    return StreamingResponse(copy.pieces(), headers=headers, media_type=TYPES[Form(copy.form)])


def _form(visit: Visit, wrong: str | None) -> Response:
    most = {"most": MOST_FILES, "megabytes": MOST_BYTES // 1024**2}
    return render(visit, "protect.html", 422 if wrong else 200, wrong=wrong, limits=most)


def _copy(visit: Visit) -> Copy:
    """Raises ProtectError."""
    try:
        out = cast(BinaryIO, tempfile.TemporaryFile(dir=visit.house.uploads))  # noqa: SIM115
    except OSError as error:
        raise told(error) from error
    try:
        return _filled(visit, out)
    except BaseException:
        let_go(out)
        raise


def _filled(visit: Visit, out: BinaryIO) -> Copy:
    secret = new_passphrase(visit.language)
    wished = Form.ZIP if visit.form.get("as") == Form.ZIP else None
    content = f"{visit.say('protect-content')}.zip"
    found = write_copy([_source(one) for one in visit.files], out, secret, content, wished)
    return Copy(
        file=out,
        name=neutral(visit.say("protect-file"), datetime.now(UTC).astimezone(), found.form),
        form=found.form,
        why=found.why,
        passphrase=secret,
        made_at=time.monotonic(),
    )


def _source(sent: Sent) -> Source:
    return Source(name=sent.name, file=sent.file)


def _size(size: int) -> str:
    return f"{max(1, size // 1000)} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _waiting(visit: Visit) -> Waiting:
    found = visit.request.app.state.waiting
    assert isinstance(found, Waiting)
    return found
