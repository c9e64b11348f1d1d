"""How the forms show and take moments: as a clock in the collector's time zone reads.

A field of a form has minutes and no zone, so what was not touched stands for the moment it was made
for, and an hour that came twice in a night is asked for (``server_stub.moments``).
"""

from datetime import datetime, tzinfo

from server_stub import moments
from server_stub.breaches.dossier import moment_of


class InZone:
    """Something that has a time zone."""

    __slots__ = ()

    @property
    def zone(self) -> tzinfo | None:
        """The zone; None for the machine's own."""
        raise NotImplementedError

    def local(self, value: datetime) -> str:
        """A moment as a form's field has it, in the collector's time zone."""
        return f"{value.astimezone(self.zone):%Y-%m-%dT%H:%M}"

    def field(self, answer: str) -> str:
        """A moment that is kept as text as a form's field has it; what is no moment stays."""
        try:
            return self.local(datetime.fromisoformat(answer)) if answer else ""
        except ValueError:
            return answer

    def moment_in(self, text: str, hour: str = "") -> datetime | None:
        """A date and time as a person wrote it, in the collector's time zone; None: it is none, or
        came twice and ``hour`` does not say which it is."""
        local = moments.reading(text)
        try:
            return moments.moment(self.zone, local, hour) if local else None
        except OverflowError:
            return None

    def twice(self, text: str) -> tuple[str, str] | None:
        """What the two hours are called in which a clock showed this; None if it showed it once."""
        local = moments.reading(text)
        try:
            return moments.twice(self.zone, local) if local else None
        except OverflowError:
            return None

    def hour(self, value: datetime) -> str:
        """Which of two such hours a moment lies in."""
        return moments.hour_of(self.zone, value)

    def hour_kept(self, answer: str) -> str:
        """Which of two such hours an answer that is kept as text lies in; empty if it is none."""
        found = moment_of(answer)
        return self.hour(found) if found and found.tzinfo else ""

    def is_shown(self, text: str, hour: str, value: datetime) -> bool:
        """Whether a form's field stands as it was made for a moment, which may have seconds."""
        return text == self.local(value) and hour in ("", self.hour(value))

    def why_no_moment(self, text: str) -> str:
        """Why ``moment_in`` gave none, as a closed word."""
        return "which-hour" if self.twice(text) else "not-a-time"
