"""Invented towns, streets, schools and numbers to ring, for letterheads and address columns."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

STREETS = {
    "nl": "Kastanjelaan Dorpsstraat Molenweg Ringdijk Kerkplein Beatrixlaan Stationsweg Vlierhof "
    "Havenstraat Marnixkade Zonnebloemstraat Parallelweg",
    "da": "Skolevej Birkevænget Nørregade Engdraget Bakkevej Åboulevarden Kirkestræde Møllevangen "
    "Østerled Fjordvej Lærkeparken Stationspladsen",
}
TOWNS = {
    "nl": "Noordermeer Oudewetering Vlietland Heidebroek Zwaluwdam Lindewaarde Kromhorst Terbeek "
    "Westerveen Almaarstad",
    "da": "Nørreby Ådal Vesterskov Havnsbjerg Søndermark Egelund Birkholm Rødkilde Tranby Lindekær",
}
SCHOOLS = {
    "nl": (
        "De Zonnewijzer", "IKC De Springplank", "CBS Het Kompas", "OBS De Vlieger",
        "Het Rietland College", "SBO De Brug", "Montessorischool Waterrijk", "KDV Ot en Sien",
        "BSO Het Boomhuis", "Scholengemeenschap De Terp", "Jeugdzorg Oostvliet",
    ),
    "da": (
        "Ådalsskolen", "Birkholm Skole", "Børnehuset Mælkebøtten", "Vesterskov Friskole",
        "Egelund Specialskole", "SFO Kometen", "Dagtilbud Søndermark", "Tranby Privatskole",
        "Vuggestuen Spiren", "Ungdomsskolen Fjorden",
    ),
    "en": (
        "International School Waterrijk", "Harbour International Academy", "Little Acorns Nursery",
        "Northern Lights European School", "Oakfield Primary",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where people live, and the school or house they have to do with."""

    language: str
    town: str
    streets: Sequence[str]
    school: str
    first: int
    house: int

    def postcode(self, number: int) -> str:
        if self.language == "da":
            return str(self.first)
        return f"{self.first} {'ABCEGHJKLMNP'[number % 12]}{'ABCDEHJKLPRTV'[number // 7 % 13]}"

    def mobile(self, number: int) -> str:
        """Ranges that are given to nobody, or nearly."""
        tail = f"{number * 7919 % 1000000:06}"
        if self.language == "da":
            return f"{20 + number % 40} {tail[:2]} {tail[2:4]} {tail[4:]}"
        forms = (f"06-00{tail}", f"06 00 {tail[:2]} {tail[2:4]} {tail[4:]}", f"0600{tail}")
        return forms[number % 3]

    @property
    def street(self) -> str:
        return f"{self.streets[self.house % len(self.streets)]} {self.house}"

    @property
    def address(self) -> str:
        return f"{self.street}, {self.postcode(self.house)} {self.town}"

    @property
    def phone(self) -> str:
        if self.language == "da":
            return f"70 00 {self.house % 90 + 10} {self.first % 90 + 10}"
        return f"0{self.first % 90 + 10}0-{self.first * 37 % 900000 + 100000}"

    @property
    def domain(self) -> str:
        letters = "".join(c for c in self.school.lower() if c.isascii() and c.isalpha())
        return f"{letters}.example"


def place(chance: random.Random, language: str) -> Place:
    country = chance.choice(("nl", "da")) if language == "en" else language
    return Place(
        language=country,
        town=chance.choice(TOWNS[country].split()),
        streets=STREETS[country].split(),
        school=chance.choice(SCHOOLS[language]),
        first=chance.randint(1100, 9900),
        house=chance.randint(1, 240),
    )
