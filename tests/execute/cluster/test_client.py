"""What becomes of the tiles of a run, whatever the order in which workers are done with them."""

from __future__ import annotations

import pytest

from convcalc.execute.arrays.statistics import Figures
from convcalc.execute.cluster.worker import TileResult

pytest.importorskip("distributed")
cluster = pytest.importorskip("convcalc.execute.cluster.client")


class Backwards:
    """A client whose workers finish the last task first."""

    status = "running"

    def compute(self, tasks):
        self._waiting = []
        return [Told(self, f"tile-{number}", task) for number, task in enumerate(tasks)]

    def heard(self, future, callback, count):
        self._waiting.append((future, callback))
        if len(self._waiting) == count:
            for waiting, call in reversed(self._waiting):
                call(waiting)


class Told:
    """A future that says what its task was."""

    def __init__(self, client, key, task):
        self._client, self.key, self._task = client, key, task

    def add_done_callback(self, callback):
        self._client.heard(self, callback, 3)

    def result(self):
        return self._task

    def release(self):
        pass


def test_the_mean_does_not_depend_on_which_tile_comes_first(monkeypatch):
    # Of floats: from the last to the first the sum would be 1.
    seen = [TileResult(Figures(0, 1, total, 1, 0), 0, 0) for total in (1.0, 1e16, -1e16)]
    monkeypatch.setattr(cluster, "tile_tasks", lambda job, stored: seen)
    known = cluster.run_tiles(Backwards(), None, None, lambda values: None, shared=True)
    assert (0.0, 3) == (known.figures.total, known.figures.finite)
