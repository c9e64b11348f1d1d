"""A few sticks in the virtual machine of ``./dev lab usb``: what fits the tests of a change."""

import pytest

from tests.lab_run import quick


@pytest.mark.slow
@pytest.mark.root
def test_plain_sticks_are_withheld_and_encrypted_ones_work_on_a_real_kernel() -> None:
    assert len(quick("usb")) == 8
