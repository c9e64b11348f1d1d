"""Exports of pupil systems, put together from invented people: their structure is what is real."""

import base64

from tests import documents

PEOPLE = (
    ("Sanne", "", "Vuurbloem", "2016-03-12", "V"),
    ("Mees", "van der", "Zandloper", "2015-08-30", "M"),
    ("Yara", "", "Wolkenveld", "2015-12-01", "V"),
    ("Bilal", "", "Regenhout", "2016-06-17", "M"),
    ("Freja", "", "Mosgroen", "2016-02-09", "V"),
)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
BRON = "http://www.edustandaard.nl"
DECIBEL = (
    "Stamnr;INITIALS;FIRSTNAME;PREFIX;LASTNAME;Email;GENDER;BIRTHDATE;STREET;HOUSENR;HOUSENRSUFIX;"
    "POSTALCODE;CITY;Loginaccount.Naam;Mobiel_nr;EXTERNEID;STUDYPERIOD;CLASS;PROFILECODE;"
    "PROFILEDESC;studiebegindatum;studieeinddatum;CMENTORCODE;CMENTORNAME;PMENTORCODE;PMENTORNAME;"
    "PMENTORMAIL;CMENTORMAIL;LOCATION;STUDY"
)
AMN = (
    "deelnemersnummer;voornaam;voorvoegsel;achternaam;geboortedatum;geslacht;groep;crebonummer;"
    "email;gebruikersnaam"
)


def edexml(people=PEOPLE, namespace=""):
    pupils = "".join(
        f'<leerling key="l{n}"><achternaam>{last}</achternaam><voorvoegsel>{prefix}</voorvoegsel>'
        f"<voorletters-1>{first[:1]}</voorletters-1><roepnaam>{first}</roepnaam>"
        f"<geboortedatum>{born}</geboortedatum><geslacht>{1 if sex == 'M' else 2}</geslacht>"
        f'<jaargroep>5</jaargroep><groep key="g5"/></leerling>'
        for n, (first, prefix, last, born, sex) in enumerate(people)
    )
    return (
        f"{XML}<EDEX{namespace}><school><schooljaar>2025-2026</schooljaar>"
        f"<brincode>99XX</brincode><xsdversie>2.1</xsdversie></school><groepen><groep key='g5'>"
        f"<naam>5A</naam></groep></groepen><leerlingen>{pupils}</leerlingen></EDEX>"
    )


def oso(year, prefix="", inside=""):
    mark = f":{prefix[:-1]}" if prefix else ""
    pupil = inside or (
        f"<{prefix}achternaam>Vuurbloem</{prefix}achternaam><{prefix}roepnaam>Sanne"
        f"</{prefix}roepnaam><{prefix}geboortedatum>2016-03-12</{prefix}geboortedatum>"
    )
    return (
        f'{XML}<{prefix}dossier xmlns{mark}="{BRON}/oso_gegevensset/{year}"><{prefix}metadata>'
        f"<{prefix}overdrachtsoort>overstap</{prefix}overdrachtsoort></{prefix}metadata>"
        f"<{prefix}leerling>{pupil}</{prefix}leerling></{prefix}dossier>"
    )


def oso_with_attachment():
    plan = base64.b64encode(documents.word(documents.LETTER)).decode()
    return oso(
        2023, inside=f"<leerlingid>77</leerlingid><bijlage><inhoud>{plan}</inhoud></bijlage>"
    )


def uwlr(soap=False, pupils=5):
    taken = "".join(
        f"<toetsafname><leerlingid>{100234 + n}</leerlingid><resultaten><resultaat>"
        f"<afnamedatum>2026-01-20</afnamedatum><toetscode>REK-M5</toetscode><score><scoretype>"
        f"vaardigheidsscore</scoretype><waarde>{200 + n}</waarde></score></resultaat></resultaten>"
        f"</toetsafname>"
        for n in range(pupils)
    )
    body = (
        f'<leerresultaten_verzoek xmlns="{BRON}/leerresultaten/2/leerresultaten"><school>'
        f"<brincode>99XX</brincode></school><toetsafnames>{taken}</toetsafnames>"
        f"</leerresultaten_verzoek>"
    )
    return XML + (envelope(body) if soap else body)


