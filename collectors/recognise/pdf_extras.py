"""What a PDF holds beside the text of its pages: values of form fields, notes, attached files.

A filled-in form keeps its values in its fields, not on its page; without them it would look blank.
"""

import ctypes
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pypdfium2.raw as pdfium

from collectors.recognise.budget import Budget, Nested, Part

_MOST_FIELDS = 2000
"""Fields and notes that are read on one page."""
_LONGEST = 64_000
"""Bytes of one value that are read."""
_LONGEST_PROPERTY = 2000
_PROPERTIES = (b"Creator", b"Producer", b"Author")
_WORDED = (
    pdfium.FPDF_FORMFIELD_TEXTFIELD,
    pdfium.FPDF_FORMFIELD_COMBOBOX,
    pdfium.FPDF_FORMFIELD_LISTBOX,
)
"""Fields that hold words; a ticked box says nothing without the page around it."""
_NO_NOTE = (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_WIDGET)


@contextmanager
def form_of(document: Any) -> Iterator[Any]:
    """The form of a document, or None; nothing in it is run."""
    if pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_NONE:
        yield None
        return
    callbacks = pdfium.FPDF_FORMFILLINFO(version=2)
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, callbacks)
    try:
        yield form or None
    finally:
        if form:
            pdfium.FPDFDOC_ExitFormFillEnvironment(form)


def notes(page: Any, form: Any) -> Iterator[str]:
    """The fields of a page as ``name: value``, and what was written on it in notes."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_FIELDS)):
        note = pdfium.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(note)
            if kind == pdfium.FPDF_ANNOT_WIDGET and form:
                yield from _field(form, note)
            elif kind not in _NO_NOTE:
                yield _words(
                    lambda *to, n=note: pdfium.FPDFAnnot_GetStringValue(n, b"Contents", *to)
                )
        finally:
            pdfium.FPDFPage_CloseAnnot(note)


def _field(form: Any, note: Any) -> Iterator[str]:
    if pdfium.FPDFAnnot_GetFormFieldType(form, note) not in _WORDED:
        return
    value = _words(functools.partial(pdfium.FPDFAnnot_GetFormFieldValue, form, note))
    if not value.strip():
        return
    label = _words(functools.partial(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, note))
    if not label:
        name = _words(functools.partial(pdfium.FPDFAnnot_GetFormFieldName, form, note))
        label = name.rpartition(".")[2].partition("[")[0]
    yield f"{label}: {value}"


def attached(document: Any, budget: Budget, nested: Nested) -> Iterator[Part]:
    """The files that are attached, and the data of a form of the newer kind (XFA)."""
    for index in range(pdfium.FPDFDoc_GetAttachmentCount(document)):
        budget.count_member()
        file = pdfium.FPDFDoc_GetAttachment(document, index)
        if file:
            get = functools.partial(pdfium.FPDFAttachment_GetFile, file)
            yield from nested(BytesIO(_content(get, budget)))
    for index in range(max(0, pdfium.FPDF_GetXFAPacketCount(document))):
        budget.count_member()
        if _packet_name(document, index) == b"datasets":
            get = functools.partial(pdfium.FPDF_GetXFAPacketContent, document, index)
            yield from nested(BytesIO(_content(get, budget)))


def _packet_name(document: Any, index: int) -> bytes:
    name = ctypes.create_string_buffer(64)
    pdfium.FPDF_GetXFAPacketName(document, index, name, 64)
    return name.value


def _content(get: Callable[..., int], budget: Budget) -> bytes:
    size = ctypes.c_ulong()
    if not get(None, 0, size):
        return b""
    budget.draw(size.value)
    buffer = ctypes.create_string_buffer(max(1, size.value))
    return buffer.raw[: size.value] if get(buffer, size.value, size) else b""


def _words(get: Callable[..., int]) -> str:
    """A text that PDFium gives as UTF-16: asked for its length first, then for itself."""
    size = min(get(None, 0), _LONGEST)
    if size <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    get(buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace").replace("\r", "\n")


def made_by(document: Any) -> str:
    """The properties that say where a document comes from."""
    return " ".join(_property(document, tag) for tag in _PROPERTIES)


def _property(document: Any, tag: bytes) -> str:
    size = pdfium.FPDF_GetMetaText(document, tag, None, 0)
    if not 2 < size <= _LONGEST_PROPERTY:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDF_GetMetaText(document, tag, buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")
