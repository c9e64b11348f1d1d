"""Signatures: our one profile, checked against an independent library, and what it refuses."""

import base64
from datetime import UTC, datetime, timedelta

import http_message_signatures as oracle
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.wire import signatures
from agent.wire.signatures import SignatureError

KEY = Ed25519PrivateKey.generate()
URI = "https://collector.example:8443/v1/events"
NONCE = "n" * 32
NOW = datetime.now(UTC)


def signed_headers(body: bytes = b"{}", **changes: object) -> dict[str, str]:
    given = {
        "method": "POST",
        "uri": URI,
        "body": body,
        "keyid": "dabcdefgh234567ab",
        "nonce": NONCE,
        "created": datetime.now(UTC),
    }
    return signatures.sign_request(KEY, **{**given, **changes})  # type: ignore[arg-type]


class Resolver(oracle.HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        return KEY.public_key()

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return KEY


def test_the_library_verifies_what_we_sign() -> None:
    request = requests.Request("POST", URI, data=b"{}", headers=signed_headers()).prepare()
    verifier = oracle.HTTPMessageVerifier(
        signature_algorithm=oracle.algorithms.ED25519, key_resolver=Resolver()
    )
    results = verifier.verify(request, max_age=timedelta(minutes=5), expect_tag=signatures.TAG)
    assert '"@target-uri"' in results[0].covered_components
    request.body = b"{ }"
    request.headers["Signature"] = signed_headers(b"other")["Signature"]
    with pytest.raises(oracle.InvalidSignature):
        verifier.verify(request, max_age=timedelta(minutes=5), expect_tag=signatures.TAG)


def test_what_was_signed_verifies() -> None:
    signed = signatures.read(signed_headers(b"body"))
    assert (signed.keyid, signed.nonce) == ("dabcdefgh234567ab", NONCE)
    signatures.verify_request(signed, KEY.public_key(), method="POST", uri=URI, body=b"body")


@pytest.mark.parametrize(
    ("method", "uri", "body"),
    [("GET", URI, b"{}"), ("POST", URI + "x", b"{}"), ("POST", URI, b"{ }")],
)
def test_another_method_address_or_body_does_not_verify(method: str, uri: str, body: bytes) -> None:
    signed = signatures.read(signed_headers())
    with pytest.raises(SignatureError):
        signatures.verify_request(signed, KEY.public_key(), method=method, uri=uri, body=body)


def test_another_key_does_not_verify() -> None:
    other = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(SignatureError):
        signatures.verify_request(
            signatures.read(signed_headers()), other, method="POST", uri=URI, body=b"{}"
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        ('alg="ed25519";', ""),
        ('tag="dossierwacht"', 'tag="other"'),
        ('"@target-uri" ', ""),
        ("sig1=", "sig2="),
        (';nonce="', ';expires=9;nonce="'),
        (NONCE, "short"),
    ],
)
def test_any_other_form_is_not_even_read(old: str, new: str) -> None:
    headers = signed_headers()
    headers["Signature-Input"] = headers["Signature-Input"].replace(old, new)
    with pytest.raises(SignatureError):
        signatures.read(headers)


def test_a_second_signature_beside_ours_is_refused() -> None:
    headers = signed_headers()
    headers["Signature-Input"] += ", " + headers["Signature-Input"].replace("sig1", "sig2")
    with pytest.raises(SignatureError):
        signatures.read(headers)


def test_changed_parameters_do_not_verify() -> None:
    headers = signed_headers()
    headers["Signature-Input"] = headers["Signature-Input"].replace(NONCE, "m" * 32)
    with pytest.raises(SignatureError):
        signatures.verify_request(
            signatures.read(headers), KEY.public_key(), method="POST", uri=URI, body=b"{}"
        )


def test_a_reply_answers_one_request_only() -> None:
    headers = signatures.sign_reply(KEY, status=200, body=b"r", nonce=NONCE, created=NOW)
    signed = signatures.read(headers)
    public = KEY.public_key()
    signatures.verify_reply(signed, public, status=200, body=b"r", nonce=NONCE)
    for status, body, nonce in ((201, b"r", NONCE), (200, b"s", NONCE), (200, b"r", "m" * 32)):
        with pytest.raises(SignatureError):
            signatures.verify_reply(signed, public, status=status, body=body, nonce=nonce)


