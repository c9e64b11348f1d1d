"""The pages on which an entry is written out: for the authority, clients, people, the record."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from server_stub.breaches import entry as entries
from server_stub.breaches import paper, paper_pdf
from server_stub.breaches.dossier_questions import SECTION_OF
from server_stub.breaches.duties import Mark
from server_stub.breaches.entry import Entry
from server_stub.breaches.forms import for_authority, forms
from server_stub.breaches.paper import Paper
from server_stub.breaches.paper_facts import Teller
from server_stub.breaches.register import Breach
from server_stub.console import pages_entry
from server_stub.console.asked import no_page
from server_stub.console.page import Visit
from server_stub.storage import store_duties, store_history
from server_stub.wording import Wording

MADE = "paper-made"


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A way in which a paper leaves."""

    media_type: str
    make: Callable[[Paper, Wording], bytes]


def _as_pdf(made: Paper, wording: Wording) -> bytes:
    return paper_pdf.pdf("paper.html", {"paper": made, "w": wording})


FORMATS = {
    "pdf": Format(media_type="application/pdf", make=_as_pdf),
    "txt": Format(
        media_type="text/plain; charset=utf-8",
        make=lambda made, wording: paper.as_text(made, wording).encode(),
    ),
    "json": Format(
        media_type="application/json",
        make=lambda made, _: msgspec.json.format(msgspec.json.encode(paper.as_data(made))),
    ),
}


def show(visit: Visit) -> Response:
    """``/register/{number}/papers``: which papers there are, and what each still lacks."""
    found = pages_entry.looked_at(visit)
    entry, marks = _read(visit, found)
    told = _told(visit, visit.wording, entry, marks)
    made = [
        paper.fill_in(name, forms()[name], visit.wording, told)
        for name in for_authority(entry.profile.authority)
    ]
    return pages_entry.show(visit, entry, "papers", papers=made, formats=tuple(FORMATS))


def one(visit: Visit) -> Response:
    """``/register/{number}/papers/{form}``: one paper, to look at or, with a format, to take."""
    name, found = visit.request.path_params["form"], pages_entry.looked_at(visit)
    if name not in forms():
        raise no_page(visit)
    entry, marks = _read(visit, found)
    wording = _language(visit)
    told = _told(visit, wording, entry, marks)
    made = paper.fill_in(name, forms()[name], wording, told)
    chosen = visit.request.query_params.get("format", "")
    if chosen in FORMATS:
        return _hand_out(visit, found, made, wording, chosen)
    return pages_entry.show(
        visit,
        entry,
        "papers_one",
        paper=made,
        missing=[(need, paper.label(visit.wording, need)) for need in made.missing],
        formats=tuple(FORMATS),
        sections=SECTION_OF,
        said=wording,
    )


def _read(visit: Visit, found: Breach) -> tuple[Entry, list[Mark]]:
    with visit.collector.store.read() as connection:
        return entries.entry_of(connection, found), store_duties.of(connection, found)


def _told(visit: Visit, wording: Wording, entry: Entry, marks: list[Mark]) -> paper.Told:
    teller = Teller(wording=wording, zone=visit.collector.config.zone)
    facts = teller.facts(entry, marks, visit.now)
    return paper.texts_of(entry.answers, facts, teller.answer)


def _language(visit: Visit) -> Wording:
    """The language of the paper, which need not be the visitor's."""
    chosen = visit.request.query_params.get("in", "")
    return visit.collector.languages.get(chosen, visit.wording)


def _hand_out(visit: Visit, found: Breach, made: Paper, wording: Wording, chosen: str) -> Response:
    """The paper as a file; that it left, and exactly which, is noted first."""
    content = FORMATS[chosen].make(made, wording)
    told = {
        "digest": paper.digest(content),
        "form": made.form,
        "format": chosen,
        "language": made.language,
    }
    visit.collector.store.write(
        lambda c: store_history.add_history(
            c, found.id, visit.who, MADE, json.dumps(told, sort_keys=True), visit.now
        )
    )
    file = f"{found.number}-{made.form}-{made.language}.{chosen}"
    return Response(
        content,
        media_type=FORMATS[chosen].media_type,
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )
