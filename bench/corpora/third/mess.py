"""How people type: abbreviations of their trade and slips of the finger.

One writer abbreviates, another does not, so both are decided once for a file. Only words in small
letters are touched, and never a word with a digit: names and numbers stay as they were made.
"""

import random
import re
from collections.abc import Iterator, Sequence

ABBREVIATIONS = {
    "nl": {
        "Met vriendelijke groet": "Mvg", "met vriendelijke groet": "mvg",
        "vriendelijke groet": "vg", "leerkracht": "lk", "leerlingen": "lln", "leerling": "ll",
        "bijvoorbeeld": "bv.", "in verband met": "ivm", "met betrekking tot": "mbt",
        "ten opzichte van": "tov", "onder andere": "o.a.", "door middel van": "dmv",
        "eventueel": "evt.", "afspraak": "afspr.", "intern begeleider": "IB",
    },
    "da": {
        "Med venlig hilsen": "Mvh", "venlig hilsen": "vh", "blandt andet": "bl.a.",
        "i forhold til": "ift.", "for eksempel": "fx", "familien": "fam.",
        "med hensyn til": "mht.", "på grund af": "pga.", "kontaktperson": "ktr.person",
        "med henblik på": "mhp.", "eventuelt": "evt.", "cirka": "ca.",
    },
    "en": {"for example": "e.g.", "with regard to": "re", "as soon as possible": "asap"},
}  # fmt: skip
LONG_WORD = re.compile(r"(?<![\w@.<\-/])[a-zæøåéë]{7,}(?![\w@\-/])")


def blurred(lines: Sequence[str], language: str, chance: random.Random) -> Iterator[str]:
    """The lines as one writer would have typed them.

    Half of the writers make no slips at all, a quarter few, a quarter many.
    """
    hurried, clumsy = chance.random() < 0.45, chance.choice([0.0, 0.0, 0.004, 0.015])
    for line in lines:
        shorter = _abbreviated(line, language) if hurried else line
        yield LONG_WORD.sub(lambda match: _slip(match[0], clumsy, chance), shorter)


def _abbreviated(line: str, language: str) -> str:
    for long, short in ABBREVIATIONS[language].items():
        line = re.sub(rf"(?<![\w@.]){long}(?![\w@]|\.\w)", short, line)
    return line


def _slip(word: str, odds: float, chance: random.Random) -> str:
    if chance.random() >= odds:
        return word
    at = chance.randrange(1, len(word) - 2)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return chance.choice([swapped, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]])
