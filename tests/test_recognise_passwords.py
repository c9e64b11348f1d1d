"""Lists of passwords, kept by people and by programs; and texts that only speak of passwords."""

import io
import json
from datetime import date
from pathlib import Path

import pytest

from collectors.recognise.category import Category
from collectors.recognise.finding import MOST_COUNTED, Also, Finding, band
from collectors.recognise.judge import examine, judge
from collectors.recognise.message import answer
from collectors.recognise.rules import password_words
from collectors.recognise.rules.password_words import load
from collectors.recognise.secret import is_strong, may_be_secret
from collectors.recognise.verdict import Judgement
from tests import documents, rule_mistakes

TODAY = date(2026, 11, 1)
FILE = Path(password_words.__file__).with_name("passwords.toml")
SECRETS = ("Zonnetje12", "regen!boog", "Fiets2024#", "welkom01", "aB3dE5fG")


def look(content):
    raw = content.encode() if isinstance(content, str) else content
    return judge(io.BytesIO(raw), TODAY)


def accounts(content):
    return sum(also.count for also in look(content).also)


def table(*heads, before=(), after=()):
    """Rows whose cells are found by their heads, each with an invented password."""
    rows = [(*before, f"juf{n}", secret, *after) for n, secret in enumerate(SECRETS)]
    return documents.table_text((heads, *rows))


