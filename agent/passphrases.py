"""Whether a passphrase will do for a stick that may be lost. Pure.

A finder has all the time there is, so length counts and nothing that stands on the stick itself.
"""

SHORTEST = 12
"""Characters. LUKS 2 makes each guess take a second or so; four words are enough."""
LONGEST = 512
"""Bytes that cryptsetup takes."""
FEWEST_DIFFERENT = 6


def fault(passphrase: str, *known: str) -> str | None:
    """Why a passphrase will not do, or None. ``known`` stands on the stick for all to read."""
    if len(passphrase) < SHORTEST:
        return f"it is too short: take {SHORTEST} characters or more, such as four words"
    if len(passphrase.encode("utf-8", "surrogateescape")) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    if len(set(passphrase)) < FEWEST_DIFFERENT:
        return "it repeats the same few characters"
    if not passphrase.isprintable():
        return "it holds characters that cannot be typed everywhere"
    plain = passphrase.casefold().replace(" ", "")
    for text in known:
        word = text.casefold().replace(" ", "")
        if len(word) >= 4 and word in plain and len(plain) - len(word) < SHORTEST:
            return "it is little more than what stands on the stick"
    return None
