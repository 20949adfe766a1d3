"""What pytest-xdist does for each of twenty thousand tests, made short.

A worker tells of every test three times, and sends along all words that it could be chosen by,
which nobody reads of a test that passed. Whoever hands out the files looks for every test in the
list of all tests, and counts all that a worker has done whenever it has done one more.
"""

from __future__ import annotations

import pytest

PASSED = "passed, with nothing to add"
"""The type of such a report on its way."""


@pytest.hookimpl(tryfirst=True)
def pytest_report_to_serializable(report):
    """A passed test's report is its name, its line, its phase and its times."""
    more = report.sections or hasattr(report, "wasxfail") or getattr(report, "user_properties", ())
    if type(report) is not pytest.TestReport or not report.passed or more:
        return None
    times = report.duration, report.start, report.stop
    return {"$report_type": PASSED, "told": (report.nodeid, report.location, report.when, times)}


@pytest.hookimpl(tryfirst=True)
def pytest_report_from_serializable(data):
    """And becomes a report again."""
    if data["$report_type"] != PASSED:
        return None
    nodeid, location, when, (duration, start, stop) = data.pop("told")
    del data["$report_type"]
    return pytest.TestReport(
        *(nodeid, location, {}, "passed", None, when),
        duration=duration,
        start=start,
        stop=stop,
        **data,
    )


class Collection(list):
    """The names of all tests, of which each knows its place."""

    def __init__(self, names):
        super().__init__(names)
        self._places = {name: place for place, name in enumerate(self)}

    def index(self, name):
        """The place of a test."""
        return self._places[name]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """File by file, as xdist does it with `--dist loadfile`."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def add_node_collection(self, node, collection):
            super().add_node_collection(node, collection)
            self.registered_collections[node] = Collection(collection)

        def mark_test_complete(self, node, item_index, duration=0):
            super().mark_test_complete(node, item_index, duration)
            files = self.assigned_work[node]
            file = self._split_scope(self.registered_collections[node][item_index])
            if all(files[file].values()):
                del files[file]

    return Files(config, log)
