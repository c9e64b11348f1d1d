"""The questions of the register, as data: those of the authorities' forms, of the organisations'
own protocols and of GDPR article 33(5), each asked once.

A question is one line here and a text in each language (``texts/register/*.toml``). Which form
wants which answers stands with the forms.
"""

from server_stub.breaches.dossier import Question, Section, Shape

ANSWER = ("yes", "no", "unknown")
CATEGORIES = (
    "name",
    "address",
    "phone",
    "e-mail",
    "birth-date",
    "sex",
    "photo",
    "national-number",
    "pupil-number",
    "access-data",
    "grades-and-progress",
    "absence",
    "behaviour",
    "health",
    "care",
    "family-situation",
    "youth-protection",
    "religion-or-origin",
    "financial",
    "identity-document",
    "location",
    "criminal",
    "political-or-union",
    "genetic-or-biometric",
    "sex-life",
    "other",
)
"""Kinds of personal data: those that the agent tells, then those only a person can know of."""
SENSITIVE = frozenset(
    {
        "national-number",
        "health",
        "care",
        "family-situation",
        "youth-protection",
        "religion-or-origin",
        "criminal",
        "political-or-union",
        "genetic-or-biometric",
        "sex-life",
    }
)
"""Kinds whose loss weighs heavily: special categories of the law, and what comes close to them."""
INCIDENTS = (
    "lost-device",
    "lost-stick",
    "paper",
    "missent-mail",
    "published",
    "account-shared",
    "unauthorised-look",
    "attack",
    "left-on-device",
    "wrong-person-shown",
    "other",
)
REPORT_ABOUT = ("own-organisation", "partner-organisation", "school-board", "unknown")
"""Whose data a reported leak is about; which protocol is gone by depends on it."""
REPORTER_ROLES = ("staff", "school-board-staff", "advisory-committee", "other")
EASE = ("negligible", "limited", "significant", "maximum")


def _one(name: str, *words: str) -> Question:
    return Question(name, Shape.ONE, words or ANSWER)


def _some(name: str, *words: str) -> Question:
    return Question(name, Shape.SOME, words)


def _text(name: str) -> Question:
    return Question(name, Shape.TEXT)


def _line(name: str) -> Question:
    return Question(name, Shape.LINE)


def _moment(name: str) -> Question:
    return Question(name, Shape.MOMENT)


def _number(name: str, most: int = 9_999_999, least: int = 0) -> Question:
    return Question(name, Shape.NUMBER, most=most, least=least)


SECTIONS = (
    Section(
        "triage",
        (
            _one("personal-data"),
            _one("security-failed"),
            _one("whose-data", "own", "client", "partner"),
            _one("is-breach", "breach", "suspicion", "no-breach"),
            _text("is-breach-reason"),
        ),
    ),
    Section(
        "timeline",
        (
            _moment("occurred-from"),
            _moment("occurred-to"),
            _one("ongoing"),
            _moment("noticed-at"),
            _moment("reported-at"),
            _one("reported-by", "laptop", "staff", "client", "family", "processor", "outsider"),
            _one("report-about", *REPORT_ABOUT),
            _one("reporter-role", *REPORTER_ROLES),
            _text("reported-late-why"),
            _line("place"),
        ),
    ),
    Section(
        "nature",
        (
            _line("title"),
            _some("types", "confidentiality", "integrity", "availability"),
            _some("happened", "destruction", "loss", "alteration", "disclosure", "access"),
            _one("incident", *INCIDENTS),
            _text("summary"),
            _text("assets"),
        ),
    ),
    Section(
        "parties",
        (
            _one("role", "controller", "processor", "both"),
            _line("owner"),
            _text("clients-concerned"),
            _line("processor-name"),
            _line("sub-processor"),
            _one("agreement"),
            _line("agreement-date"),
            _one("cross-border"),
            _line("other-authorities"),
        ),
    ),
    Section(
        "data",
        (_some("categories", *CATEGORIES), _number("records"), _text("data-description")),
    ),
    Section(
        "people",
        (
            _some("groups", "pupils", "parents", "staff", "clients", "former-pupils", "others"),
            _number("persons-min"),
            _number("persons-max"),
            _one("minors"),
            _line("group-description"),
        ),
    ),
    Section(
        "protection",
        (
            _one("unintelligible", "yes", "partly", "no", "unknown"),
            _line("protection-how"),
            _one("key-safe"),
            _one("copy-kept"),
        ),
    ),
    Section(
        "consequences",
        (
            _some(
                "consequences",
                "loss-of-control",
                "rights-limited",
                "discrimination",
                "identity-theft",
                "financial-loss",
                "reputation",
                "harm",
                "spam-or-phishing",
                "no-consequences",
            ),
            _text("consequences-text"),
        ),
    ),
    Section(
        "severity",
        (
            _number("severity", 10, least=1),
            _text("severity-reason"),
            _one("data-class", "simple", "behavioural", "financial-data", "sensitive-data"),
            _one("data-context", "lower", "as-it-is", "higher", "much-higher"),
            _one("ease", *EASE),
            _one("confidentiality-lost", "none-lost", "exposed", "known-recipients", "anybody"),
            _one("integrity-lost", "none-lost", "altered", "used-recoverable", "not-recoverable"),
            _one("availability-lost", "none-lost", "temporary", "for-good"),
            _one("malicious"),
        ),
    ),
    Section(
        "measures",
        (
            _text("measures-before"),
            _text("measures-taken"),
            _one("evidence-kept"),
            _one("external-help"),
            _text("intended-actions"),
            _text("permanent-fix"),
        ),
    ),
    Section(
        "telling",
        (
            _one("first-report", "complete", "preliminary"),
            _line("authority-reference"),
            _number("subjects-count"),
            _one("subjects-how", "letter", "by-mail", "by-phone", "in-person", "portal", "public"),
            _one(
                "subjects-exception",
                "no-exception",
                "unreadable",
                "risk-removed",
                "too-much-effort",
            ),
            _text("subjects-advice"),
        ),
    ),
    Section(
        "afterwards",
        (
            _text("cause"),
            _moment("effect-checked-at"),
            _text("effect-result"),
            _line("policy-change"),
            _text("prevention"),
        ),
    ),
)
QUESTIONS = {question.name: question for section in SECTIONS for question in section.questions}

SECTION_OF = {question.name: section.name for section in SECTIONS for question in section.questions}


def section_named(name: str) -> Section | None:
    """The section of this name."""
    return next((section for section in SECTIONS if section.name == name), None)
