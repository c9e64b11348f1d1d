"""Lists of remarks: a name, a colon or a dash, and what is the matter with that child.

So teachers hand a class over, and so lists of medicines and diets look. A list of tasks looks the
same, but tells of nobody's troubles.
"""

import re

from collectors.recognise.findings import Findings
from collectors.recognise.names import key_of
from collectors.recognise.reading import Reading
from collectors.recognise.told import situation
from collectors.recognise.verdict import Evidence

_FEWEST = 3
_LONGEST = 400
_INDENT = 6
_POINTS = 5.5
_REMARK = re.compile(r"\s*(?:\([^)]{1,20}\))?\s*(?::|[–-]\s|=|\t)\s*\S")
_MOST = 2000


def read_remarks(reading: Reading, findings: Findings) -> None:
    """Look for lines that tell, each, of a named child's troubles or needs."""
    told: dict[str, bool] = {}
    for span, places in reading.name_lines().items():
        if places[0] - span[0] > _INDENT or span[1] - span[0] > _LONGEST:
            continue
        found = reading.names_at(span, places[:1])
        line = reading.text[slice(*span)]
        if found and _REMARK.match(line, found[0].end):
            rest = reading.plain[span[0] + found[0].end : span[1]]
            told[key_of(found[0].text)] = situation(rest).remark
        if len(told) >= _MOST:
            break
    if len(told) >= _FEWEST and sum(told.values()) * 2 >= max(2 * _FEWEST - 2, len(told)):
        findings.add(Evidence.NAME_LIST, _POINTS, *told, times=len(told), spots=sorted(told)[:3])