LISTS = {
    "dutch": table("Site", "Gebruikersnaam", "Wachtwoord", before=("Verzonnen",)),
    "dutch without a site": table("Inlognaam", "Wachtwoord"),
    "danish": table("Hjemmeside", "Brugernavn", "Adgangskode", before=("Opdigtet",)),
    "danish in other words": table("Bruger", "Kodeord"),
    "english": table("Login", "Password"),
    "a weak head": table("Systeem", "Login", "Code", before=("Verzonnen",)),
    "chrome": table("name", "url", "username", "password", before=("x", "https://x.example")),
    "firefox": table("url", "username", "password", "httpRealm", before=("https://x.example",),
                     after=("",)),
    "bitwarden": table("folder", "type", "name", "login_uri", "login_username", "login_password",
                       before=("", "login", "x", "https://x.example")),
    "keepass": table("Account", "Login Name", "Password", "Web Site", before=("x",),
                     after=("https://x.example",)),
    "1password": table("Title", "Website", "Username", "Password", before=("x", "x.example")),
    "fields": "\n".join(
        f"Website: verzonnen{n}\nGebruikersnaam: juf{n}\nWachtwoord: {secret}\n"
        for n, secret in enumerate(SECRETS)
    ),
    "lines below a title": "Wachtwoorden\n" + "\n".join(
        f"Verzonnen {n}: juf{n} / {secret}" for n, secret in enumerate(SECRETS)
    ),
    "lines without an account": "Mine adgangskoder:\n" + "\n".join(
        f"- Opdigtet {n}: {secret}" for n, secret in enumerate(SECRETS)
    ),
    "lines with a word for each": "\n".join(
        f"Verzonnen {n} - gebruikersnaam juf{n} wachtwoord {secret}"
        for n, secret in enumerate(SECRETS)
    ),
    "danish lines with a word for each": "\n".join(
        f"Opdigtet {n}: brugernavn p{n}, kode: {secret}" for n, secret in enumerate(SECRETS)
    ),
    "rows below a title": "Wachtwoorden\n" + "\n".join(
        f"Verzonnen {n}\tjuf{n}@example.org\t{secret}" for n, secret in enumerate(SECRETS)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_found_whoever_kept_it(name):
    verdict = look(LISTS[name])
    assert verdict.also == (Also(finding=Finding.PASSWORD_LIST, count=len(SECRETS)),)
    assert verdict.verdict is Judgement.CLEAN


def test_a_list_is_found_in_the_documents_people_keep_it_in():
    rows = [("Site", "Gebruikersnaam", "Wachtwoord")]
    rows += [("Verzonnen", f"juf{n}", secret) for n, secret in enumerate(SECRETS)]
    for made in (documents.excel(rows), documents.word(rows=rows), documents.calc(rows)):
        assert accounts(made) == len(SECRETS)
    assert accounts(documents.packed([("a/b", documents.excel(rows))])) == len(SECRETS)


def test_logins_of_pupils_are_a_pupil_file_and_a_list_of_passwords():
    heads = ("Leerling", "Klas", "Geboortedatum", "Gebruikersnaam", "Wachtwoord")
    rows = [(*row[:3], row[0][:4], SECRETS[n % 5]) for n, row in enumerate(documents.ROWS)]
    verdict = look(documents.table_text((heads, *rows)))
    assert verdict.verdict is Judgement.PUPIL
    assert Category.ACCESS_DATA in verdict.categories
    assert [also.count for also in verdict.also] == [len(rows)]


HARD = {
    "a policy": "Wachtwoorden\nEen wachtwoord heeft ten minste 12 tekens.\nWachtwoord: minimaal 12 "
    "tekens, met hoofdletters.\nDeel een wachtwoord nooit.\nGebruikersnaam: je eigen naam.",
    "a form": "Gebruikersnaam: ........\nWachtwoord: ........\n" * 4,
    "an empty table": table("Site", "Gebruikersnaam", "Wachtwoord").replace("juf", "").replace(
        "Zonnetje12", "").replace("regen!boog", "").replace("Fiets2024#", "").replace(
        "welkom01", "").replace("aB3dE5fG", ""),
    "a template": documents.table_text(
        (("Site", "Username", "Password"),
         *((f"s{n}", f"user{n}", "<password>") for n in range(5)))),
    "placeholders": documents.table_text(
        (("Username", "Password"), ("a", "changeme"), ("b", "********"), ("c", "${PASS}"),
         ("d", "xxxx"), ("e", "{{ pw }}"))),
    "a description of fields": documents.table_text(
        (("Field", "User", "Password"), ("type", "string", "string"), ("must", "yes", "required"),
         ("size", "varchar(64)", "varchar(255)"))),
    "a system file": "".join(
        f"user{n}:$6$saltsalt${'ab' * 43}:19000:0:99999:7:::\n" for n in range(5)),
    "digests": documents.table_text(
        (("username", "password"), *((f"u{n}", f"{n:032x}") for n in range(5)))),
    "code": "\n".join(
        f'def login{n}():\n    username = "u{n}"\n    password = "Geheim{n}x!"\n    return f()'
        for n in range(5)),
    "a configuration": "\n".join(
        f"server{n} {{\n  username: app\n  password: ${{PASSWORD_{n}}};\n}}" for n in range(5)),
    "keys of licences": documents.table_text(
        (("Programma", "Licentiesleutel"),
         *((f"p{n}", f"AB{n}CD-EFGH{n}-IJKL{n}") for n in range(5)))),
    "serial numbers": documents.table_text(
        (("Gebruiker", "Serienummer"), *((f"juf{n}", f"SN{n}X9Y8") for n in range(5)))),
    "products with a code": documents.table_text(
        (("Title", "Code"), *((f"Boek {n}", f"A{n}B{n}C9") for n in range(5)))),
    "one password in a letter": "Beste ouder,\nGebruikersnaam: ouder12\nWachtwoord: Zonnetje12\n",
    "a list of telephone numbers": "Logins\nJan: 0612345678\nPiet: 0687654321\nKees: 0611112222",
    "examples of weak ones": "Sterke wachtwoorden\nKies geen wachtwoord als Welkom01.\n"
    "Het wachtwoord Zomer2024 is te raden.\nOok wachtwoord Lente2025 staat op elke lijst.",
    "rooms below a title": "Logins\nLokaal: B12a\nLokaal: C14b\nLokaal: D3\nGang: 2e verdieping",
    "words below a title": "Kodeord\nUge 12: hest, kat, hund\nUge 13: bil, bus\nUge 14: ko",
    "a manual page": "Set username \\fIuser\\fR and password \\fIpassword\\fR here.\n" * 4,
    "types": "username : Union[str, None], password : Union[str, None]\n" * 4,
    "links": "Logins\nA: https://a.example/x1\nB: https://b.example/x2\nC: www.c.example",
    "addresses of mail": documents.table_text(
        (("Account", "Password"), *((f"u{n}", f"u{n}@example.org") for n in range(5)))),
    "dates": documents.table_text(
        (("Gebruiker", "Wachtwoord"), *((f"u{n}", f"0{n + 1}-03-2026") for n in range(5)))),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_what_only_speaks_of_passwords_is_no_list(name):
    assert look(HARD[name]).also == ()


def test_a_password_never_leaves_the_worker():
    heads = ("Leerling", "Klas", "BSN", "Wachtwoord", "Gebruikersnaam")
    rows = [(row[0], row[1], "123456782", SECRETS[n % 5], f"u{n}") for n, row in
            enumerate(documents.ROWS)]  # fmt: skip
    for content in (
        documents.table_text((heads, *rows)),
        "\n".join((*documents.LETTER, "BSN 123456782, wachtwoord: Zonnetje12", "Login: sanne",
                   "Wachtwoord: Zonnetje12")),
        "\n".join((*documents.LETTER, "BSN 123456782, wachtwoord: Zonnetje12")),
        "\n".join((*documents.LETTER, "BSN 123456782 met wachtwoord Zonnetje12.")),
        *LISTS.values(),
    ):  # fmt: skip
        verdict, why = examine(io.BytesIO(content.encode()), TODAY)
        said = json.dumps(json.loads(answer(verdict, why, show=True)), ensure_ascii=False)
        assert not any(secret.lower() in said.lower() for secret in SECRETS)


@pytest.mark.parametrize("value", ["Zonnetje12", "regen!boog", "aB3dE5fG", "4821", "482193"])
def test_what_may_be_a_password(value):
    assert may_be_secret(value)
    assert is_strong(value)


@pytest.mark.parametrize(
    "value",
    ["", "abc", "twee woorden", "********", "<wachtwoord>", "${X}", "x@example.org", "12-03-2026",
     "14:05", "https://a.example", "d41d8cd98f00b204e9800998ecf8427e", "{SSHA}abcdef", "changeme",
     "192.168.1.1", "www.example.org", "12,50", "1.234,56%", "x" * 65],
)  # fmt: skip
def test_what_is_no_password(value):
    assert not is_strong(value)


def test_a_count_is_told_as_a_band():
    assert [band(n) for n in (1, 9, 10, 49, 50, 199, 200, 20_000)] == [
        (1, 9), (1, 9), (10, 49), (10, 49), (50, 199), (50, 199), (200, 9999), (200, 9999),
    ]  # fmt: skip
    assert band(MOST_COUNTED) == (200, MOST_COUNTED)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("users = [", "user = [", "unknown key 'user'"),
        ('"wachtwoord", "wachtwoorden"', '"Wachtwoord", "wachtwoorden"', "small letters"),
        ('weak = ["code"', 'weak = ["codes"', "'codes' does not stand in passwords"),
        ('"changeme", ', '"changeme", "changeme", ', "stands there twice"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path, old, new, said):
    rule_mistakes.expect(load, FILE, tmp_path, old, new, said)
