"""Single sign-on against a real identity provider on loopback: who comes in, and who does not."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import ECKey
from sqlalchemy import text

from server_stub.errors import ConfigError
from server_stub.logins import oidc, oidc_provider
from server_stub.storage.store import Store
from tests.collector_on_loopback import run
from tests.console_visit import Console, console
from tests.identity_provider import CLIENT, SECRET, Provider, provider
from tests.test_server_account import acts
from tests.test_server_factors import later, set_up

UNKNOWN = "you have no login here"
FAILED = "did not work"


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, idp: Provider) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("sso") / "state") as made:
        connect(made, idp)
        made.running.command("user", "add", "sanne", "--role", "officer", "--sso", "subject-1")
        made.running.command("user", "add", "stef", "--role", "it", "--sso", "Stef@school.example")
        yield made
    assert not [line for line in made.running.log if "unforeseen" in line]
    assert SECRET.encode() not in made.running.dump()


@pytest.fixture(autouse=True)
def honest(request: pytest.FixtureRequest, at: Console, idp: Provider) -> Iterator[None]:
    """The provider does all right again after each test, and no failure counts for the next."""
    yield
    idp.person, idp.spoil, idp.sign_with, idp.refuse = {"sub": "subject-1"}, {}, "", ""
    at.running.command("login", "set", "--require-factor", "")


def connect(at: Console, idp: Provider) -> str:
    words = ("login", "oidc", "--issuer", idp.url, "--client-id", CLIENT, "--client-secret-stdin")
    return at.running.command(*words, given=SECRET + "\n")


def to_provider(at: Console, session: requests.Session) -> str:
    """Where the console sends a browser."""
    reply = at.get(session, "/login/sso")
    assert reply.status_code == 303, reply.text
    return reply.headers["Location"]


def back(address: str) -> str:
    """Where the provider sends the browser back to."""
    reply = requests.get(address, allow_redirects=False, timeout=20)
    assert reply.status_code == 302
    return reply.headers["Location"]


def come_in(at: Console, session: requests.Session | None = None) -> requests.Response:
    """The whole way: to the provider and back."""
    session = session or at.stranger()
    address = back(to_provider(at, session))
    assert address.startswith(at.running.url + "/login/sso/done?")
    return at.get(session, address.removeprefix(at.running.url))


# --- who comes in ---------------------------------------------------------------------------------


def test_whoever_is_linked_comes_in_and_it_is_noted(at: Console, idp: Provider) -> None:
    session = at.stranger()
    reply = come_in(at, session)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert at.get(session, "/register").status_code == 200
    assert "sanne" in at.get(session, "/account").text
    assert 'action="/account/password"' not in at.get(session, "/account").text
    assert "logged-in" in acts(at, "sanne")


def test_the_way_to_the_provider_carries_what_it_needs_and_no_secret(at: Console) -> None:
    session = at.stranger()
    asked = parse_qs(urlsplit(to_provider(at, session)).query)
    assert asked["redirect_uri"] == [at.running.url + "/login/sso/done"]
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert SECRET not in str(asked)
    assert asked["state"] != asked["nonce"] != asked["code_challenge"]
    again = parse_qs(urlsplit(to_provider(at, session)).query)
    assert not {asked["state"][0], asked["nonce"][0]} & {again["state"][0], again["nonce"][0]}
    (cookie,) = (one for one in session.cookies if one.name.endswith("-sso"))
    assert cookie.secure and cookie.name.startswith("__Host-")
    assert asked["state"][0] not in str(cookie.value)


def test_a_mail_address_counts_only_if_the_provider_proved_it(at: Console, idp: Provider) -> None:
    idp.person = {"sub": "other", "email": "stef@SCHOOL.example", "email_verified": True}
    assert come_in(at).headers.get("Location") == "/"
    for proved in (False, None, "true"):
        idp.person["email_verified"] = proved
        assert UNKNOWN in come_in(at).text


def test_an_address_as_subject_is_nobodys_mail_and_the_other_way_round(
    at: Console, idp: Provider
) -> None:
    idp.person = {"sub": "stef@school.example"}
    assert come_in(at).status_code == 403
    idp.person = {"sub": "other", "email": "subject-1", "email_verified": True}
    assert come_in(at).status_code == 403


def test_unknown_people_are_refused_in_plain_words_and_get_no_login(
    at: Console, idp: Provider
) -> None:
    idp.person = {"sub": "subject-99", "email": "new@school.example", "email_verified": True}
    session = at.stranger()
    reply = come_in(at, session)
    assert reply.status_code == 403
    assert UNKNOWN in reply.text and "subject-99" in reply.text
    assert at.get(session, "/devices").headers["Location"] == "/login"
    assert "subject-99" not in at.running.command("user", "list", "--json")


def test_a_second_factor_is_asked_for_here_too(at: Console, idp: Provider) -> None:
    at.running.command("user", "add", "siem", "--role", "it", "--sso", "subject-2")
    idp.person = {"sub": "subject-2"}
    at.running.command("login", "set", "--require-factor", "it")
    session = at.stranger()
    come_in(at, session)
    assert at.get(session, "/devices").headers["Location"] == "/account/factor"
    totp, _ = set_up(at, session)
    again = at.stranger()
    assert come_in(at, again).headers["Location"] == "/login/code"
    csrf = at.get(again, "/login/code").text.partition('name="csrf" value="')[2].partition('"')[0]
    assert at.post(again, "/login/code", csrf=csrf, code=later(totp)).status_code == 303
    assert at.get(again, "/devices").status_code == 200


def test_who_has_no_password_cannot_log_in_with_any(at: Console) -> None:
    for password in ("", " ", "x" * 300):
        assert at.log_in(at.stranger(), "stef", password).status_code == 401


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ({"nonce": "another"}, "invalid_claim: nonce"),
        ({"nonce": None}, "missing_claim: nonce"),
        ({"aud": "another-client"}, "invalid_claim: aud"),
        ({"aud": ["another-client"]}, "invalid_claim: aud"),
        ({"aud": [CLIENT, "another-client"]}, "invalid_claim: azp"),
        ({"azp": "another-client"}, "invalid_claim: azp"),
        ({"iss": "https://evil.example"}, "invalid_claim: iss"),
        ({"iss": None}, "missing_claim: iss"),
        ({"sub": None}, "missing_claim: sub"),
        ({"sub": ["subject-1"]}, "invalid_claim: sub"),
        pytest.param(
            {"exp": int(time.time()) - oidc.LEEWAY_SECONDS - 5}, "expired_token: exp", id="exp-over"
        ),
        ({"exp": None}, "missing_claim: exp"),
        pytest.param({"iat": int(time.time()) + 3600}, "invalid_claim: iat", id="iat-later"),
        pytest.param({"nbf": int(time.time()) + 3600}, "invalid_claim: nbf", id="nbf-later"),
    ],
    ids=str,
)
def test_a_token_that_says_something_wrong_is_refused(
    at: Console, idp: Provider, spoil: dict[str, Any], why: str
) -> None:
    idp.spoil, before = spoil, len(at.running.log)
    session = at.stranger()
    reply = come_in(at, session)
    assert (reply.status_code, FAILED in reply.text) == (403, True)
    assert at.get(session, "/devices").headers["Location"] == "/login"
    assert why in said(at, before)
    forget_failures(at)


def test_a_token_for_two_that_names_us_as_the_one_who_asked_is_fine(
    at: Console, idp: Provider
) -> None:
    idp.spoil = {"aud": [CLIENT, "another-client"], "azp": CLIENT}
    assert come_in(at).headers.get("Location") == "/"


def test_a_clock_that_is_a_little_off_is_fine(at: Console, idp: Provider) -> None:
    idp.spoil = {"iat": int(time.time()) + oidc.LEEWAY_SECONDS // 2}
    assert come_in(at).headers.get("Location") == "/"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("none", "unsupported_algorithm"),
        ("public", "unsupported_algorithm"),
        ("stranger", "bad_signature"),
    ],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    at: Console, idp: Provider, how: str, why: str
) -> None:
    idp.sign_with, before = how, len(at.running.log)
    assert come_in(at).status_code == 403
    assert why in said(at, before)
    forget_failures(at)


def test_keys_that_were_changed_are_taken_up_at_once(at: Console, idp: Provider) -> None:
    for kind in (ECKey, type(idp.keys[0])):
        old = idp.keys
        idp.rotate(kind)
        assert come_in(at).headers.get("Location") == "/"
        now, idp.keys = idp.keys, old
        idp.sign_with = "stranger"
        assert come_in(at).status_code == 403
        idp.keys, idp.sign_with = now, ""
    forget_failures(at)


def test_an_answer_is_taken_once_and_only_in_the_browser_that_asked(
    at: Console, idp: Provider
) -> None:
    session = at.stranger()
    address = back(to_provider(at, session)).removeprefix(at.running.url)
    assert at.get(at.stranger(), address).status_code == 403
    other = at.stranger()
    to_provider(at, other)
    assert at.get(other, address).status_code == 403
    kept = session.cookies.copy()
    assert at.get(session, address).status_code == 303
    redeemed, before = len(idp.redeemed), len(at.running.log)
    again = at.stranger()
    again.cookies.update(kept)
    assert at.get(again, address).status_code == 403
    assert len(idp.redeemed) == redeemed
    assert "came before" in said(at, before)
    forget_failures(at)


def test_a_code_that_was_used_is_refused_by_the_provider(at: Console, idp: Provider) -> None:
    first = at.stranger()
    address = back(to_provider(at, first)).removeprefix(at.running.url)
    used = parse_qs(urlsplit(address).query)["code"][0]
    assert at.get(first, address).status_code == 303
    second = at.stranger()
    fresh = back(to_provider(at, second)).removeprefix(at.running.url)
    fitting = parse_qs(urlsplit(fresh).query)
    stolen = f"/login/sso/done?state={fitting['state'][0]}&code={used}"
    assert at.get(second, stolen).status_code == 403
    forget_failures(at)


def test_a_code_of_another_login_does_not_fit_this_one(at: Console, idp: Provider) -> None:
    """PKCE: the code belongs to the browser that began."""
    victim, thief = at.stranger(), at.stranger()
    code = parse_qs(urlsplit(back(to_provider(at, victim))).query)["code"][0]
    state = parse_qs(urlsplit(back(to_provider(at, thief))).query)["state"][0]
    assert at.get(thief, f"/login/sso/done?state={state}&code={code}").status_code == 403
    assert code not in idp.redeemed
    forget_failures(at)


def test_an_answer_of_another_provider_or_a_refusal_lets_nobody_in(
    at: Console, idp: Provider
) -> None:
    session = at.stranger()
    address = back(to_provider(at, session)).removeprefix(at.running.url)
    mixed = address.replace("iss=http", "iss=https")
    assert at.get(session, mixed).status_code == 403
    idp.refuse = "access_denied"
    assert come_in(at).status_code == 403
    for path in ("/login/sso/done", "/login/sso/done?state=x&code=y"):
        assert at.get(at.stranger(), path).status_code == 403
    forget_failures(at)


def test_a_provider_that_is_down_is_nobodys_failure(at: Console, idp: Provider) -> None:
    """Otherwise a school behind one address would be shut out with its passwords as well."""
    with provider() as other:
        connect(at, other)
        session = at.stranger()
        address = back(to_provider(at, session)).removeprefix(at.running.url)
    reply = at.get(session, address)
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "30")
    assert "does not answer now" in reply.text
    assert at.running.rows("SELECT 1 FROM login_failures") == []
    connect(at, idp)
    at.running.command("user", "sso", "sanne", "subject-1")
    at.running.command("user", "sso", "stef", "stef@school.example")


def test_failures_are_counted_like_those_of_passwords(at: Console) -> None:
    replies = [at.get(at.stranger(), f"/login/sso/done?state={n}&code=y") for n in range(31)]
    assert [one.status_code for one in replies] == [403] * 30 + [429]
    assert at.log_in(at.stranger(), "olaf", "wrong").status_code == 429
    forget_failures(at)


def test_the_page_of_an_answer_leads_nowhere_else(at: Console) -> None:
    page = at.get(at.stranger(), "/login/sso/done?state=x&code=y").text
    assert 'href="/login?lang=da"' in page
    forget_failures(at)


def said(at: Console, before: int) -> str:
    """The next line of the collector's log, which comes by a pipe."""
    while len(at.running.log) <= before:
        time.sleep(0.01)
    return at.running.log[before]


