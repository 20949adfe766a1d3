"""The table of fitted constants: complete, the only place for them, and as its script writes it."""

from __future__ import annotations

import ast
import importlib
import re
from itertools import chain, count
from pathlib import Path

import pytest

import convcalc
from convcalc.execute import fitted_costs
from convcalc.execute.fitted_costs import FITTED, ROWS, SOURCES
from convcalc.execute.planning.machine import DEFAULT, ORDINARY_PLANES

ROOT = Path(convcalc.__file__).parent
PLANNING = ROOT / "execute" / "planning"
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

DEFINITIONS = {
    "cost.py": ({0.0, 1.0}, {0, 1, 2, 3, 4, 16, 32}),
    "cost_fft.py": (set(), {0, 1, 2, 3, 4, 8, 16, 20, 32}),
    "cost_opencv.py": ({0.0}, {0, 1, 2, 3}),
    "machine.py": (set(), {0, 1, 2, 3}),
}
"""What is defined or counted: bytes of numbers, operations of a product, how often an array is
written, blocks of 16 channels and pairs of them, inputs of up to 4 channels, and axes."""


def literals(path, kind):
    """The numbers of a kind that stand in a module."""
    tree = ast.parse(path.read_text("utf-8"))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if type(value) is kind}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_no_fitted_number_stands_in_the_cost_model(name):
    floats, whole = DEFINITIONS[name]
    assert set() == literals(PLANNING / name, float) - floats
    assert set() == literals(PLANNING / name, int) - whole


def test_every_part_of_the_cost_model_is_looked_at():
    assert {path.name for path in PLANNING.glob("cost*.py")} <= set(DEFINITIONS)


