"""A home folder to look through, with the truth about it: made by code, the same for the same seed.

The mix of formats and sizes is that of a working laptop: two thirds pictures, code and programs by
number, office documents and mail by weight of work. About one file in a hundred is about pupils, in
every format, in documents and mails and archives; two in a hundred resemble one: invoices, rules of
conduct, empty forms, rosters of staff, orders full of nine-digit numbers. All people are invented.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.demo import documents, sample_home, tables
from agent.demo.people import Language, people, staff
from bench import _writers as write
from bench._writers import Rows, Writer

FULL = 20_000
"""Files of a whole tree; about 2.4 GB."""

JPEG, PNG, FILM = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x18ftypmp42"
PROGRAM = b"\x7fELF\x02\x01\x01\x00"
OTHERS: tuple[tuple[str, int, int, bytes], ...] = (
    ("jpg", 2400, 400_000, JPEG),
    ("png", 700, 207_000, PNG),
    ("bin", 1300, 61_000, PROGRAM),
    ("mp4", 5, 40_000_000, FILM),
)
"""What holds no text: how many in a whole tree, and how large."""

TEXTS: tuple[tuple[str, int, int, int, Writer], ...] = (
    ("docx", 2560, 12_000, 80_000, write.word),
    ("pdf", 2026, 22_000, 60_000, write.pdf),
    ("eml", 1236, 4_000, 76_000, write.mail),
    ("xlsx", 1140, 0, 0, write.sheet),
    ("pptx", 355, 3_000, 650_000, write.slides),
    ("odt", 218, 9_000, 30_000, write.writer),
    ("ods", 118, 0, 0, write.calc),
    ("rtf", 126, 9_000, 0, write.rich),
    ("html", 505, 8_000, 0, write.page),
    ("txt", 1233, 12_000, 0, write.text),
    ("md", 300, 4_000, 0, write.text),
    ("csv", 245, 0, 0, write.table),
    ("log", 120, 90_000, 0, write.text),
    ("js", 3600, 3_300, 0, write.text),
    ("py", 400, 4_000, 0, write.text),
    ("css", 300, 2_000, 0, write.text),
    ("json", 500, 3_000, 0, write.text),
)
"""What holds text: how many in a whole tree, letters of text, bytes of pictures, how."""

PUPIL, DECOY = 218, 420
CARE: dict[Language, tuple[str, ...]] = {
    "nl": ("handelingsplan", "opp", "gespreksverslag", "verwijsbrief"),
    "da": ("underretning", "statusudtalelse", "ppr"),
}
LOOKALIKES: dict[Language, tuple[str, ...]] = {
    "nl": ("factuur", "privacybeleid", "opp-leeg", "lesplan", "nieuwsbrief"),
    "da": ("underretning-skabelon", "referat", "madplan"),
}
FORMS: tuple[tuple[str, Writer], ...] = (
    ("docx", write.word), ("pdf", write.pdf), ("txt", write.text), ("odt", write.writer),
    ("rtf", write.rich), ("html", write.page), ("txt", write.wide_text), ("eml", write.mail),
)  # fmt: skip
GRIDS: tuple[tuple[str, Writer], ...] = (
    ("xlsx", write.sheet), ("csv", write.table), ("ods", write.calc), ("docx", write.word),
    ("pdf", write.pdf), ("html", write.page),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What the tree holds. Paths are relative to it."""

    files: int
    bytes: int
    pupil: tuple[str, ...]
    decoys: tuple[str, ...]


class Making:
    """A tree in the making."""

    def __init__(self, home: Path, files: int, seed: int) -> None:
        self.home = home
        self.share = files / FULL
        self.chance = random.Random(seed)
        self.written = self.size = 0
        self._filler = filler(self.chance)

    def count(self, whole: int) -> int:
        """How many of a kind, of so many in a whole tree."""
        wanted = whole * self.share
        return int(wanted) + (self.chance.random() < wanted % 1)

    def put(self, suffix: str, content: bytes) -> str:
        """Write a file where one of its kind might lie; its path."""
        folder = f"{self.chance.choice(PLACES)}/map {self.chance.randrange(1, 1 + FOLDERS)}"
        path = f"{folder}/{self.chance.choice(STEMS)} {self.written}.{suffix}"
        target = self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.written, self.size = self.written + 1, self.size + len(content)
        return path

    def prose(self, letters: int) -> list[list[str]]:
        """Paragraphs of nothing in particular."""
        wanted = max(200, int(letters * self.chance.uniform(0.3, 1.7)))
        start = self.chance.randrange(len(self._filler) - wanted)
        piece = self._filler[start : start + wanted]
        return [[piece[n : n + 600]] for n in range(0, wanted, 600)]

    def picture(self, size: int) -> bytes:
        wanted = int(size * self.chance.uniform(0.2, 1.8))
        return write.noise(self.chance, JPEG, wanted) if size else b""


PLACES = ("Documenten", "Downloads", "Bureaublad", "Documenten/werk", "Afbeeldingen", "projecten")
FOLDERS = 140
COMMON = "de het een en van in op met voor is dat niet aan er zijn og at det som på af til"
STEMS = ("notitie", "verslag", "kopie", "nieuw", "bijlage", "scan", "export", "concept", "def")


