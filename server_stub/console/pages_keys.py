"""The officer's page on which the keys are made that open what laptops seal.

Everything secret happens in the browser (``static/opener/keys.js``): it makes the key, saves it,
opens a test with the file that was saved, and sends the public half alone. The test is one that the
browser made itself: a page that opened what the collector hands it, and told the collector, would
open for whoever holds the collector whatever they like.
"""

import json

from starlette.responses import RedirectResponse, Response

from server_stub import recipients
from server_stub.console.asked import no_page
from server_stub.console.page import Visit, render
from server_stub.console.pages_sealed import POLICY
from server_stub.recipients import SLOTS, Wrong
from server_stub.wording import Wording

SAID = (
    "choose",
    "failed",
    "locked-key",
    "made",
    "no-key",
    "trying",
    "wrong",
)
"""What the script may have to say, as the ends of the texts' keys."""


def show(visit: Visit) -> Response:
    """``/keys``: which keys there are, and what is to be done next."""
    return _page(visit)


def enter(visit: Visit) -> Response:
    """``POST /keys``: the public half of a key that the browser has just opened a test with."""
    slot, key = visit.form.get("slot", ""), visit.form.get("key", "").strip()
    if slot not in SLOTS:
        raise no_page(visit)
    wrong = visit.collector.store.write(
        lambda c: recipients.enter(c, slot, key, visit.who, visit.now)
    )
    return _page(visit, 422, wrong) if wrong else RedirectResponse("/keys", 303)


def texts(words: Wording) -> str:
    """What the script says, as JSON."""
    return json.dumps({word: words.text(f"keys.said.{word}") for word in SAID}, ensure_ascii=False)


def _page(visit: Visit, status: int = 200, wrong: Wrong | None = None) -> Response:
    with visit.collector.store.read() as connection:
        known = recipients.all_of(connection)
    reply = render(
        visit,
        "keys.html",
        status,
        slots=SLOTS,
        known=known,
        complete=recipients.is_complete(known),
        lines=recipients.as_policy(known),
        wrong=wrong,
        texts=texts(visit.wording),
    )
    reply.headers["Content-Security-Policy"] = POLICY
    return reply
