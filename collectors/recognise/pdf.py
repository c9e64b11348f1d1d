"""PDF: the text of its pages, by PDFium; pages that are only a picture are named as such.

PDFium is native code over hostile input. It is only ever loaded in the worker, which has no file
system, no network and no rights.
"""

import ctypes
from collections.abc import Iterator
from typing import BinaryIO

import pypdfium2.raw as pdfium

from collectors.recognise.budget import Budget, Nested, PageReader, Part, Refused
from collectors.recognise.pdf_extras import attached, form_of, made_by, notes
from collectors.recognise.verdict import Format, Reason

_LARGEST = 64 << 20
_EMPTY_PAGE = 20
"""A page with fewer letters than this and a large picture is a picture of a page."""
_PICTURE_PAGES = 0.3
_started = False


def start() -> None:
    """Load PDFium. Once, and before a sandbox closes."""
    global _started
    if not _started:
        pdfium.FPDF_InitLibrary()
        _started = True


def pages(file: BinaryIO, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The text of all pages with their fields and notes as one part, then attached files.

    Of a long document every tenth page is read after the first ones.
    """
    content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Refused(Reason.LIMIT)
    start()
    document = pdfium.FPDF_LoadMemDocument64(content, len(content), None)
    if not document:
        encrypted = pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD
        raise Refused(Reason.ENCRYPTED if encrypted else Reason.BROKEN)
    try:
        with form_of(document) as form:
            yield from _document(document, form, budget)
        yield from attached(document, budget, nested)
    finally:
        pdfium.FPDF_CloseDocument(document)


def _document(document: object, form: object, budget: Budget) -> Iterator[Part]:
    count = pdfium.FPDF_GetPageCount(document)
    full = budget.limits.pages
    chosen = [*range(min(count, full)), *range(full, count, 10)]
    texts, pictures = [], 0
    for number in chosen:
        page = _page(document, form, number, budget.reader)
        budget.damaged = budget.damaged or page is None
        text, pictured = page or ("", False)
        texts.append(budget.keep(text))
        pictures += pictured
    yield Part(Format.PDF, "\n".join(texts), made_by=made_by(document))
    if pictures and pictures >= _PICTURE_PAGES * len(chosen):
        yield Part(Format.PDF, problem=Reason.NEEDS_OCR)


def _page(
    document: object, form: object, number: int, reader: PageReader | None
) -> tuple[str, bool] | None:
    """The text of a page, and whether it is a picture that was not read; None for a page that
    cannot be loaded."""
    page = pdfium.FPDF_LoadPage(document, number)
    if not page:
        return None
    try:
        text = _text(page)
        pictured = len(text.strip()) < _EMPTY_PAGE and _has_large_picture(page)
        if pictured and reader is not None:
            read, whole = reader.page(page)
            text, pictured = f"{text}\n{read}", not whole
        return "\n".join((text, *notes(page, form))), pictured
    finally:
        pdfium.FPDF_ClosePage(page)


def _text(page: object) -> str:
    layer = pdfium.FPDFText_LoadPage(page)
    if not layer:
        return ""
    try:
        length = pdfium.FPDFText_CountChars(layer)
        if length <= 0:
            return ""
        buffer = (ctypes.c_ushort * (length + 1))()
        written = pdfium.FPDFText_GetText(layer, 0, length, buffer)
        raw = bytes(buffer)[: max(0, written - 1) * 2]
        return raw.decode("utf-16-le", "replace").replace("\r\n", "\n").replace("\r", "\n")
    finally:
        pdfium.FPDFText_ClosePage(layer)


def _has_large_picture(page: object) -> bool:
    area = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page)
    for index in range(min(pdfium.FPDFPage_CountObjects(page), 200)):
        item = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_IMAGE and _covers(item, area):
            return True
    return False


def _covers(item: object, area: float) -> bool:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return False
    return (right.value - left.value) * (top.value - bottom.value) > 0.4 * area
