"""A mistake put into a copy of a rule file must be named, with the file, when it is loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.recognise.rules.schema import RuleError


def expect(
    load: Callable[[Path], object], rules: Path, folder: Path, old: str, new: str, said: str
) -> None:
    """Load ``rules`` with ``old`` replaced by ``new`` from ``folder``: it must fail and say so."""
    text = rules.read_text("utf-8")
    assert old in text
    path = folder / rules.name
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(RuleError, match=said) as error:
        load(path)
    assert rules.name in str(error.value)
