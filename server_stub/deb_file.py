"""Debian packages as files: made of a few small files, and asked what they are.

A package is an archive of ``ar`` with two tars in it. Made here rather than by ``dpkg-deb``, so
that the same content gives the same bytes and the collector needs no program of the system for it.
"""

import io
import lzma
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.parser import HeaderParser
from pathlib import Path

from server_stub.errors import ConfigError

_MAGIC = b"!<arch>\n"
_HEAD = 60
LARGEST_CONTROL = 1_048_576
"""Bytes of the part of a package that says what it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A file of a package, which belongs to root."""

    path: str
    content: bytes
    mode: int = 0o644


def make(control: str, scripts: Mapping[str, str], parts: list[Part], at: datetime) -> bytes:
    """A package; ``parts`` have paths without a slash at the beginning."""
    said = [Part(path="control", content=control.encode())]
    said += [Part(path=name, content=text.encode(), mode=0o755) for name, text in scripts.items()]
    if settings := [one.path for one in parts if one.path.endswith("agent.toml")]:
        lines = "".join(f"/{path}\n" for path in settings)
        said.append(Part(path="conffiles", content=lines.encode()))
    moment = int(at.timestamp())
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": _tar(said, moment),
        "data.tar.xz": _tar(parts, moment),
    }
    return _MAGIC + b"".join(_member(name, content, moment) for name, content in members.items())


def fields(path: Path) -> dict[str, str]:
    """What a package says of itself, by the names of its fields. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            content = _control(dict(_members(file)))
    except (OSError, ValueError, StopIteration, tarfile.TarError, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or "it is no Debian package"
        raise ConfigError(f"cannot use {path}: {reason}") from error
    return dict(HeaderParser().parsestr(content.decode("utf-8")).items())


def _tar(parts: list[Part], moment: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as made:
        for folder in _folders(parts):
            made.addfile(_info(folder, 0o755, moment, tarfile.DIRTYPE))
        for one in parts:
            info = _info(f"./{one.path}", one.mode, moment, tarfile.REGTYPE)
            info.size = len(one.content)
            made.addfile(info, io.BytesIO(one.content))
    return lzma.compress(out.getvalue(), preset=6)


def _folders(parts: list[Part]) -> list[str]:
    above = {str(folder) for one in parts for folder in Path(one.path).parents}
    return sorted("./" if one == "." else f"./{one}/" for one in above)


def _info(name: str, mode: int, moment: int, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.type = mode, moment, kind
    info.uname = info.gname = "root"
    return info


def _member(name: str, content: bytes, moment: int) -> bytes:
    head = f"{name:<16}{moment:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) % 2)


def _members(file: io.BufferedReader) -> Iterator[tuple[str, bytes]]:
    """The small members in front of the data, with their names."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError
    while len(head := file.read(_HEAD)) == _HEAD and not head.startswith(b"data.tar"):
        size = int(head[48:58])
        if not 0 <= size <= LARGEST_CONTROL:
            raise ValueError
        yield head[:16].decode("ascii").strip().rstrip("/"), file.read(size + size % 2)[:size]


def _control(members: dict[str, bytes]) -> bytes:
    name = next(one for one in members if one.startswith("control.tar"))
    with tarfile.open(fileobj=io.BytesIO(members[name])) as packed:
        for member in packed:
            if member.name.removeprefix("./") == "control" and member.size <= LARGEST_CONTROL:
                found = packed.extractfile(member)
                return found.read() if found else b""
    raise ValueError
