"""`run --weights`: which files they come from, by name or in order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from refusals import check

NET = "stem=conv:2,k1 bn pw:1,nobias"
ARRAYS = {
    "stem.weight": np.array([[[[1.0]]], [[[2.0]]]]),
    "stem.bias": np.array([0.5, 0.0]),
    "1.weight": np.array([1.0, 2.0]),
    "1.bias": np.array([0.0, 1.0]),
    "1.running_mean": np.array([0.5, 2.0]),
    "1.running_var": np.array([1.0, 1.0]) - 1e-5,
    "2.weight": np.array([[[[1.0]], [[10.0]]]]),
}
"""Of an x: x + 0.5, 2x; then x, 4x - 3; then 41x - 30."""

X = [[[1.0, 2.0, -1.0]]]
RESULT = [[[11.0, 52.0, -71.0]]]
RUN = ("run", "x.npy", "--network", NET, "-o", "y.npy", "--weights")


@pytest.fixture(autouse=True)
def x(save):
    save("x.npy", X, "f4")


def renamed(change):
    return {change(name): array for name, array in ARRAYS.items()}


def safetensors(path, arrays, dtype="F32"):
    """A file of these arrays as float32, or as the upper halves of them."""
    header, data = {}, b""
    for name, array in sorted(arrays.items()):
        part = array.astype("<f4").tobytes()
        if dtype == "BF16":
            part = array.astype("<f4").view("<u2")[..., 1::2].tobytes()
        place = [len(data), len(data) + len(part)]
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": place}
        data += part
    text = json.dumps(header).encode()
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + data)


def computed(done):
    assert 0 == done.code, done.err
    return np.load("y.npy")


def test_weights_come_from_safetensors(inside):
    safetensors("w.safetensors", ARRAYS)
    done = inside(*RUN, "w.safetensors")
    np.testing.assert_allclose(computed(done), RESULT, rtol=1e-5)
    assert "bfloat16" not in done.err


def test_bfloat16_is_widened_with_a_note(inside):
    safetensors("w.safetensors", {**ARRAYS, "1.running_var": np.array([1.0, 1.0])}, "BF16")
    done = inside(*RUN, "w.safetensors")
    np.testing.assert_allclose(computed(done), RESULT, rtol=1e-4)
    note = "7 arrays of bfloat16 are read as float32, which holds them exactly"
    assert f"convcalc: note: {note}" in done.err
    assert "bfloat16" not in inside(*RUN, "w.safetensors", "--force", "-q").err


def test_a_word_before_every_name_is_left_out_with_a_note(inside):
    np.savez("w.npz", **renamed("module._orig_mod.{}".format))
    done = inside(*RUN, "w.npz")
    np.testing.assert_allclose(computed(done), RESULT, rtol=1e-5)
    assert "note: 'module._orig_mod.' is left out of the names of the weights" in done.err


def test_a_word_that_is_the_networks_own_stays(inside):
    np.savez("w.npz", **{"module.weight": np.full((1, 1, 1, 1), 3.0)})
    done = inside(*RUN[:3], "module=conv:1,k1,nobias", *RUN[4:], "w.npz")
    assert (3 * np.array(X)).tolist() == computed(done).tolist()
    assert "left out" not in done.err


def test_weights_are_taken_in_order_with_a_note(inside):
    counted = {}
    for number, (name, array) in enumerate(ARRAYS.items()):
        counted[f"net.{number}.{name.rpartition('.')[2]}"] = array
    np.savez("w.npz", **counted, **{"net.num_batches_tracked": np.int64(7)})
    check(inside(*RUN, "w.npz"), 3, ["the weights do not fit", "w.npz"])
    done = inside(*RUN, "w.npz", "--weights-by", "order")
    np.testing.assert_allclose(computed(done), RESULT, rtol=1e-5)
    note = (
        "7 arrays are taken in the order of the file, by their shapes: the first, 'net.0.weight', "
        "is 'stem.weight', the last, 'net.6.weight', is '2.weight'"
    )
    assert note in done.err


def test_a_part_of_a_network_takes_its_own_in_order(inside):
    np.savez("w.npz", **{f"{number}": array for number, array in enumerate(ARRAYS.values())})
    done = inside(*RUN, "w.npz", "--weights-by", "order", "--until", "stem")
    assert [[[1.5, 2.5, -0.5]], [[2.0, 4.0, -2.0]]] == computed(done).tolist()


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"a": np.ones(3)}, "array 1 is 'a' (3), the network needs 'stem.weight' (2x1x1x1) there"),
        (
            {"a": ARRAYS["stem.weight"], "a.running_mean": np.ones(2)},
            "array 2 is 'a.running_mean' (2), the network needs 'stem.bias' (2) there",
        ),
        ({"a": ARRAYS["stem.weight"]}, "there are 1 arrays, the network needs 7"),
        ({**ARRAYS, "b": np.ones(1)}, "there are 8 arrays, the network needs 7"),
    ],
)
def test_arrays_that_do_not_fit_in_order_are_refused(inside, arrays, expected):
    np.savez("w.npz", **arrays)
    done = inside(*RUN, "w.npz", "--weights-by", "order")
    check(done, 3, ["the weights do not fit in order: ", expected, "w.npz"])
    assert not Path("y.npy").exists()


def test_sorted_arrays_have_no_order(inside):
    safetensors("w.safetensors", ARRAYS)
    done = inside(*RUN, "w.safetensors", "--weights-by", "order")
    check(done, 2, ["a .safetensors file has no order, its arrays are sorted"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--weights-by", "order"], "--weights-by goes with --weights"),
        (["--weights", "w.npz", "--weights-by", "size"], "--weights-by"),
    ],
)
def test_options_that_do_not_go_together_are_refused(inside, words, expected):
    check(inside(*RUN[:-1], *words), 2, [expected])


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "truncated"), (b"\xff" * 8, "truncated"), (b"\2\0\0\0\0\0\0\0[]", "no JSON object")],
)
def test_a_damaged_file_is_named(inside, content, expected):
    Path("w.safetensors").write_bytes(content)
    check(inside(*RUN, "w.safetensors"), 3, ["'w.safetensors'", expected])


@pytest.mark.parametrize("wrapped", [False, True])
def test_weights_come_from_torch(inside, wrapped):
    torch = pytest.importorskip("torch")
    state = {f"module.{name}": torch.tensor(array) for name, array in ARRAYS.items()}
    state["module.1.num_batches_tracked"] = torch.tensor(3)
    torch.save({"state_dict": state, "epoch": 3} if wrapped else state, "w.pth")
    done = inside(*RUN, "w.pth")
    np.testing.assert_allclose(computed(done), RESULT, rtol=1e-5)
    assert "note: 'module.' is left out of the names of the weights" in done.err
    note = "note: the weights are those that the file has under 'state_dict'"
    assert wrapped == (note in done.err)
