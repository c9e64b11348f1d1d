"""Enrolment: with a one-time token a laptop gets its name, and learns how to know its collector.

The token carries the pin of the collector's CA. The CA certificate itself is fetched without
trusting anybody and believed only if it has that pin; everything after that goes over TLS from
that CA. The agent need not be running, and need not be stopped: it sees the identity appear. The
device key is made here and its public half sent, signed with itself; the name that comes back must
be the digest of that key.
"""

import argparse
import http.client
import os
import secrets
import ssl
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import UNSET

from agent import __version__, config, enrol_file, identity, machine, retired, sender
from agent.errors import ConfigError, EnrolmentError
from agent.identity import Enrolled
from agent.texts import language_of, say
from agent.trouble import Trouble
from agent.wire import signatures
from agent.wire.messages import (
    CA_PATH,
    ENROL_PATH,
    EnrolReply,
    EnrolRequest,
    Owner,
    Problem,
    bound_to,
    device_name,
    pin_of,
    read_token,
    to_json,
)
from collectors.base import utc_now

LARGEST_CERTIFICATE = 64 * 1024
TIMEOUT = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht enrol``."""
    parser.add_argument("--server", help="address of the collector, https://...")
    parser.add_argument("--token", help="the one-time token from IT; - reads it")
    parser.add_argument(
        "--file", nargs="?", const="", metavar="PATH", help="server and token from enrol.toml"
    )
    parser.add_argument("--owner", choices=("issued", "private"), default="issued")
    parser.add_argument("--agree", action="store_true", help="to the text for a private laptop")
    parser.add_argument("--again", action="store_true", help="replace an earlier enrolment")
    parser.add_argument("--new-key", action="store_true", help="with --again: as another laptop")
    parser.add_argument("--rotate", action="store_true", help="change the key of this laptop")


def main(arguments: argparse.Namespace) -> int:
    """``dossierwacht enrol``."""
    config.prepare_state(arguments.state)
    if arguments.rotate:
        return _rotate(arguments.state)
    if arguments.file is not None:
        return _by_file(arguments)
    if not arguments.server or not arguments.token:
        raise ConfigError("usage: dossierwacht enrol --server URL --token T, --file, or --rotate")
    if identity.enrolled(arguments.state) is not None and not arguments.again:
        raise EnrolmentError("this laptop is enrolled already; use --again to replace that")
    if arguments.owner == "private" and not _agreed(arguments):
        raise EnrolmentError("nothing was changed: a private laptop is enrolled with --agree only")
    if arguments.again:
        _own_key(arguments.state, new=arguments.new_key)
    token = sys.stdin.readline().strip() if arguments.token == "-" else arguments.token  # noqa: S105
    who = enrol(arguments.server, token, arguments.owner, arguments.state, utc_now())
    print(f"enrolled as {who.device} at {who.server}", file=sys.stdout)
    return 0


def _by_file(arguments: argparse.Namespace) -> int:
    """Enrol as a file asks for, once; a laptop that is enrolled there is left as it is."""
    path = Path(arguments.file) if arguments.file else arguments.config / enrol_file.NAME
    wish, who = enrol_file.read(path), identity.enrolled(arguments.state)
    if who is not None and who.server != wish.server:
        raise EnrolmentError(
            f"this laptop is enrolled at {who.server} already; nothing was changed"
        )
    if who is None:
        who = enrol(wish.server, wish.token, "issued", arguments.state, utc_now())
    path.unlink(missing_ok=True)
    print(f"enrolled as {who.device} at {who.server}")
    return 0


def _rotate(state: Path) -> int:
    """Make the next key; the agent has it believed at its next contact, running or not."""
    if identity.enrolled(state) is None:
        raise EnrolmentError("this laptop was not enrolled yet, and has no key to change")
    identity.next_key(state)
    print("a new key was made; it counts as soon as the collector was told")
    return 0


def _own_key(state: Path, *, new: bool) -> None:
    """A key that was changed is no name's digest any more: whoever enrols again needs another."""
    who = identity.enrolled(state)
    public = signatures.public_bytes(identity.device_key(state))
    if new or (who is not None and who.device != device_name(public)):
        identity.next_key(state)
        identity.use_next_key(state)


def _agreed(arguments: argparse.Namespace) -> bool:
    """Whether the person agrees to what the agent does on a laptop of their own."""
    language = language_of(os.environ) or "en"
    print(say(language, "consent-private"), file=sys.stderr)
    if arguments.agree or not sys.stdin.isatty() or arguments.token == "-":  # noqa: S105
        return bool(arguments.agree)
    return input(say(language, "consent-ask") + " ").strip().lower() in ("y", "j", "yes", "ja")