def asked_for(tree):
    """Patterns of the names of `FITTED[...]` in a module, `.+` for what is filled in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "FITTED":
            yield from patterns(node.slice)


def patterns(node):
    if isinstance(node, ast.IfExp):
        return [*patterns(node.body), *patterns(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        parts = (getattr(part, "value", "") for part in node.values)
        return ["".join(part if isinstance(part, str) else ".+" for part in parts)]
    return [node.value]


def test_every_row_is_used_and_every_use_has_its_row():
    trees = (ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py")))
    asked = set(chain.from_iterable(map(asked_for, trees)))
    named = {pattern: [n for n in ROWS if re.fullmatch(pattern, n)] for pattern in asked}
    assert [] == [pattern for pattern, names in named.items() if not names]
    assert set(ROWS) == set(chain.from_iterable(named.values()))


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_complete(name):
    value, source, found, found_on, unit, meaning = ROWS[name]
    assert value > 0
    assert value == FITTED[name]
    assert source in SOURCES
    assert (found is None) == (found_on == "")
    assert found is None or (found > 0 and found_on in SOURCES)
    assert re.fullmatch(r"[a-z][a-z ]+", unit)
    assert re.fullmatch(r"[A-Z][^\"\\]+\.", meaning)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_names_the_machine_and_the_versions_or_says_that_nobody_knows(source):
    assert re.match(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]\b", source)
    processor, cores, instructions, *versions = SOURCES[source]
    assert processor
    assert instructions
    assert int(cores) > 0
    assert 4 == len(versions)
    assert all(re.match(r"[0-9]+\.[0-9]|none$|not recorded$", version) for version in versions)
    assert any(source in row for row in ROWS.values())


def test_the_ordinary_machine_is_what_the_table_says():
    assert (1.2e11, 8e9, 3e9, 1.2e9, 4e9, 3e-6) == DEFAULT.numpy
    assert (2.2e11, 1.8e10, 4e9, 7e9, 6e9, 1.2e-5) == DEFAULT.torch
    assert (2.5, 2.8e10, 6e9, 3e-6) == (DEFAULT.torch_import, *ORDINARY_PLANES[:3])


# --- the script


@pytest.fixture
def script(monkeypatch):
    """A function that imports a module of benchmarks/, where what it measures is installed."""
    monkeypatch.syspath_prepend(BENCHMARKS)

    def load(name):
        if name != "fit_table":
            pytest.importorskip("torch")
            pytest.importorskip("cv2")
        return importlib.import_module(name)

    return load


def test_the_writer_gives_the_table_back_byte_for_byte(script):
    table = script("fit_table")
    written = table.text(table.rows(), table.sources())
    assert Path(fitted_costs.__file__).read_bytes() == written.encode("utf-8")


def test_conditions_that_no_row_names_are_not_kept(script):
    table = script("fit_table")
    another = table.Conditions("Z80", "1", "none", "1.0", "1.0", "1.0", "1.0")
    written = table.text(table.rows(), {**table.sources(), "2030-01-01": another})
    assert table.text(table.rows(), table.sources()) == written


def test_every_row_has_its_experiment(script):
    experiments = script("fit_experiments")
    assert set(ROWS) == {*experiments.EXPERIMENTS, *experiments.CALIBRATED}
    assert len(ROWS) == len(experiments.EXPERIMENTS) + len(experiments.CALIBRATED)
    assert all(str(experiment) for experiment in experiments.EXPERIMENTS.values())


def test_an_inversion_finds_the_constant_that_the_time_was_foretold_with(script):
    kinds, experiments = script("fit_kinds"), script("fit_experiments").EXPERIMENTS
    machine = DEFAULT._replace(planes=ORDINARY_PLANES)
    tried = 0
    for name, experiment in experiments.items():
        for case in getattr(experiment, "cases", ()):
            if abs(kinds.weight(name, case, machine)) >= kinds.LEAST_WEIGHT:
                seconds = kinds.with_value(name, FITTED[name] * 1.5, case, machine)
                found = kinds.solved(name, case, seconds, machine)
                if name != "blocks_a_call":  # whole calls are counted
                    assert 1.5 * FITTED[name] == pytest.approx(found), name
                tried += 1
    assert 40 < tried
    assert {name: row[0] for name, row in ROWS.items()} == FITTED


def test_a_time_that_no_value_foretells_gives_none(script):
    kinds, experiments = script("fit_kinds"), script("fit_experiments").EXPERIMENTS
    (case,) = experiments["tap_calls"].cases
    assert kinds.solved("tap_calls", case, 1e-12, DEFAULT) is None
    assert kinds.solved("tap_calls", case, 1e3, DEFAULT) is None
    # a constant of planes is in no time of torch
    assert kinds.solved("columns", case, 1e-3, DEFAULT) is None


def test_a_step_is_where_the_time_of_a_product_changes_most(script):
    step = script("fit_experiments").EXPERIMENTS["wide"]
    times = {str(k): 1e-9 * step.case(k).problem.macs for k in step.candidates}
    assert step.conclude("wide", times, DEFAULT) is None
    times |= {str(k): 5 * times[str(k)] for k in (14, 15, 17)}
    assert 14 == step.conclude("wide", times, DEFAULT)


def test_one_way_overtakes_another_where_it_stays_ahead(script):
    swapped = script("fit_experiments").EXPERIMENTS["fewest_swapped"]
    times = {f"{c:g} {i}": 1.0 for c in swapped.candidates for i in (0, 1)}
    assert 2 == swapped.conclude("fewest_swapped", times, DEFAULT)
    times["4 0"] = 1.1
    assert 5 == swapped.conclude("fewest_swapped", times, DEFAULT)
    times["16 0"] = 1.1
    assert swapped.conclude("fewest_swapped", times, DEFAULT) is None


def test_experiments_compute_in_rounds_and_the_shortest_time_counts(script, monkeypatch):
    fit, kinds = script("fit_costs"), script("fit_kinds")
    monkeypatch.setattr(kinds, "with_kept_memory", lambda machine: machine)
    ticks, names = count(), ("tap_calls", "im2col_calls", "separable_calls", "sum_calls_2d")
    wanted = {name: fit.EXPERIMENTS[name] for name in names}
    machine = DEFAULT._replace(planes=ORDINARY_PLANES)
    found = fit.measured(wanted, machine, 2, lambda: 2**-9 * next(ticks))
    assert set(names) == set(found)
    assert [1.0] * 4 == [one.spread for one in found.values()]
    # a tick for each sample, in which 5 ms hold two calls of a tick each
    (case,) = wanted["tap_calls"].cases
    foretold = kinds.with_value("tap_calls", found["tap_calls"].value, case, machine)
    assert 2**-9 / 2 == pytest.approx(foretold)


def test_rates_are_the_best_of_some_rounds_and_those_of_an_ordinary_machine(script, monkeypatch):
    fit = script("fit_costs")
    slow = DEFAULT._replace(planes=ORDINARY_PLANES, threads=1, torch_import=3.0)
    fast = slow._replace(
        torch=slow.torch._replace(products=2.5e11, call=1e-5),
        planes=ORDINARY_PLANES._replace(sums=3.5e10),
    )
    rounds = iter([slow, fast, slow])
    monkeypatch.setattr(fit.calibrate, "measure", lambda: next(rounds))
    machine, found = fit.calibrated(3, lambda: 0.0)
    assert (2.5e11, 1e-5, 3.5e10) == (
        machine.torch.products,
        machine.torch.call,
        machine.planes.sums,
    )
    # of one thread, and so twice as high on the two of an ordinary machine
    assert fit.Found(5e11, 2.5 / 2.2) == pytest.approx(found["torch_products"])
    assert fit.Found(1e-5, 1.2) == pytest.approx(found["torch_call"])
    assert fit.Found(1.2e11, 1.0) == found["numpy_products"]
    assert fit.Found(3.5e10, 1.25) == found["opencv_sums"]
    assert fit.Found(3.0, 1.0) == found["torch_import"]


def test_the_two_shortest_times_say_how_far_a_machine_is_to_be_trusted(script):
    fit = script("fit_costs")
    assert 1.5 == fit._spread([9.0, 3.0, 2.0])
    assert 1.0 == fit._spread([2.0])
    far, near = fit.Found(1.0, 1.3), fit.Found(1.0, 1.2)
    assert fit.is_busy({"a": far, "b": near, "c": near, "d": near})
    assert not fit.is_busy({"a": far, "b": near, "c": near, "d": near, "e": near})


def test_what_was_found_is_recorded_beside_the_value_in_use(script):
    fit, table = script("fit_costs"), script("fit_table").rows()
    found = {
        "columns": fit.Found(3.14159, 1.1),
        "checked": fit.Found(1.5, 1.3),  # spread too far
        "integers": fit.Found(None, 1.0),
        "long_row": fit.Found(1.2345, 1.0),
    }
    after = fit.updated(table, found, "2030-01-01", {"long_row"})
    assert (3.14, "2030-01-01") == (after["columns"].found, after["columns"].found_on)
    assert table["columns"][:2] == after["columns"][:2]
    assert (1.23, "2030-01-01") == (after["long_row"].value, after["long_row"].source)
    unchanged = set(table) - {"columns", "long_row"}
    assert all(table[name] == after[name] for name in unchanged)


def test_nothing_is_written_without_being_told_to_nor_on_a_busy_machine(
    script, tmp_path, monkeypatch, capsys
):
    fit = script("fit_costs")
    path = tmp_path / "table.py"
    monkeypatch.setattr(fitted_costs, "__file__", str(path))
    monkeypatch.setattr(fit.cv2, "setNumThreads", lambda count: None)
    machine = DEFAULT._replace(planes=ORDINARY_PLANES)
    monkeypatch.setattr(fit, "calibrated", lambda *_: (machine, {}))
    quiet, busy = {"columns": fit.Found(2.6, 1.0)}, {"columns": fit.Found(2.6, 2.0)}

    monkeypatch.setattr(fit.torch, "get_num_threads", lambda: 2)
    with pytest.raises(SystemExit, match="set OMP_NUM_THREADS=1"):
        fit.main(["--cpu-time"])

    monkeypatch.setattr(fit, "measured", lambda *_: quiet)
    fit.main(["--only", "columns"])
    assert not path.exists()
    in_use, source = ROWS["columns"][:2]
    line = rf"columns +{in_use:.3g} +2\.6 +{2.6 / in_use:.2f} +1\.00  times"
    assert re.search(line, capsys.readouterr().out)

    monkeypatch.setattr(fit, "measured", lambda *_: busy)
    with pytest.raises(SystemExit, match="measure again when the machine is quiet"):
        fit.main(["--only", "columns", "--write"])
    assert "this machine is busy" in capsys.readouterr().out
    assert not path.exists()

    monkeypatch.setattr(fit, "measured", lambda *_: quiet)
    fit.main(["--only", "columns", "--write"])
    written = path.read_text("utf-8")
    assert f'"columns": ({in_use}, "{source}", 2.6, "' in written
    assert torch_version() in written
    compile(written, str(path), "exec")


def torch_version():
    return importlib.import_module("torch").__version__
