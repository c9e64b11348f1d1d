"""What the readers of tables, fields and sentences find about persons, gathered for the judge."""

from dataclasses import dataclass, field

from collectors.recognise.verdict import Evidence


@dataclass(slots=True)
class Findings:
    """Person evidence of one document. ``points`` says how much each kind of evidence weighs.

    ``groups`` holds one set of persons per way of finding them: the same child may be found by
    number, by row and by sentence, and must not be counted three times. ``child_words`` tells
    whether anything names the persons as children.
    """

    points: dict[Evidence, float] = field(default_factory=dict)
    groups: dict[Evidence, set[str]] = field(default_factory=dict)
    adults: float = 0.0
    """Weight of tables that list staff, members or customers."""

    def add(self, evidence: Evidence, points: float, *persons: str) -> None:
        """Note evidence. The best of its kind counts; persons add up."""
        self.points[evidence] = max(self.points.get(evidence, 0.0), points)
        self.groups.setdefault(evidence, set()).update(person for person in persons if person)

    def weight(self) -> float:
        """All person evidence together."""
        return sum(self.points.values())

    def persons(self) -> tuple[int, int]:
        """Fewest and most persons: the largest group, and everybody that any group names."""
        sizes = [len(group) for group in self.groups.values()]
        fewest = max(sizes, default=0)
        named = (Evidence.ROSTER, Evidence.NAME_LABEL, Evidence.MENTION, Evidence.NAME_LIST)
        together = set[str]().union(*(self.groups.get(kind, set()) for kind in named))
        first_names = {name.split(" ")[0] for name in together}
        return fewest, max(fewest, len(first_names) if fewest <= 3 else fewest)