def enrol(server: str, token: str, owner: Owner, state: Path, now: datetime) -> Enrolled:
    """Enrol at ``server``; raises EnrolmentError, and then nothing was changed but the key made."""
    try:
        _, pin = read_token(token)
    except ValueError as error:
        raise EnrolmentError(str(error)) from error
    server = server.rstrip("/")
    ca_pem = fetch_ca(server, pin)
    reply = _ask(server, token, owner, state, ca_pem, now)
    who = Enrolled(
        device=reply.device,
        server=server,
        collector_key=reply.collector_key,
        owner=owner,
        policy_root=reply.policy_root or None,
    )
    identity.save(state, who, ca_pem.encode("ascii"))
    retired.unmark(state)
    return who


def fetch_ca(server: str, pin: str) -> str:
    """The CA certificate (PEM) a server shows, if it has the pin. Raises EnrolmentError."""
    pem = _unverified(server)
    try:
        certificate = ssl.PEM_cert_to_DER_cert(pem)
    except ValueError as error:
        raise EnrolmentError(f"{server} does not show a certificate of its CA") from error
    if not secrets.compare_digest(pin_of(certificate), pin):
        raise EnrolmentError(
            f"{server} is not the collector that made this token: its CA has another pin."
            " Check the address; if it is right, somebody stands between"
        )
    return pem


def _unverified(server: str) -> str:
    """Fetch the CA certificate without believing anybody: the pin is checked by the caller."""
    parts = _address(server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=TIMEOUT, context=context
    )
    try:
        connection.request("GET", parts.path.rstrip("/") + CA_PATH)
        return connection.getresponse().read(LARGEST_CERTIFICATE).decode("ascii", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise EnrolmentError(f"{server} cannot be reached: {error}") from error
    finally:
        connection.close()


def _address(server: str) -> SplitResult:
    parts = urlsplit(server)
    try:
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that cannot be
        usable = False
    if not usable:
        raise EnrolmentError(f"'{server}' is no address of a collector; it begins with https://")
    return parts


def _ask(
    server: str, token: str, owner: Owner, state: Path, ca_pem: str, now: datetime
) -> EnrolReply:
    key = identity.device_key(state)
    public = signatures.public_bytes(key)
    secret, _ = read_token(token)
    serial = machine.serial()
    request = EnrolRequest(
        token=token,
        public_key=identity.key_text(public),
        owner=owner,
        agent_version=__version__,
        host=bound_to(secret, machine.host()),
        serial=bound_to(secret, serial) if serial else UNSET,
    )
    body, uri, nonce = to_json(request), server + ENROL_PATH, secrets.token_urlsafe(24)
    headers = signatures.sign_request(
        key,
        method="POST",
        uri=uri,
        body=body,
        keyid=signatures.ENROLLING,
        nonce=nonce,
        created=now,
    )
    answer = sender.post(ca_pem, uri, headers | {"Content-Type": "application/json"}, body)
    if "trouble" in answer:
        raise EnrolmentError(_why(answer["trouble"], server))
    return _believed(answer["status"], answer["headers"], answer["body"].encode(), nonce, public)


def _believed(
    status: int, headers: dict[str, str], body: bytes, nonce: str, public: bytes
) -> EnrolReply:
    """The reply, if it is one and names this very key; raises EnrolmentError."""
    try:
        if not 200 <= status < 300:
            problem = msgspec.json.decode(body, type=Problem)
            said = "".join(c for c in problem.error.message[:300] if c.isprintable())
            raise EnrolmentError(f"the collector refused: {said}")
        reply = msgspec.json.decode(body, type=EnrolReply)
        signed = signatures.read(headers)
        key = identity.public_key(reply.collector_key)
        signatures.verify_reply(signed, key, status=status, body=body, nonce=nonce)
    except (msgspec.MsgspecError, signatures.SignatureError) as error:
        raise EnrolmentError(f"the collector's reply cannot be believed: {error}") from error
    if reply.device != device_name(public):
        raise EnrolmentError("the collector gave a name that does not belong to this laptop's key")
    return reply


def _why(trouble: str, server: str) -> str:
    if trouble == Trouble.WRONG_CERTIFICATE:
        return f"{server} has a certificate that is not from the CA in the token, or another name"
    return f"{server} cannot be reached; nothing was changed"
