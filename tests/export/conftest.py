"""What the tests of exported networks share."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _many_small_runs(memory_is_looked_at_once):
    """Of every kind there are many."""
