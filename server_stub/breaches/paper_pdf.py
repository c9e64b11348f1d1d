"""Papers as PDF that a screen reader can read: tagged, with a title and a language (PDF/UA-1).

WeasyPrint needs Pango, a library of the system; without it the other formats remain.
"""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server_stub.errors import Refused

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)


def pdf(name: str, values: Mapping[str, object]) -> bytes:
    """A template as PDF. Nothing is fetched, from nowhere. Raises Refused without Pango."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise Refused(
            501,
            "no-pdf",
            "this machine cannot make PDF: install the package libpangoft2-1.0-0 for it",
        ) from error
    html = _TEMPLATES.get_template(name).render(**values)
    fetcher = URLFetcher(allowed_protocols=())
    made = HTML(string=html, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1")
    assert isinstance(made, bytes)
    return made
