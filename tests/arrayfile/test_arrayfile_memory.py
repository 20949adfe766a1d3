"""How many bytes are said to be available, on machines that are described by a few small files."""

from __future__ import annotations

import pytest

from convcalc.arrayfile import memory
from unix import resource


@pytest.fixture
def system(tmp_path):
    """A function that writes files below a folder and returns the name of the folder."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(tmp_path)

    return make


def bounds(root):
    return list(memory._group_bounds(f"{root}/cgroup", f"{root}/fs"))


def test_the_kernel_s_own_estimate_is_taken(system):
    root = system({"meminfo": "MemTotal: 99 kB\nMemFree: 1 kB\nMemAvailable:    8 kB\n"})
    assert memory._free_memory(f"{root}/meminfo") == 8192


@pytest.mark.parametrize("text", ["", "MemTotal: 99 kB\n", "MemAvailable: many\n"])
def test_an_estimate_that_is_missing_is_unknown(system, text):
    assert memory._free_memory(system({"meminfo": text}) + "/meminfo") is None


def test_every_enclosing_group_is_a_bound(system):
    root = system(
        {
            "cgroup": "0::/outer/inner\n",
            "fs/outer/inner/memory.max": "max\n",
            "fs/outer/inner/memory.current": "10\n",
            "fs/outer/memory.max": "1000\n",
            "fs/outer/memory.current": "600\n",
            "fs/outer/memory.stat": "anon 100\ninactive_file 150\n",
        }
    )
    assert bounds(root) == [550]


def test_a_container_sees_its_group_as_the_root(system):
    root = system(
        {"cgroup": "0::/docker/abc\n", "fs/memory.max": "500\n", "fs/memory.current": "100\n"}
    )
    assert bounds(root) == [400]


def test_the_first_version_of_groups_is_known_too(system):
    root = system(
        {
            "cgroup": "9:cpu:/job\n4:memory,x:/job\n",
            "fs/memory/job/memory.limit_in_bytes": "700\n",
            "fs/memory/job/memory.usage_in_bytes": "200\n",
            "fs/memory/job/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n",
        }
    )
    assert bounds(root) == [550]


def test_a_group_without_a_limit_is_no_bound(system):
    root = system(
        {
            "cgroup": "4:memory:/job\n",
            "fs/memory/job/memory.limit_in_bytes": "9223372036854771712\n",
            "fs/memory/job/memory.usage_in_bytes": "200\n",
            "fs/memory/memory.limit_in_bytes": "900\n",
            "fs/memory/memory.usage_in_bytes": "300\n",
        }
    )
    assert bounds(root) == [600]


def test_no_groups_are_no_bounds(system):
    assert bounds(system({})) == []


def test_the_smallest_bound_holds_and_is_never_negative(monkeypatch):
    monkeypatch.setattr(memory, "_free_memory", lambda: 300)
    monkeypatch.setattr(memory, "_group_bounds", lambda: iter([200, 400]))
    monkeypatch.setattr(memory, "_address_space_left", lambda: None)
    assert memory.available_memory() == 200
    monkeypatch.setattr(memory, "_address_space_left", lambda: -5)
    assert memory.available_memory() == 0


def test_nothing_known_is_unknown(monkeypatch):
    for name in ("_free_memory", "free_memory", "_address_space_left"):
        monkeypatch.setattr(memory, name, lambda: None)
    monkeypatch.setattr(memory, "_group_bounds", lambda: iter([]))
    assert memory.available_memory() is None


def test_a_limit_on_the_address_space_is_a_bound(system):
    statm = system({"statm": "10 5 3 1 0 4 0\n"}) + "/statm"
    old = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 40, old[1]))
    try:
        left = memory._address_space_left(statm)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)
    assert left == (1 << 40) - 10 * resource.getpagesize()


def test_without_a_limit_the_address_space_is_no_bound():
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        assert memory._address_space_left() is None
