"""The second factor: codes of an app by TOTP (RFC 6238), and recovery codes for when it is gone.

A code is good for its own half minute and for the ones before and after it, and once: the last
step of time that was taken is kept. Recovery codes are kept as digests and each is taken once.
"""

import base64
import hmac
import secrets
from datetime import datetime

import pyotp

from server_stub.errors import Refused
from server_stub.logins import guessing, login_key
from server_stub.storage import store_factors
from server_stub.storage.store import Store
from server_stub.storage.store_people import Session, User

RECOVERY_CODES = 10
STEPS_EITHER_WAY = 1
"""How far a telephone's clock may be off, in half minutes."""
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_SECRET, _OFFERED, _RECOVERY = "factor secret", "factor offered", "recovery code"
SITE = "Dossierwacht"


def offered(key: bytes, session: Session) -> str:
    """The secret that a login offers for setting up: the same until a code of it was taken."""
    about = f"{session.digest}:{session.user.factor_step}"
    made = bytes.fromhex(login_key.digest(key, _OFFERED, about))[:20]
    return base64.b32encode(made).decode("ascii")


def uri(secret: str, name: str) -> str:
    """A secret as apps read it from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=SITE)


def step_of(secret: str, given: str, now: datetime) -> int | None:
    """The step of time, in half minutes since 1970, whose code this is; None if of none near."""
    code = "".join(given.split())
    if len(code) != 6 or not code.isascii() or not code.isdecimal():
        return None
    totp, at = pyotp.TOTP(secret), int(now.timestamp()) // 30
    near = range(at - STEPS_EITHER_WAY, at + STEPS_EITHER_WAY + 1)
    fitting = [one for one in near if hmac.compare_digest(totp.generate_otp(one), code)]
    return fitting[0] if fitting else None


def set_up(store: Store, key: bytes, session: Session, given: str, now: datetime) -> list[str]:
    """Keep the secret that was offered and give the recovery codes; none if the code is wrong."""
    user, secret = session.user, offered(key, session)
    step = step_of(secret, given, now)
    if step is None:
        return []
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    sealed = login_key.seal(key, _SECRET, f"{user.id}:{secret}", now)
    digests = [_digest(key, user, code) for code in codes]
    kept = store.write(lambda c: store_factors.set_factor(c, user.id, sealed, step, digests))
    return codes if kept else []


def show(store: Store, key: bytes, user: User, given: str, address: str, now: datetime) -> str:
    """Look at a code: ``code`` or ``recovery`` if it is good, empty if not. Raises Refused."""
    mark, everywhere = guessing.mark_of(user.name), guessing.mark_of(user.name, "code")
    with store.guesses:
        guessing.refuse(store, mark, address, now)
        guessing.refuse_anywhere(store, everywhere, now)
        found = _taken(store, key, user, given, now)
        if not found:
            guessing.note(store, mark, address, now)
            guessing.note(store, everywhere, "", now)
        return found


def _taken(store: Store, key: bytes, user: User, given: str, now: datetime) -> str:
    step = step_of(_secret(key, user, now), given, now)
    if step is not None:
        taken = store.write(lambda c: store_factors.take_step(c, user.id, step))
        return "code" if taken else ""
    digest = _digest(key, user, given)
    return "recovery" if store.write(lambda c: store_factors.take_code(c, user.id, digest)) else ""


def _secret(key: bytes, user: User, now: datetime) -> str:
    """The secret of somebody. Raises Refused if the key that sealed it is gone."""
    opened = login_key.unseal(key, _SECRET, user.factor or "", now) or ""
    whose, _, secret = opened.partition(":")
    if whose != str(user.id):
        raise Refused(409, "factor-lost", "the secret of this second factor cannot be opened")
    return secret


def _recovery_code() -> str:
    """Sixty random bits in three groups that can be read out."""
    text = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return "-".join(text[at : at + 4] for at in range(0, 12, 4))


def _digest(key: bytes, user: User, code: str) -> str:
    plain = "".join(letter for letter in code[:64].lower() if letter in _LETTERS)
    return login_key.digest(key, _RECOVERY, f"{user.id}:{plain}")
