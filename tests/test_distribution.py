"""The short reports that pytest's processes send each other: they come back as they were."""

import pytest

from distribution import Collection


def made(outcome="passed", **more):
    location = ("tests/test_a.py", 3, "test_a[1]")
    times = {"duration": 0.5, "start": 10.0, "stop": 10.5}
    return pytest.TestReport("tests/test_a.py::test_a[1]", location, {}, outcome, **more, **times)


def arrived(config, report):
    """A report on the other side, and the words that were sent of it."""
    sent = config.hook.pytest_report_to_serializable(config=config, report=report)
    words = [*sent]
    sent |= {"item_index": 7, "worker_id": "gw0"}  # as xdist adds to each
    return config.hook.pytest_report_from_serializable(config=config, data=sent), words


@pytest.mark.parametrize("when", ["setup", "call", "teardown"])
def test_a_passed_test_is_told_in_two_words(pytestconfig, when):
    report = made(longrepr=None, when=when)
    there, words = arrived(pytestconfig, report)
    assert ["$report_type", "told"] == words
    assert {**vars(report), "item_index": 7, "worker_id": "gw0"} == vars(there)


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        ("failed", {"longrepr": "it is wrong"}),
        ("skipped", {"longrepr": ("tests/test_a.py", 3, "Skipped: no torch")}),
        ("passed", {"longrepr": None, "sections": [("Captured stdout call", "text")]}),
        ("passed", {"longrepr": None, "user_properties": [("name", 1)]}),
        ("passed", {"longrepr": None, "wasxfail": "reason"}),
    ],
)
def test_all_others_are_told_in_full(pytestconfig, outcome, more):
    report = made(outcome, when="call", **more)
    there, words = arrived(pytestconfig, report)
    assert {"keywords", "longrepr", "sections"} < set(words)
    assert vars(report).items() <= vars(there).items()


def test_every_name_has_its_place():
    assert [0, 1, 2] == [Collection("abc").index(name) for name in "abc"]
