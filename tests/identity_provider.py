"""A small identity provider that really is one: OpenID Connect over HTTP on loopback.

It describes itself, shows its keys, lets the one person who is at its page in, hands out codes that
count once, and checks client, redirect address and PKCE before it gives a token. ``spoil`` says
what is to be wrong with the next token.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "dossierwacht", "an-invented-client-secret"


def by_hand(header: dict[str, Any], claims: dict[str, Any], shared: bytes = b"") -> str:
    """A token that no library would make: unsigned, or signed as if ``shared`` were a secret."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode())
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signed = hmac.digest(shared, text, "sha256") if shared else b""
    return f"{text.decode()}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"


@dataclass
class Provider:
    """Its keys, who is at its page, and the codes that it gave out."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "subject-1"})
    keys: list[RSAKey | ECKey] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    redeemed: list[str] = field(default_factory=list)
    spoil: dict[str, Any] = field(default_factory=dict)
    sign_with: str = ""
    refuse: str = ""
    described: dict[str, Any] = field(default_factory=dict)

    def rotate(self, kind: type[RSAKey] | type[ECKey] = RSAKey) -> None:
        """Sign with a new key from now on, and forget the old one."""
        made: RSAKey | ECKey
        if kind is ECKey:
            made = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
        else:
            made = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"})
        made.ensure_kid()
        self.keys = [made]

    def describe(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            **self.described,
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes on to: back, with a code for the person who is at this page."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        back = {"state": asked["state"], "iss": self.url}
        if self.refuse:
            return f"{asked['redirect_uri']}?{urlencode(back | {'error': self.refuse})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode(back | {'code': code})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A token for a code, or why not."""
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if tuple(map(unquote, given.split(":", 1))) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        self.redeemed.append(form["code"])
        signed = self.sign(self.claims(asked["nonce"]))
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": signed}

    def claims(self, nonce: str) -> dict[str, Any]:
        now = int(time.time())
        made = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        told = made | self.person | self.spoil
        return {name: value for name, value in told.items() if value is not None}

    def sign(self, claims: dict[str, Any]) -> str:
        key = self.keys[0]
        if self.sign_with == "none":
            return by_hand({"alg": "none", "typ": "JWT"}, claims)
        if self.sign_with == "public":  # as if the public key were a shared secret
            header = {"alg": "HS256", "typ": "JWT", "kid": key.kid}
            return by_hand(header, claims, key.as_pem(private=False))
        if self.sign_with == "stranger":
            stranger = RSAKey.generate_key(2048)
            return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, stranger)
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key)


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers, on a port the system chose."""
    made = Provider()
    made.rotate()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(made))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


def _answering(made: Provider) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(place.query).items()}
                self.send_response(302)
                self.send_header("Location", made.authorize(asked))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif place.path == "/.well-known/openid-configuration":
                self.say(200, made.describe())
            elif place.path == "/jwks":
                self.say(200, dict(KeySet(list(made.keys)).as_dict(private=False)))
            else:
                self.say(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.say(*made.token(form, self.headers.get("Authorization", "")))

        def say(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Answers
