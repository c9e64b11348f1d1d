"""The answer of recognition: what one file is, how sure, and why, in closed words and numbers.

Every word here may leave the laptop, so each stands in an enumeration and none is free text. A
verdict is three-valued on purpose: a file that could not be read is ``unreadable`` with a reason
and never ``clean``.
"""

from dataclasses import dataclass
from enum import StrEnum

from collectors.recognise.category import Category, is_sensitive
from collectors.recognise.finding import Also

DETECTOR = 7
"""The detector's version. A change of rules raises it, and every file is judged again."""

MOST_PERSONS = 9999


class Judgement(StrEnum):
    """What a file is."""

    PUPIL = "pupil"
    CLEAN = "clean"
    UNREADABLE = "unreadable"


class Kind(StrEnum):
    """The class of a pupil file; ``none`` for every other file."""

    NONE = "none"
    PUPIL_LIST = "pupil-list"
    """Rows of pupils or clients: class, contact, photo, absence lists; exports of a system."""
    PROGRESS = "progress"
    """Marks, scores, attendance."""
    CARE = "care"
    """Support needs, health, plans."""
    SAFETY = "safety"
    """Child protection, reports of concern, custody."""
    PERSON_RECORD = "person-record"
    """One or a few pupils without one of the topics above."""
    CLOSED_DOSSIER = "closed-dossier"
    """About one or a few pupils, and says since when it is closed, whatever its topic."""


class Evidence(StrEnum):
    """What was found. Evidence about persons and about the topic; counter-evidence after it."""

    BSN = "bsn"
    CPR = "cpr"
    BIRTH_DATE = "birth-date"
    """A name with the birth date of somebody young."""
    ROSTER = "roster"
    """A table with a name column and columns that only pupil lists have."""
    PUPIL_NUMBER = "pupil-number"
    NAME_LABEL = "name-label"
    """A filled-in field such as "pupil's name"."""
    NAME_LIST = "name-list"
    """A list of names under a class or group."""
    MENTION = "mention"
    """A name said to be a pupil, a client or a member of a class."""
    RECORD = "record"
    """A record of a pupil exchange format."""
    EXCHANGE_FORMAT = "exchange-format"
    """The structure of an export of a pupil system; one of the next nine says which."""
    EDEXML = "edexml"
    OSO = "oso"
    UWLR = "uwlr"
    PARNASSYS = "parnassys"
    MAGISTER = "magister"
    AMN = "amn"
    UNI_LOGIN = "uni-login"
    SKOLA24 = "skola24"
    KINDKANS_EXPORT = "kindkans-export"
    """Printed or exported by Kindkans, in which schools exchange pupils with their partnership."""
    CARE_WORDS = "care-words"
    SAFETY_WORDS = "safety-words"
    PROGRESS_WORDS = "progress-words"
    SCHOOL_WORDS = "school-words"
    BLANK_FORM = "blank-form"
    POLICY = "policy"
    TEACHING = "teaching"
    RESEARCH = "research"
    FINANCE = "finance"
    GOODS = "goods"
    STAFF = "staff"
    SAMPLE = "sample"
    """Invented or anonymous persons: fiction, cases, test data."""
    CODE = "code"
    """Source code, a schema or a log."""
    NEWS = "news"
    """A newsletter, minutes or a calendar for everybody."""


class Reason(StrEnum):
    """Why a file is unreadable; ``none`` when it could be read."""

    NONE = "none"
    ENCRYPTED = "encrypted"
    NEEDS_OCR = "needs-ocr"
    """A page image without text."""
    BROKEN = "broken"
    LIMIT = "limit"
    """Larger, deeper or slower than the limits allow."""
    UNSUPPORTED = "unsupported"
    """A document format that this version does not open."""
    NO_ACCESS = "no-access"
    """It may not be opened."""
    WORKER_FAULT = "worker-fault"
    """The worker died or answered nonsense."""


class Format(StrEnum):
    """The format, told by content and never by name."""

    TEXT = "text"
    CSV = "csv"
    HTML = "html"
    XML = "xml"
    JSON = "json"
    RTF = "rtf"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    FLAT_ODF = "flat-odf"
    """fodt, fods, fodp: OpenDocument in one XML file."""
    PDF = "pdf"
    DOC = "doc"
    XLS = "xls"
    XLSB = "xlsb"
    PPT = "ppt"
    MAIL = "mail"
    MSG = "msg"
    MBOX = "mbox"
    CALENDAR = "calendar"
    """iCalendar, and vCard, which is written the same way."""
    SQLITE = "sqlite"
    ZIP = "zip"
    TAR = "tar"
    PACKED = "packed"
    """gzip, bzip2 or xz: one file made smaller."""
    SEVEN_ZIP = "7z"
    OLE = "ole"
    """The old Office container with none of the above in it, or an encrypted docx, xlsx or pptx."""
    ARCHIVE = "archive"
    """rar, zstd and such, which are not opened."""
    DOCUMENT = "document"
    """A document or mailbox that is not opened: OneNote, Access, Outlook's pst, WordPerfect."""
    CIPHER = "cipher"
    """A message of PGP, age or the like: nobody reads it without the key."""
    IMAGE = "image"
    MEDIA = "media"
    OTHER = "other"
    UNKNOWN = "unknown"
    """Not even looked at: the file could not be judged at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What one file is.

    ``persons_min`` and ``persons_max`` bound the number of pupils or clients in it (0 to 9999).
    ``categories`` are the kinds of data in a pupil file, empty for any other.
    ``also`` is what it is besides, pupil file or not.
    ``score`` is 0 to 1: 0.5 is where a file becomes a pupil file, see ``recognise.judge``.
    ``sha256`` is the digest, in hex, of the whole content of a file in which something was found;
    of others it is empty.
    ``size`` is in bytes.
    """

    verdict: Judgement
    persons_min: int = 0
    persons_max: int = 0
    score: float = 0.0
    kind: Kind = Kind.NONE
    evidence: tuple[Evidence, ...] = ()
    categories: tuple[Category, ...] = ()
    also: tuple[Also, ...] = ()
    reason: Reason = Reason.NONE
    format: Format = Format.UNKNOWN
    sha256: str = ""
    size: int = 0

    @property
    def sensitive(self) -> bool:
        """Whether a kind of data in it is sensitive."""
        return is_sensitive(self.categories)


def unreadable(reason: Reason, size: int = 0, format: Format = Format.UNKNOWN) -> Verdict:
    """A verdict for a file that could not be judged."""
    return Verdict(verdict=Judgement.UNREADABLE, reason=reason, format=format, size=size)
