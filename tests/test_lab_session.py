"""A screen in the virtual machine of ``./dev lab session``: what fits the tests of a change."""

import pytest

from tests.lab_run import quick
from tests.vm.screens.cases import QUICK


@pytest.mark.slow
@pytest.mark.root
def test_a_screen_left_open_is_locked_proven_and_opened_by_the_right_password() -> None:
    assert len(quick("session")) == len(QUICK)
