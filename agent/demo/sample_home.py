"""A sample home: what a laptop at a Dutch or Danish school may look like, all of it invented.

Pupil files lie where they lie in life (downloads, desktop, an old folder), between decoys that use
the same words about nobody in particular. ``build`` answers with an inventory: what each file is,
and every name and number that must never be found at the collector.
"""

import os
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.demo import documents, tables
from agent.demo.documents import WRITTEN, Block
from agent.demo.people import Language, Person, bsn, people, staff

TEMPLATES = Path(__file__).parent / "templates"
DAY = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleFile:
    """One file: its path below the home, whether it is about pupils, and about how many."""

    path: str
    is_pupil: bool
    persons: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """What was written. ``planted`` must never appear at the collector, in any spelling here."""

    files: tuple[SampleFile, ...]
    planted: tuple[str, ...]

    @property
    def pupil_files(self) -> tuple[SampleFile, ...]:
        return tuple(file for file in self.files if file.is_pupil)

    @property
    def decoys(self) -> tuple[SampleFile, ...]:
        return tuple(file for file in self.files if not file.is_pupil)


def build(home: Path, seed: int) -> Inventory:
    """Write the sample home into ``home`` (made if missing). The same seed gives the same words."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as workshop:
        writing = _Writing(home, Path(workshop), random.Random(seed))  # noqa: S311  # no secret
        _dutch_pupil_files(writing)
        _danish_pupil_files(writing)
        _dutch_decoys(writing)
        _danish_decoys(writing)
    return writing.inventory()


class _Writing:
    """One sample home in the making: where it goes and what has been put there."""

    def __init__(self, home: Path, workshop: Path, chance: random.Random) -> None:
        self.home = home
        self.workshop = workshop
        self.chance = chance
        self.files: list[SampleFile] = []
        self.planted: set[str] = set()

    def place(self, path: str, *, about: list[Person] | None = None) -> Path:
        """The path for a new file, entered in the inventory; ``about`` are the pupils in it."""
        pupils = about or []
        self.files.append(SampleFile(path=path, is_pupil=bool(pupils), persons=len(pupils)))
        self.plant(pupils)
        self.planted.add(Path(path).name)
        target = self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def pack(self, name: str) -> Path:
        """The path for a file that will travel inside another one."""
        self.planted.add(name)
        return self.workshop / name

    def plant(self, persons: list[Person]) -> None:
        self.planted.update(trace for person in persons for trace in person.traces())

    def pupils(self, language: Language, count: int) -> list[Person]:
        return people(self.chance, language, count)

    def staff(self, language: Language, count: int) -> list[Person]:
        adults = staff(self.chance, language, count)
        self.plant(adults)
        return adults

    def text(self, template: str, language: Language, person: Person | None = None) -> list[Block]:
        """A template filled in, for one pupil or for nobody in particular."""
        adults = self.staff(language, 3)
        values = {f"staff{number}": adult.name for number, adult in enumerate(adults, 1)}
        values |= {"vat": bsn(self.chance), "iban": tables.iban(self.chance)}
        if person is not None:
            born = person.born.strftime(documents.DAY_FORMAT[language])
            values |= {"name": person.name, "given": person.given, "number": person.number}
            values |= {"born": born, "street": person.street, "town": person.town}
            values |= {"phone": person.phone}
        source = (TEMPLATES / f"{template}.txt").read_text("utf-8")
        return documents.parse(source.format_map(values))

    def inventory(self) -> Inventory:
        """Close the home: give the files an age, and say what there is."""
        for age, file in enumerate(self.files):
            when = WRITTEN.timestamp() - age * 3 * DAY
            os.utime(self.home / file.path, (when, when))
        return Inventory(files=tuple(self.files), planted=tuple(sorted(self.planted)))


def _letter(
    writing: _Writing,
    path: str,
    template: str,
    language: Language,
    write: Callable[[Path, list[Block]], None],
) -> None:
    """A text about one pupil; ``{name}`` in the path becomes the pupil's name."""
    (pupil,) = writing.pupils(language, 1)
    target = writing.place(path.format(name=pupil.name), about=[pupil])
    write(target, writing.text(template, language, pupil))


def _dutch_pupil_files(writing: _Writing) -> None:
    group = writing.pupils("nl", 26)
    documents.write_xlsx(
        writing.place("Downloads/Leerlingenlijst groep 7B.xlsx", about=group),
        tables.class_list(group, "7B"),
    )
    others = writing.pupils("nl", 19)
    writing.place("Downloads/export_leerlingen (3).csv", about=others).write_bytes(
        documents.csv_bytes(tables.export(others, "5A"), "nl", "utf-8-sig")
    )
    absent = writing.pupils("nl", 11)
    writing.place("Documenten/absentie week 41.csv", about=absent).write_bytes(
        documents.csv_bytes(tables.absence(writing.chance, absent), "nl", "cp1252")
    )
    write = documents
    _letter(writing, "Documenten/OPP {name} sept 2026.docx", "opp", "nl", write.write_docx)
    _letter(writing, "Bureaublad/verwijsbrief.pdf", "verwijsbrief", "nl", write.write_pdf)
    _letter(writing, "Bureaublad/gesprek 29 sept.txt", "gespreksverslag", "nl", write.write_txt)
    # A document that was renamed by hand: its name says picture, its first bytes do not.
    _letter(writing, "Documenten/oud/IMG_2041.jpg", "handelingsplan", "nl", write.write_docx)
    _forwarded_list(writing)
    _handed_over_archive(writing)


