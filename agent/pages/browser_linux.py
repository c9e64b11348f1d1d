"""Linux: the person's browser, by the desktop's own way of opening an address."""

import os
import subprocess

OPENERS = ("/usr/bin/xdg-open", "/usr/bin/gio", "/usr/bin/x-www-browser")
_WORDS = {"/usr/bin/gio": ["open"]}
TAKES = 10.0
"""Seconds within which an opener that found no browser has said so."""


def open_address(address: str) -> bool:
    """Whether a program was found that opens addresses, and did not give up at once."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False  # xdg-open would look for a browser of text, and wait for nobody
    return any(_opened([opener, *_WORDS.get(opener, [])], address) for opener in OPENERS)


def _opened(words: list[str], address: str) -> bool:
    if not os.access(words[0], os.X_OK):
        return False
    try:
        started = subprocess.Popen(
            [*words, address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return started.wait(TAKES) == 0
    except subprocess.TimeoutExpired:
        return True  # it is the browser itself
    except OSError:
        return False
