"""Tells a file's format from its first bytes, never by its name: renamed files are the point."""

import lzma
import re
import zipfile
import zlib
from typing import BinaryIO

from collectors.recognise.charsets import utf16_order
from collectors.recognise.ole import tell_kind
from collectors.recognise.verdict import Format

HEAD = 65_536
"""How many bytes of a file are looked at, at most."""

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"%PDF-", Format.PDF),
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (b"PK00PK\x03\x04", Format.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OLE),
    (b"{\\rtf", Format.RTF),
    (b"\xff\xd8\xff", Format.IMAGE),
    (b"\x89PNG\r\n\x1a\n", Format.IMAGE),
    (b"GIF8", Format.IMAGE),
    (b"II*\x00", Format.IMAGE),
    (b"MM\x00*", Format.IMAGE),
    (b"7z\xbc\xaf\x27\x1c", Format.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Format.ARCHIVE),
    (b"\x1f\x8b\x08", Format.PACKED),
    (b"BZh", Format.PACKED),
    (b"\xfd7zXZ\x00", Format.PACKED),
    (b"\x28\xb5\x2f\xfd", Format.ARCHIVE),
    (b"OggS", Format.MEDIA),
    (b"fLaC", Format.MEDIA),
    (b"\x1aE\xdf\xa3", Format.MEDIA),
    (b"SQLite format 3\x00", Format.SQLITE),
    (b"age-encryption.org/v1\n", Format.CIPHER),
    (b"Salted__", Format.CIPHER),
    # The packets that a message of OpenPGP begins with: a session key for a key of a usual size.
    (b"\x84\x5e\x03", Format.CIPHER),
    (b"\x85\x01\x0c\x03", Format.CIPHER),
    (b"\x85\x01\x8c\x03", Format.CIPHER),
    (b"\x85\x02\x0c\x03", Format.CIPHER),
    (b"\xc1\x5e\x03", Format.CIPHER),
    (b"\xc1\xc0\x4c\x03", Format.CIPHER),
    (b"\xc1\xc1\x4c\x03", Format.CIPHER),
    (b"\x8c\x0d\x04", Format.CIPHER),
    (b"\xc3\x0d\x04", Format.CIPHER),
    (b"!BDN", Format.DOCUMENT),
    (b"\x00\x01\x00\x00Standard Jet DB", Format.DOCUMENT),
    (b"\x00\x01\x00\x00Standard ACE DB", Format.DOCUMENT),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", Format.DOCUMENT),
    (b"\xffWPC", Format.DOCUMENT),
    (b"\x78\x9f\x3e\x22", Format.DOCUMENT),
    (b"\x7fELF", Format.OTHER),
)
# Letters a text may begin with too: only with a zero byte close behind.
_SHORT_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"BM", Format.IMAGE),
    (b"ID3", Format.MEDIA),
    (b"MZ", Format.OTHER),
)
_MIMETYPES = {
    b"application/vnd.oasis.opendocument.text": Format.ODT,
    b"application/vnd.oasis.opendocument.spreadsheet": Format.ODS,
    b"application/vnd.oasis.opendocument.presentation": Format.ODP,
}
_LONGEST_MIMETYPE = 200
_NO_ZIP = (
    zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError,
    zlib.error, lzma.LZMAError, LookupError, MemoryError,
)  # fmt: skip
"""What a damaged zip may raise; one that wants too much memory is left to its extractor."""
_OFFICE = (("word/", Format.DOCX), ("xl/", Format.XLSX), ("ppt/", Format.PPTX))
_MAIL_HEAD = re.compile(
    rb"\A(?:From [^\n]*\n)?(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}"
)
_MAIL_FIELD = re.compile(
    rb"^(?:from|to|subject|date|received|return-path|mime-version|message-id|content-type):",
    re.I | re.M,
)
_MARKUP = re.compile(r"\A\s*<(?:\?xml|!--|!doctype|[a-z_])", re.I)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|table|div|p)\b", re.I)
_CALENDAR = re.compile(r"\s*BEGIN:(?:VCALENDAR|VCARD)\s", re.I)
_CIPHER = re.compile(r"\s*-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE|PKCS7)-----")
_JSON = re.compile(r"\A\s*(?:\{\s*[\"}]|\[\s*(?:[\[{\"\]]|-?\d))")


