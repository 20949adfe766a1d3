"""How the tests are run: how Hypothesis searches, how threads wait, what the collector looks at.

Hypothesis has no time limits, and in CI the same examples every time. EXAMPLES says how many of
each property; `make test-slow` draws five times as many.
"""

import codecs
import gc
import os

import pytest
from hypothesis import given, settings
from hypothesis.strategies import none

from unix import skipping_what_is_lacking

# Some tests are a user for a while who may not read Python's own modules: a codec that is first
# looked up then would be missing for the rest of the process.
for _name in ("ascii", "latin-1", "utf-8", "utf-16", "idna", "unicode_escape"):
    codecs.lookup(_name)

# A thread of torch's that has nothing to do looks for work all the time, unless it is to sleep:
# beside other processes that costs up to five times the work itself. No result depends on it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Those of numpy's library cannot be told, and nothing here asks how many there are.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Twenty thousand tests are collected, none of which is garbage: cycles are looked for among what
# the tests make, not again and again among the tests themselves and the libraries that they import.
gc.disable()


@pytest.fixture(scope="module")
def memory_is_looked_at_once():
    """Runs in memory ask a dozen files of the system how much there is: more than a small run is.

    What they do with the answer is held in tests/execute/test_in_memory.py, the answer itself in
    tests/arrayfile/test_arrayfile_memory.py.
    """
    from convcalc.execute import in_memory

    available = in_memory.available_memory()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_memory, "available_memory", lambda: available)
        yield


LONGEST = ("test_docs.py", "test_cli_scheduler.py")
"""Files of tests that take long together: begun last, one of them would keep one processor busy
when there is nothing left for the others."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """They come first; all others stay in their order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call():
    """A test that needs what Windows has not is skipped there, when it asks for it."""
    with skipping_what_is_lacking():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup():
    """And so is one whose fixture does."""
    with skipping_what_is_lacking():
        return (yield)


@settings(max_examples=1, database=None)
@given(none())
def draw_once(nothing):
    """Make the generator that Hypothesis draws from, which asks the collector who refers to it.

    From Python 3.14 on the collector does not see the module's own frozen name for it.
    """


def pytest_collection_finish():
    """What is there before the first test stays for good."""
    draw_once()
    gc.freeze()
    gc.enable()


settings.register_profile(
    "local", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "100"))
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