def _forwarded_list(writing: _Writing) -> None:
    pupils = writing.pupils("nl", 14)
    sender, receiver = writing.staff("nl", 2)
    inner = writing.pack("zorgleerlingen bovenbouw.xlsx")
    documents.write_xlsx(inner, tables.class_list(pupils, "8A"))
    documents.write_eml(
        writing.place("Downloads/FW overzicht zorgleerlingen.eml", about=pupils),
        sender=f"{sender.name} <{sender.given.lower()}@kolkwaard.example>",
        to=f"{receiver.name} <{receiver.given.lower()}@kolkwaard.example>",
        subject="FW: overzicht zorgleerlingen",
        text="Ha,\n\nHierbij de lijst voor het zorgoverleg van donderdag. Wil jij kijken wie er nog"
        " een handelingsplan nodig heeft?\n\nGroet\n",
        attached=inner,
    )


def _handed_over_archive(writing: _Writing) -> None:
    pupils = writing.pupils("nl", 17)
    listed, plan = writing.pack("groep 8 naar VO.csv"), writing.pack("warme overdracht.docx")
    listed.write_bytes(documents.csv_bytes(tables.export(pupils, "8B"), "nl", "utf-8"))
    documents.write_docx(plan, writing.text("handelingsplan", "nl", pupils[0]))
    target = writing.place("Bureaublad/overdracht.zip", about=pupils)
    documents.write_zip(target, [listed, plan])


def _danish_pupil_files(writing: _Writing) -> None:
    group = writing.pupils("da", 22)
    documents.write_xlsx(
        writing.place("Downloads/Klasseliste 4.B.xlsx", about=group),
        tables.danish_class_list(group, "4.B"),
        "Ark1",
    )
    others = writing.pupils("da", 18)
    writing.place("Dokumenter/elever udtræk.csv", about=others).write_bytes(
        documents.csv_bytes(tables.danish_class_list(others, "7.A"), "da", "cp1252")
    )
    write = documents
    _letter(writing, "Skrivebord/underretning.odt", "underretning", "da", write.write_odt)
    _letter(writing, "Dokumenter/PPR {name}.docx", "ppr", "da", write.write_docx)
    _letter(writing, "Skrivebord/scan0012.pdf", "statusudtalelse", "da", write.write_pdf)


def _dutch_decoys(writing: _Writing) -> None:
    text, write, chance = writing.text, documents, writing.chance
    write.write_txt(writing.place("Bureaublad/LEES MIJ.txt"), text("leesmij", "nl"))
    write.write_pdf(writing.place("Downloads/Factuur 2026-0412.pdf"), text("factuur", "nl"))
    write.write_docx(writing.place("Documenten/OPP format leeg.docx"), text("opp-leeg", "nl"))
    write.write_odt(writing.place("Documenten/Privacybeleid.odt"), text("privacybeleid", "nl"))
    write.write_docx(writing.place("Documenten/lesplan breuken.docx"), text("lesplan", "nl"))
    write.write_txt(writing.place("Bureaublad/boodschappen.txt"), text("boodschappen", "nl"))
    write.write_photo(writing.place("Bureaublad/IMG_2207.jpg"), chance)
    write.write_xlsx(
        writing.place("Documenten/Rooster team 2026-2027.xlsx"),
        tables.roster(chance, writing.staff("nl", 8)),
    )
    books = write.csv_bytes(tables.books(chance), "nl", "utf-8")
    writing.place("Documenten/boekenlijst groep 7.csv").write_bytes(books)
    write.write_xlsx(writing.place("Downloads/bestelling methodes.xlsx"), tables.order(chance))
    write.write_eml(
        writing.place("Downloads/nieuwsbrief oktober.eml"),
        sender="De Kolkwaard <info@kolkwaard.example>",
        to="team@kolkwaard.example",
        subject="Nieuwsbrief oktober",
        text=write.plain(text("nieuwsbrief", "nl")),
    )
    lesson, sheet = writing.pack("uitleg breuken.docx"), writing.pack("werkblad.csv")
    write.write_docx(lesson, text("lesplan", "nl"))
    sheet.write_bytes(write.csv_bytes(tables.sums(chance), "nl", "utf-8"))
    write.write_zip(writing.place("Downloads/lesmateriaal.zip"), [lesson, sheet])


def _danish_decoys(writing: _Writing) -> None:
    text, write, chance = writing.text, documents, writing.chance
    write.write_docx(
        writing.place("Dokumenter/Underretning skabelon.docx"), text("underretning-skabelon", "da")
    )
    write.write_odt(writing.place("Dokumenter/Referat 22 sept.odt"), text("referat", "da"))
    write.write_pdf(writing.place("Skrivebord/madplan.pdf"), text("madplan", "da"))
    phones = tables.phone_list(writing.staff("da", 6))
    writing.place("Skrivebord/telefonliste personale.csv").write_bytes(
        write.csv_bytes(phones, "da", "cp1252")
    )
    write.write_xlsx(writing.place("Downloads/budget.xlsx"), tables.budget(chance), "Ark1")
