"""What the tests of pages share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium, for the tests of one file."""
    from browsing import chromium

    driver = chromium(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(autouse=True, scope="module")
def _many_small_runs(memory_is_looked_at_once):
    """Of every page there is a run of the executor."""
