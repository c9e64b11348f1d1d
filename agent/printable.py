"""Names of files and devices as they can be shown: whoever chose them may have meant to mislead."""


def printable(text: str) -> str:
    """A name as it can be shown: control and direction characters are written out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
