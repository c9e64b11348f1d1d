"""Base64 in mails, set aside before a mail is parsed.

The parser of mails takes a line at a time, and nearly all lines of a mail with attachments are
base64. So long blocks of it are taken out, each leaves a line that stands for it, and they are put
back where a part is decoded.
"""

import binascii
import re
from email.message import Message

_BLOCK = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}\r?\n){40,}")
_STAND_IN = "Dossierwacht+block+{:08}+/"
_PLACED = re.compile(r"Dossierwacht\+block\+(\d{8})\+/\n?")


class Blocks:
    """The blocks that were taken out of a mail."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def take(self, content: bytes) -> bytes:
        """The mail without its long blocks of base64."""
        return _BLOCK.sub(self._aside, content)

    def payload(self, part: Message) -> bytes | None:
        """The decoded content of a part, with its blocks; None if it has none."""
        raw = part.get_payload() if self._blocks else None
        if not isinstance(raw, str) or "Dossierwacht+block+" not in raw:
            found = part.get_payload(decode=True)
            return found if isinstance(found, bytes) else None
        whole = _PLACED.sub(self._back, raw)
        if str(part.get("content-transfer-encoding", "")).strip().lower() == "base64":
            try:
                return binascii.a2b_base64(whole.encode("ascii", "ignore"))
            except binascii.Error:
                pass
        part.set_payload(whole)
        found = part.get_payload(decode=True)
        return found if isinstance(found, bytes) else None

    def _aside(self, found: re.Match[bytes]) -> bytes:
        self._blocks.append(found.group())
        return f"{_STAND_IN.format(len(self._blocks) - 1)}\n".encode()

    def _back(self, found: re.Match[str]) -> str:
        number = int(found.group(1))
        return self._blocks[number].decode("ascii") if number < len(self._blocks) else ""
