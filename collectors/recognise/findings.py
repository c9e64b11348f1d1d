"""What the readers of tables, fields and sentences find about persons, gathered for the judge."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from collectors.recognise.verdict import Evidence

MOST_SPOTS = 3
"""Places that are remembered for each kind of evidence, should somebody ask to see them."""
LONGEST_SPOT = 120

_FEW = 3
"""Up to so many persons a text may name more of them than any one way of finding sees."""
_SURE = (Evidence.NAME_LABEL, Evidence.MENTION)
_NUMBERED = (Evidence.BSN, Evidence.CPR, Evidence.BIRTH_DATE, Evidence.RECORD, Evidence.NAME_LABEL)
_ROWS = 4
"""From so many rows that each hold a birth date or a number, these are counted, not the names."""
_NAMED = (Evidence.ROSTER, Evidence.NAME_LABEL, Evidence.MENTION, Evidence.NAME_LIST)


@dataclass(slots=True)
class Findings:
    """Person evidence of one document. ``points`` says how much each kind of evidence weighs.

    ``groups`` holds one set of persons per way of finding them: the same child may be found by
    number, by row and by sentence, and must not be counted three times. ``maybe`` holds names of
    whom something is told without its being said that they are children. ``rows`` are those rows
    of tables without columns that hold one birth date or number each: names of parents stand in
    them too, so that names would be counted twice.

    ``times``, ``columns`` and ``spots`` decide nothing; they are for explaining a verdict: how
    often each kind was found, what the columns of the lists hold, and where the first ones stand.
    """

    points: dict[Evidence, float] = field(default_factory=dict)
    groups: dict[Evidence, set[str]] = field(default_factory=dict)
    maybe: set[str] = field(default_factory=set)
    rows: set[str] = field(default_factory=set)
    adults: float = 0.0
    """Weight of tables that list staff, members or customers."""
    times: Counter[Evidence] = field(default_factory=Counter)
    columns: set[str] = field(default_factory=set)
    spots: dict[Evidence, list[str]] = field(default_factory=dict)

    def add(
        self,
        evidence: Evidence,
        points: float,
        *persons: str,
        times: int = 1,
        spots: Iterable[str] = (),
    ) -> None:
        """Note evidence. The best of its kind counts; persons add up."""
        self.points[evidence] = max(self.points.get(evidence, 0.0), points)
        self.groups.setdefault(evidence, set()).update(person for person in persons if person)
        self.times[evidence] += times
        known = self.spots.setdefault(evidence, [])
        if len(known) < MOST_SPOTS:
            known.extend(spot[:LONGEST_SPOT] for spot in spots)

    def weight(self) -> float:
        """All person evidence together."""
        return sum(self.points.values())

    def persons(self) -> tuple[int, int]:
        """Fewest and most persons: the largest group, and everybody who may be meant besides."""
        groups = {kind: _full_names(group) for kind, group in self.groups.items()}
        if len(self.rows) >= _ROWS:
            groups = {kind: group for kind, group in groups.items() if kind in _NUMBERED}
            fewest = max(len(self.rows), *map(len, groups.values()), 0)
            return fewest, fewest
        if records := len(groups.get(Evidence.RECORD, ())):
            return records, records
        numbered = max(len(groups.get(kind, ())) for kind in _NUMBERED[:3])
        if numbered > _FEW:
            # Among so many, fields of names hold parents, too.
            groups.pop(Evidence.NAME_LABEL, None)
        fewest = max((len(group) for group in groups.values()), default=0)
        sure = _full_names(set[str]().union(*(groups.get(kind, set()) for kind in _SURE)))
        if len(sure) <= _FEW:
            fewest = max(fewest, len(sure))
        if fewest > _FEW:
            return fewest, fewest
        named = set[str]().union(*(groups.get(kind, set()) for kind in _NAMED), self.maybe)
        fewest = max(fewest, 1 if self.points else 0)
        return fewest, max(fewest, len(_full_names(named)))


def _full_names(names: set[str]) -> set[str]:
    """Names without those that are the beginning of a longer one: "Sanne" is "Sanne de Vries"."""
    longer = {name.split(" ")[0] for name in names if " " in name}
    return {name for name in names if " " in name or name not in longer}
