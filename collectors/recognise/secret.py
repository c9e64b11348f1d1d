"""Whether a value may be a password: by its form, since what it opens is nobody's business here."""

import re

from collectors.recognise.rules.password_words import password_words

_SHORTEST, _LONGEST = 4, 64
_PLACEHOLDER = re.compile(
    r"[*•·xX._\-?#/\\]+|[<\[{(%$].*|.*[>\]})%]|.*(?:\\|\$\{|\{\{|://|%[sd(]|…).*|.*[:;]"
)
_DIGEST = re.compile(
    r"\$\w{1,10}\$.*|\{[A-Z0-9-]{3,12}\}.*|(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56,})"
    r"|[0-9A-F]{32,}|[A-Za-z0-9+/]{40,}={0,2}",
)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d\d(?::\d\d)?|\d+[.,]\d+%?")
_ADDRESS = re.compile(
    r"\S+@\S+\.\w+|(?:www\.|\d{1,3}(?:\.\d{1,3}){3}).*|[\w-]+(?:\.[\w-]+)+\.[a-z]{2,4}", re.I
)
_PIN = re.compile(r"\d{4,8}")


def may_be_secret(value: str) -> bool:
    """Whether a value has the form of a password or a code, be it a weak one."""
    if not _SHORTEST <= len(value) <= _LONGEST or any(c.isspace() for c in value):
        return False
    if value.lower() in password_words().none or (
        len(set(value.lower())) < 3 and not value.isdigit()
    ):
        return False
    odd = (_PLACEHOLDER, _DIGEST, _DATE, _ADDRESS)
    return not any(form.fullmatch(value) for form in odd)


def is_strong(value: str) -> bool:
    """Whether a value can hardly be anything but a password or a code: letters with digits or
    signs, or a change of case within, or the digits of a PIN."""
    if not may_be_secret(value):
        return False
    if _PIN.fullmatch(value):
        return True
    letters = any(c.isalpha() for c in value)
    signs = any(not c.isalnum() and c not in "-_.'" for c in value)
    digits = any(c.isdigit() for c in value)
    mixed = any(c.isupper() for c in value[1:]) and any(c.islower() for c in value)
    return letters and (digits or signs or mixed)