def envelope(body):
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<S:Envelope xmlns:S="{space}"><S:Header/><S:Body>{body}</S:Body></S:Envelope>'


def parnassys():
    pupils = "".join(
        f"<leerling><id>{n}</id><leerlingNummer>{1000 + n}</leerlingNummer><achternaam>{last}"
        f"</achternaam><tussenvoegsel>{prefix}</tussenvoegsel><roepNaam>{first}</roepNaam>"
        f"<geboortedatum>{born}T00:00:00</geboortedatum><geslacht>Man</geslacht></leerling>"
        for n, (first, prefix, last, born, _) in enumerate(PEOPLE)
    )
    return XML + envelope(
        f'<n:getLeerlingenResponse xmlns:n="http://www.topicus.nl/parnassys"><leerlingen>{pupils}'
        "</leerlingen></n:getLeerlingenResponse>"
    )


def rows(head, row, between="\r\n"):
    told = [row(n, *person) for n, person in enumerate(PEOPLE)]
    return between.join(([head] if head else []) + told) + between


def parnassys_table():
    return rows(
        "id;leerlingNummer;achternaam;tussenvoegsel;roepNaam;voornamen;geboortedatum;geslacht",
        lambda n, first, prefix, last, born, sex: (
            f"{n};{1000 + n};{last};{prefix};{first};{first};{born};{sex}"
        ),
    )


def magister(delimiter=","):
    return rows(
        "Stamnummer,Roepnaam,Tussenvoegsel,Achternaam,Klas,Klassenmentor 1",
        lambda n, first, prefix, last, born, sex: (
            f'{1000 + n},{first},{prefix or chr(34) * 2},{last},1A,"KVB"'
        ),
    ).replace(",", delimiter)


def decibel():
    return rows(
        DECIBEL,
        lambda n, first, prefix, last, born, sex: (
            f"{1000 + n};{first[0]}.;{first};{prefix};{last}é;{n}@example.org;{sex};{born};Denkweg;"
            f"{n};;1234AB;Verzonnen;{1000 + n};0600000001;{1000 + n};2025-2026;1A;;;01-08-2025;"
            f"31-07-2026;KVB;Karin Bosrand;;;;k@example.org;hoofd;havo"
        ),
    )


def amn():
    return rows(
        AMN,
        lambda n, first, prefix, last, born, sex: (
            f"{1000 + n};{first};{prefix};{last};{born.replace('201', '200')};{sex};1A;25655;"
            f"{n}@example.org;leerling{n}"
        ),
    )


def uni_login(head="UNI-Login;Navn;Klasse;Adgangskode", split=False):
    return rows(
        head,
        lambda n, first, prefix, last, born, sex: (
            f"{first[:4].lower()}00{n}1;{first}{';' if split else ' '}{last};5.A;Hest{n}4kat"
        ),
    )


def skola24():
    """A list without a head row, with Swedish numbers."""
    return rows(
        "",
        lambda n, first, prefix, last, born, sex: (
            f"Påhittade skolan;Avd Blå;{swedish(born, 230 + n)};{first};{last};N"
        ),
    )


def swedish(born, serial):
    day = born.replace("-", "")
    digits = [int(digit) for digit in f"{day[2:]}{serial}"]
    doubled = [d * 2 - 9 * (d > 4) if n % 2 == 0 else d for n, d in enumerate(digits)]
    return f"{day}-{serial}{-sum(doubled) % 10}"


def schema(space, *elements):
    """A schema of such a format, with the documentation that schemas have."""
    fields = "".join(
        f'<xs:element name="{name}" type="xs:string" minOccurs="0"><xs:annotation>'
        f"<xs:documentation>{name} van de leerling, zoals in het leerlingdossier</xs:documentation>"
        "</xs:annotation></xs:element>"
        for name in elements
    )
    return (
        f'{XML}<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{space}" '
        f'xmlns="{space}"><xs:element name="leerling"><xs:complexType><xs:sequence>{fields}'
        "</xs:sequence></xs:complexType></xs:element></xs:schema>"
    )