def build(home: Path, files: int, seed: int) -> Truth:
    """Write a tree of about so many files into a new folder, and the truth beside it."""
    making = Making(home, files, seed)
    home.mkdir(parents=True)
    pupil = [making.put(*each) for each in _pupil_files(making, max(8, making.count(PUPIL)))]
    decoys = [making.put(*each) for each in _decoys(making, max(8, making.count(DECOY)))]
    for suffix, whole, size, head in OTHERS:
        for _ in range(making.count(whole)):
            wanted = int(size * making.chance.uniform(0.3, 1.7))
            making.put(suffix, write.noise(making.chance, head, wanted))
    for suffix, whole, letters, picture, writer in TEXTS:
        for _ in range(making.count(whole)):
            rows: Rows = making.prose(letters) if letters else grid(making.chance)
            making.put(suffix, writer(rows, making.picture(picture)))
    for _ in range(making.count(132)):
        members = [(f"{n}.docx", write.word(making.prose(9_000), making.picture(90_000)))
                   for n in range(6)]  # fmt: skip
        making.put("zip", write.zipped(members))
    truth = Truth(files=making.written, bytes=making.size, pupil=tuple(pupil), decoys=tuple(decoys))
    truth_file(home).write_text(json.dumps(asdict(truth)), "utf-8")
    return truth


def truth_file(home: Path) -> Path:
    """Where the truth about a tree is kept: beside it, not in it."""
    return home.with_name(f"{home.name}.truth.json")


def filler(chance: random.Random) -> str:
    """A million letters of invented words, the frequent ones often, with numbers in between."""
    syllables = [a + b for a in "bdfghklmnprstvwz" for b in ("a", "e", "ie", "oo", "ui", "en")]
    common = COMMON.split()
    rare = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(6000)]
    words = common + rare
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    picked = chance.choices(words, weights, k=200_000)
    for at in range(0, len(picked), 90):
        picked[at] = chance.choice(
            (str(chance.randrange(10**9)), f"06-{chance.randrange(10**8):08}", "12-03-2024",
             "sara@example.org", f"{chance.randrange(10**4)},50", str(chance.randrange(10**6)))
        )  # fmt: skip
    return " ".join(picked)


def grid(chance: random.Random) -> list[list[str]]:
    """A sheet of numbers: measurements, stock, money."""
    head = ["Datum", "Code", "Post", "Aantal", "Bedrag", "Saldo"]
    return [head, *(_grid_row(chance) for _ in range(chance.randint(20, 700)))]


def _grid_row(chance: random.Random) -> list[str]:
    return [
        f"{chance.randint(1, 28):02}-{chance.randint(1, 12):02}-2025",
        str(chance.randrange(10**9)),
        chance.choice(STEMS),
        str(chance.randrange(900)),
        f"{chance.randrange(10**5)},{chance.randrange(100):02}",
        str(chance.randrange(10**7)),
    ]


def _pupil_files(making: Making, count: int) -> Iterator[tuple[str, bytes]]:
    for number in range(count):
        language: Language = "da" if number % 10 in (3, 6, 9) else "nl"
        rows = _list(making, language) if number % 2 else _dossier(making, language)
        forms = GRIDS if number % 2 else FORMS
        suffix, writer = forms[(number // 2) % len(forms)]
        made = writer(rows, b"")
        if number % 7 == 5:
            yield "eml", write.mail(making.prose(600), b"", (f"bijlage.{suffix}", made))
        elif number % 11 == 6:
            yield "zip", write.zipped([("lees.txt", b"x"), (f"map/stuk.{suffix}", made)])
        else:
            yield suffix, made


def _decoys(making: Making, count: int) -> Iterator[tuple[str, bytes]]:
    for number in range(count):
        language: Language = "da" if number % 3 == 2 else "nl"
        if number % 2:
            rows, forms = _innocent_list(making, language, number), GRIDS
        else:
            name = LOOKALIKES[language][(number // 2) % len(LOOKALIKES[language])]
            rows, forms = _template(making, name, language), FORMS
        suffix, writer = forms[(number // 2) % len(forms)]
        yield suffix, writer(rows, b"")


def _list(making: Making, language: Language) -> Rows:
    chance = making.chance
    pupils = people(chance, language, chance.randint(12, 29))
    group = chance.choice(("3A", "4B", "5C", "6", "7A"))
    makers: tuple[Callable[[], Rows], ...] = (
        lambda: _texts(tables.class_list(pupils, group), language),
        lambda: _texts(tables.export(pupils, group), language),
        lambda: _texts(tables.absence(chance, pupils), language),
    )
    if language == "da":
        return _texts(tables.danish_class_list(pupils, group), language)
    return chance.choice(makers)()


def _dossier(making: Making, language: Language) -> Rows:
    return _template(making, making.chance.choice(CARE[language]), language)


def _innocent_list(making: Making, language: Language, number: int) -> Rows:
    chance = making.chance
    adults = staff(chance, language, chance.randint(8, 30))
    makers: tuple[Callable[[], list[documents.Row]], ...] = (
        lambda: tables.order(chance), lambda: tables.roster(chance, adults),
        lambda: tables.phone_list(adults), lambda: tables.books(chance),
        lambda: tables.budget(chance), lambda: tables.sums(chance),
    )  # fmt: skip
    return _texts(makers[(number // 2) % len(makers)](), language)


def _template(making: Making, name: str, language: Language) -> Rows:
    writing = sample_home._Writing(making.home, making.home, making.chance)
    (person,) = writing.pupils(language, 1)
    return [list(block.cells) for block in writing.text(name, language, person)]


def _texts(rows: list[documents.Row], language: Language) -> Rows:
    return [[documents._cell(value, language) for value in row] for row in rows]


if __name__ == "__main__":
    build(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
