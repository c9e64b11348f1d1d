"""Linux: folders that this laptop hands to anybody on the network who asks, by Samba or NFS.

What people share themselves (``net usershare``) lies in files of their own making: a few lines of
``key=value``, read as such.
"""

from collections.abc import Iterable
from pathlib import Path

from collectors.checks.reading import Ini, below, home_text, ini, lines, names, text, yes
from collectors.checks.told import Told, Why

_USERSHARES = "/var/lib/samba/usershares"
_NO_FOLDERS = frozenset({"global", "printers", "print$"})
_ANYBODY = frozenset({"*", "0.0.0.0/0", "::/0"})


def shares(root: Path) -> Told:
    """How many folders are shared with anybody."""
    samba = below(root, "/usr/sbin/smbd").exists()
    nfs = below(root, "/usr/sbin/exportfs").exists()
    if not samba and not nfs:
        return Told(Why.NOT_THERE)
    count = (_by_samba(root) if samba else 0) + (_by_nfs(root) if nfs else 0)
    return Told(Why.OPEN_SHARE if count else Why.NO_OPEN_SHARE, count)


def _by_samba(root: Path) -> int:
    found = _small(ini(text(root, "/etc/samba/smb.conf")))
    sections = {section for section, _ in found} - _NO_FOLDERS
    guests = [one for one in sections if _for_guests(found, one)]
    return len(guests) + sum(map(_open_usershare, _usershares(root)))


def _usershares(root: Path) -> list[str]:
    """What lies there is people's own, so it is opened through no link."""
    found = [path.rpartition("/")[2] for path in names(root, _USERSHARES)]
    return [home_text(below(root, _USERSHARES), name) for name in found]


def _small(found: Ini) -> Ini:
    """Samba knows neither large letters nor blanks in names."""
    return {(s.strip().lower(), k.lower().replace(" ", "")): v for (s, k), v in found.items()}


def _for_guests(found: Ini, section: str) -> bool:
    usual = [found.get(("global", key), "no") for key in ("guestok", "public")]
    own = [
        found.get((section, key), old)
        for key, old in zip(("guestok", "public"), usual, strict=True)
    ]
    there = yes(found.get((section, "available"), "yes"))
    return there and any(map(yes, own))


def _open_usershare(content: str) -> bool:
    return any(
        line.replace(" ", "").lower() in ("guest_ok=y", "guest_ok=yes") for line in lines(content)
    )


def _by_nfs(root: Path) -> int:
    files = ["/etc/exports", *names(root, "/etc/exports.d", ".exports")]
    joined = (text(root, path).replace("\\\n", " ") for path in files)
    return sum(_to_anybody(line.split()) for content in joined for line in lines(content))


def _to_anybody(words: Iterable[str]) -> bool:
    """A line of ``exports``: a folder and its hosts; without a host it is for anybody."""
    _, *hosts = words
    named = [host.partition("(")[0] for host in hosts if not host.startswith("-")]
    return not named or any(host in _ANYBODY or not host for host in named)
