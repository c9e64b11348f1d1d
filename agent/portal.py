"""Telling a captive portal from an attack: networks in hotels and trains want a login first.

Such a network answers plain HTTP in everybody's place and sends the browser to its own page. So the
collector's name is asked for over plain HTTP, once, when TLS to it has failed; nothing but the name
is sent, and what comes back is looked at for one thing: does it lead elsewhere?
"""

from urllib.parse import urlsplit

import requests
import urllib3

PORT = 80
TIMEOUT = 5.0
"""Seconds to connect, and to wait for the first bytes."""
LOGIN_REQUIRED = 511
"""The status that RFC 6585 has for exactly this."""
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})


def stands_before(uri: str, port: int = PORT) -> bool:
    """Whether plain HTTP to the host of ``uri`` leads to somebody else's page."""
    host = urlsplit(uri).hostname or ""
    shown = f"[{host}]" if ":" in host else host
    try:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.get(
                f"http://{shown}:{port}/", timeout=TIMEOUT, allow_redirects=False, stream=True
            )
            status, leads_to = reply.status_code, reply.headers.get("location", "")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        return False
    return status == LOGIN_REQUIRED or (status in _ELSEWHERE and _other_host(leads_to, host))


def _other_host(location: str, host: str) -> bool:
    try:
        named = urlsplit(location).hostname
    except ValueError:
        return True
    return named is not None and named != host