def tell(file: BinaryIO) -> Format:
    """The format of a seekable file. CSV is told later, with the text in hand: it is ``text``."""
    file.seek(0)
    head = file.read(HEAD)
    found = _by_magic(head)
    if found is Format.ZIP:
        return _inside_zip(file)
    if found is Format.OLE:
        return tell_kind(file)
    return found or _by_text(head)


def decode_head(head: bytes) -> str | None:
    """The first bytes as text, or None if they are none."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) & ~1].decode("utf-16", "replace")
    if b"\x00" in head:
        filled_up = head.rstrip(b"\x00")
        if wide := _utf16_without_mark(head):
            return wide
        # A text that was filled up with zeros, as a disk that ran full leaves it, is a text.
        head = filled_up if b"\x00" not in filled_up else b""
        if not head:
            return None
    odd = len(head.translate(None, _USUAL))
    return head.decode("utf-8", "replace") if odd * 50 <= len(head) else None


_ODD = frozenset((*range(1, 7), *range(14, 27), 28, 29, 30, 31, 127))
_USUAL = bytes(code for code in range(256) if code not in _ODD)


def _utf16_without_mark(head: bytes) -> str | None:
    order = utf16_order(head)
    return head[: len(head) & ~1].decode(order, "replace") if order else None


def _by_magic(head: bytes) -> Format | None:
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    for magic, found in _SHORT_MAGIC:
        if head.startswith(magic) and b"\x00" in head[:64]:
            return found
    if b"%PDF-" in head[:1024]:
        return Format.PDF
    if head[4:8] == b"ftyp":
        heif = head[8:12] in (b"heic", b"heix", b"mif1", b"avif")
        return Format.IMAGE if heif else Format.MEDIA
    if head[:4] == b"RIFF":
        return Format.IMAGE if head[8:12] == b"WEBP" else Format.MEDIA
    return Format.TAR if _is_tar(head[:512]) else None


def _is_tar(block: bytes) -> bool:
    """Whether the first block is the head of a member: it carries a sum of its own bytes, and in
    all but the oldest a name of the format."""
    if block[257:262] == b"ustar":
        return True
    if len(block) < 512 or not block[0]:
        return False
    stated = block[148:156].strip(b"\0 ")
    if not stated or stated.strip(b"01234567"):
        return False
    return int(stated, 8) == sum(block) - sum(block[148:156]) + 8 * 0x20


def _by_text(head: bytes) -> Format:
    text = decode_head(head)
    if text is None:
        return Format.OTHER
    if _MAIL_HEAD.match(head) and len(_MAIL_FIELD.findall(head[:8192])) >= 2:
        return Format.MBOX if head.startswith(b"From ") else Format.MAIL
    text = text.lstrip("\ufeff")
    if _CALENDAR.match(text):
        return Format.CALENDAR
    if _CIPHER.match(text):
        return Format.CIPHER
    if _MARKUP.match(text):
        if "<office:document" in text[:4096]:
            return Format.FLAT_ODF
        return Format.HTML if _HTML.search(text[:2048]) else Format.XML
    return Format.JSON if _JSON.match(text) else Format.TEXT


def _by_mimetype(archive: zipfile.ZipFile, names: list[str]) -> Format | None:
    """What the member that OpenDocument begins with says. Its sizes may be lies, so that no more
    is read of it than such a word is long."""
    if "mimetype" not in names:
        return None
    with archive.open("mimetype") as source:
        return _MIMETYPES.get(source.read(_LONGEST_MIMETYPE).strip().removesuffix(b"-template"))


def _inside_zip(file: BinaryIO) -> Format:
    """An office document is a zip with known members. A zip that cannot be listed stays a zip."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if found := _by_mimetype(archive, names):
                return found
    except _NO_ZIP:
        return Format.ZIP
    if "xl/workbook.bin" in names:
        return Format.XLSB
    if "[Content_Types].xml" in names:
        for prefix, found in _OFFICE:
            if any(name.startswith(prefix) for name in names):
                return found
    return Format.ZIP