def forget_failures(at: Console) -> None:
    """So that one test's failures do not shut the next one out: they are all from one address."""
    store = Store(f"sqlite:///{at.running.state / 'collector.db'}")
    store.write(lambda c: c.execute(text("DELETE FROM login_failures")))
    store.close()


# --- on the terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuer", "fine"),
    [
        ("https://login.school.example", True),
        ("https://login.school.example/tenant/v2.0", True),
        ("http://127.0.0.1:8080", True),
        ("http://login.school.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://127.0.0.1", False),
        ("https://user@login.school.example", False),
        ("https://login.school.example/#x", False),
        ("https://", False),
        ("nonsense", False),
    ],
)
def test_a_provider_is_asked_only_where_nobody_listens_in(issuer: str, fine: bool) -> None:
    if fine:
        oidc_provider.check_address(issuer)
    else:
        with pytest.raises(ConfigError):
            oidc_provider.check_address(issuer)


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "http://evil.example/jwks"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
    ids=str,
)
def test_a_provider_that_describes_itself_oddly_is_not_set_up(
    at: Console, idp: Provider, described: dict[str, Any]
) -> None:
    before = at.running.command("login", "show", "--json")
    idp.described = described
    words = ("login", "oidc", "--issuer", idp.url, "--client-id", CLIENT, "--client-secret-stdin")
    try:
        done = run(at.running.state, *words, given="x\n")
    finally:
        idp.described = {}
    assert done.returncode in (1, 2)
    assert at.running.command("login", "show", "--json") == before


