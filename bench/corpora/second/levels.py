"""How old the children of one file are and what their group is called."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A group and the ages in it."""

    ages: tuple[float, float]
    group: str
    other: str
    stage: str = ""


CRECHE = {
    "nl": "Rupsen,Vlinders,Kikkers,Peuters 2,babygroep,de Bijtjes,Dreumesen,Uiltjes",
    "da": "Mariehønen,Bamsestuen,Myrerne,Solstuen,Blå stue,Rød stue,Krudtuglerne",
    "en": "Toddlers,Ladybirds,Baby room,Ducklings",
}
AFTER_SCHOOL = {
    "nl": "Zeerovers,BSO 7+,Ontdekkers,Boomhut",
    "da": "SFO 1. årgang,SFO gul,Klub 4.-5.",
    "en": "After-school blue,Holiday club",
}
CLASSES = {
    "nl": "groep 7,2mavo1,so-3,vso 2b,groep 5",
    "da": "6.b,8.c,3.a,special 2",
    "en": "Year 7,Year 4,Unit B",
}
"""Of children of any age."""


def level(chance: random.Random, language: str, wanted: str) -> Level:
    """A group of the wanted stage, or of school at any stage."""
    stage = wanted or chance.choice(("po", "po", "vo"))
    if stage in ("kdv", "bso"):
        names = (CRECHE if stage == "kdv" else AFTER_SCHOOL)[language].split(",")
        first, second = chance.sample(names, 2)
        return Level(
            ages=((0.8, 6.2) if language == "da" else (0.4, 4.2)) if stage == "kdv" else (5, 11),
            group=first,
            other=second,
            stage=stage,
        )
    if stage == "jz":
        first, second = chance.sample(CLASSES[language].split(","), 2)
        return Level(ages=(5, 17.3), group=first, other=second, stage=stage)
    return _school(chance, language, stage)


def _school(chance: random.Random, language: str, stage: str) -> Level:
    year = chance.randint(1, 8) if stage == "po" else chance.randint(1, 4)
    letter, other = chance.sample("abc", 2)
    forms: tuple[str, ...]
    if language == "nl":
        start = year + 3.1 if stage == "po" else year + 11.1
        forms = ("{0}{1}", "groep {0}", "{0}", "gr. {0}{1}") if stage == "po" else (
            "{0}hv{2}", "H{0}{1}", "{0}mavo{2}", "{0}vwo{2}", "B{0}{1}")  # fmt: skip
    elif language == "da":
        year = year - 1 if stage == "po" else year + 6
        start, forms = year + 5.8, ("{0}.{1}", "{0}. {1}", "{0}{1}", "{0}. klasse")
    else:
        start, forms = year + (4.2 if stage == "po" else 11), ("Year {0}", "Class {0}{1}", "P{0}")
    form = chance.choice(forms)
    names = [form.format(year, each, ord(each) - 96) for each in (letter, other)]
    return Level(ages=(start, start + 1.2), group=names[0], other=names[1], stage=stage)
