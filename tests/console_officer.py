"""The privacy officer at the console, with one entry of the breach register in front of them."""

from itertools import count

import requests

from tests.console_visit import Console

_made_by_hand = count()


class Officer:
    """A login of the officer's, and what they do with one entry.

    ``entry`` is its address, and every part of it is named from there: ``/plan``, ``/told``.
    """

    def __init__(self, at: Console, language: str = "en") -> None:
        self.at, self.session = at, at.session("olaf", language)
        self.csrf = at.csrf(self.session)
        self.entry = ""

    @classmethod
    def with_event(cls, at: Console, seq: int) -> "Officer":
        """An entry made of what the laptop told under this number."""
        made = cls(at)
        made.open_event(seq)
        return made

    @classmethod
    def by_hand(cls, at: Console, incident: str = "lost-stick") -> "Officer":
        """An entry made by hand; each is noticed in a minute of its own, so none is the same."""
        made = cls(at)
        noticed = f"2026-11-20T09:{next(_made_by_hand):02d}"
        reply = made.send("/register/new", incident=incident, noticed_at=noticed)
        assert reply.status_code == 303, reply.text
        made.entry = reply.headers["Location"].removesuffix("/dossier")
        return made

    def open_event(self, seq: int) -> None:
        reply = self.send(f"/devices/{self.at.laptop.name}/{seq}/breach")
        assert reply.status_code == 303, reply.text
        self.entry = reply.headers["Location"]

    def send(self, path: str, **form: str) -> requests.Response:
        """A form to any address of the console."""
        return self.at.post(self.session, path, csrf=self.csrf, **form)

    def post(self, part: str, **form: str) -> requests.Response:
        """A form to a part of the entry."""
        return self.send(self.entry + part, **form)

    def page(self, part: str = "") -> str:
        return self.at.get(self.session, self.entry + part).text

    def fill(self, section: str, *chosen: str, **answers: str) -> None:
        """Answer questions of a section; ``chosen`` are boxes to tick."""
        form = {name.replace("_", "-"): answer for name, answer in answers.items()}
        made = self.post(f"/dossier/{section}", **form, **dict.fromkeys(chosen, "on"))
        assert made.status_code == 303, made.text

    def tell(self, **form: str) -> requests.Response:
        """Note who was told, or why not."""
        return self.post("/told", **form)

    def note(self, step: str, state: str = "done", reason: str = "") -> requests.Response:
        """Note how a step of the plan stands."""
        return self.post("/plan/step", step=step, state=state, reason=reason)

    def close(self, phase: str) -> requests.Response:
        return self.post("/plan/close", phase=phase)