def test_a_request_is_no_reply_and_a_reply_no_request() -> None:
    request = signatures.read(signed_headers())
    with pytest.raises(SignatureError):
        signatures.verify_reply(request, KEY.public_key(), status=200, body=b"{}", nonce=NONCE)
    reply = signatures.read(
        signatures.sign_reply(KEY, status=200, body=b"{}", nonce=NONCE, created=NOW)
    )
    with pytest.raises(SignatureError):
        signatures.verify_request(reply, KEY.public_key(), method="POST", uri=URI, body=b"{}")


def test_five_minutes_either_way_is_in_time() -> None:
    signed = signatures.read(signed_headers(created=NOW))
    assert not signatures.too_old_or_new(signed, NOW + timedelta(minutes=4))
    assert not signatures.too_old_or_new(signed, NOW - timedelta(minutes=4))
    assert signatures.too_old_or_new(signed, NOW + timedelta(minutes=6))
    assert signatures.too_old_or_new(signed, NOW - timedelta(minutes=6))


def test_a_signature_has_one_spelling() -> None:
    headers = signed_headers()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = headers["Signature"][-4]
    another = letters[letters.index(last) ^ 1]  # one of the bits that base64 leaves over
    headers["Signature"] = headers["Signature"][:-4] + another + "==:"
    with pytest.raises(SignatureError):
        signatures.read(headers)


def test_what_the_library_writes_down_for_our_profile_is_what_we_verify() -> None:
    """It puts parameters in an order of its own, so it is given ours; the rest is its work."""
    body = b'{"made": "by the library"}'
    request = requests.Request("POST", URI, data=body).prepare()
    request.headers["Content-Digest"] = signatures.content_digest(body)
    signer = oracle.HTTPMessageSigner(
        signature_algorithm=oracle.algorithms.ED25519, key_resolver=Resolver()
    )
    covered = ("@method", "@target-uri", "content-digest")
    base, parameters, _ = signer._build_signature_base(
        request,
        covered_component_ids=signer._parse_covered_component_ids(covered),
        signature_params={
            "created": int(NOW.timestamp()),
            "nonce": NONCE,
            "keyid": "dabcdefgh234567ab",
            "alg": "ed25519",
            "tag": signatures.TAG,
        },
    )
    value = signer.signature_algorithm(private_key=KEY).sign(base.encode())
    headers = {
        **request.headers,
        "Signature-Input": f"sig1={parameters}",
        "Signature": f"sig1=:{base64.b64encode(value).decode()}:",
    }
    signed = signatures.read(headers)
    signatures.verify_request(signed, KEY.public_key(), method="POST", uri=URI, body=body)


# The key of RFC 9421, appendix B.1.4, and its message B.2 with its digest. The signature is over
# these five lines, which were written by hand, in our profile; it was made with the key alone.
RFC_KEY = Ed25519PrivateKey.from_private_bytes(
    base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
)
RFC_BODY = b'{"hello": "world"}'
RFC_DIGEST = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
RFC_PARAMETERS = (
    '("@method" "@target-uri" "content-digest");created=1618884473;nonce="b3k2pp5k7z-50gnwp_yemdQ"'
    ';keyid="test-key-ed25519";alg="ed25519";tag="dossierwacht"'
)
RFC_SIGNATURE = (
    "xS22+XBaROJ3MAHu2bRa39xpgs5ye2GLQB12ozxbQQsOGby5ayAnxk89HY60pwMYFfzlJ/w+f2YlB6JzcfjqCg=="
)


def test_the_key_of_the_rfc_over_lines_written_by_hand_verifies_and_is_what_we_make() -> None:
    uri = "https://example.com/v1/events"
    lines = (
        '"@method": POST\n'
        f'"@target-uri": {uri}\n'
        f'"content-digest": {RFC_DIGEST}\n'
        f'"@signature-params": {RFC_PARAMETERS}'
    )
    assert base64.b64encode(RFC_KEY.sign(lines.encode())).decode() == RFC_SIGNATURE
    by_hand = {
        "Content-Digest": RFC_DIGEST,
        "Signature-Input": f"sig1={RFC_PARAMETERS}",
        "Signature": f"sig1=:{RFC_SIGNATURE}:",
    }
    public = Ed25519PublicKey.from_public_bytes(
        base64.urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=")
    )
    read = signatures.read(by_hand)
    signatures.verify_request(read, public, method="POST", uri=uri, body=RFC_BODY)
    ours = signatures.sign_request(
        RFC_KEY,
        method="POST",
        uri=uri,
        body=RFC_BODY,
        keyid="test-key-ed25519",
        nonce="b3k2pp5k7z-50gnwp_yemdQ",
        created=datetime.fromtimestamp(1618884473, UTC),
    )
    assert ours == by_hand