def test_what_is_set_is_shown_without_the_secret(at: Console, idp: Provider) -> None:
    shown = at.running.command("login", "show") + at.running.command("login", "show", "--json")
    assert idp.url in shown and "/login/sso/done" in shown
    assert SECRET not in shown
    assert (at.running.state / "oidc-secret").stat().st_mode & 0o077 == 0


def test_two_people_cannot_be_one_at_the_provider(at: Console) -> None:
    done = run(at.running.state, "user", "add", "twin", "--role", "it", "--sso", "subject-1")
    assert (done.returncode, "sanne" in done.stderr) == (1, True)
    done = run(at.running.state, "user", "sso", "stef", "subject-1")
    assert done.returncode == 1


def test_unlinking_and_ending_it_shut_people_out(at: Console, idp: Provider) -> None:
    at.running.command("user", "add", "saar", "--role", "it", "--sso", "subject-3")
    idp.person = {"sub": "subject-3"}
    session = at.stranger()
    assert come_in(at, session).status_code == 303
    at.running.command("user", "sso", "saar", "")
    assert at.get(session, "/devices").headers["Location"] == "/login"
    assert come_in(at).status_code == 403
    at.running.command("login", "oidc-off")
    assert at.get(at.stranger(), "/login/sso").status_code == 404
    assert "/login/sso" not in at.get(at.stranger(), "/login").text
    connect(at, idp)
    assert "/login/sso" in at.get(at.stranger(), "/login").text


def test_another_provider_knows_nobody(at: Console, idp: Provider) -> None:
    """Its subjects are other people: every link ends, and the command says whose."""
    linked = {one["name"]: one["sso"] for one in listed(at) if one["sso"]}
    with provider() as other:
        said = connect(at, other)
        assert all(name in said for name in linked)
        assert not [one for one in listed(at) if one["sso"]]
        assert come_in(at).status_code == 403
    connect(at, idp)
    for name, sso in linked.items():
        at.running.command("user", "sso", name, sso)


def listed(at: Console) -> list[dict[str, Any]]:
    return list(json.loads(at.running.command("user", "list", "--json")))
