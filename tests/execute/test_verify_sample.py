"""`--verify` of a large result looks at a sample, and never at a copy."""

from __future__ import annotations

import numpy as np
import pytest
from convolving import normal, run
from verified_runs import verified

import convcalc
from convcalc.errors import UsageError
from convcalc.execute import verify as verifying
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import Conv


def test_a_sample_is_drawn_and_the_same_each_time(monkeypatch):
    x, w = normal(1, 1, 50, 50), normal(1, 1, 3, 3)
    looked = []
    real = verifying._Direct.outputs

    def outputs(direct, places):
        looked.append(places.tolist())
        return real(direct, places)

    monkeypatch.setattr(verifying._Direct, "outputs", outputs)
    one, again = (verified(Conv, x, w, verify=100) for _ in range(2))
    assert one == again
    assert looked[0] == looked[1] == sorted(set(looked[0]))
    assert (100, 48 * 48) == (one.checked, one.outputs)
    # Spread over the whole result: none of ten parts is left out.
    assert set(range(10)) == {10 * place // (48 * 48) for place in looked[0]}


def test_a_sample_takes_one_output_of_each_part_whatever_is_taken_at_once():
    whole = np.concatenate(list(verifying.sample(7, 100, 7)))
    # 100 outputs in 7 parts: two of 15 and five of 14.
    begins = np.array([0, 15, 30, 44, 58, 72, 86])
    assert (begins <= whole).all()
    assert (whole < np.array([15, 30, 44, 58, 72, 86, 100])).all()
    assert begins.tolist() != whole.tolist()
    for at_once in (1, 3):
        pieces = list(verifying.sample(7, 100, at_once))
        assert at_once == len(pieces[0])
        np.testing.assert_array_equal(whole, np.concatenate(pieces))
    assert [0, 1, 2, 3] == np.concatenate(list(verifying.sample(4, 4, 3))).tolist()


def test_every_output_of_a_part_may_be_drawn():
    # 499 parts of two outputs and one of one: about half of those two are the second.
    drawn = np.concatenate(list(verifying.sample(500, 999, 500)))
    assert 200 < np.count_nonzero(drawn[:499] % 2) < 300


def test_a_large_result_is_looked_at_without_a_list_of_all_its_outputs():
    # 2^45 outputs: a list of them would take 256 TiB.
    few = next(verifying.sample(2**45, 2**45, 10))
    assert list(range(10)) == few.tolist()
    assert 2**45 > next(verifying.sample(3, 2**45, 3))[2] >= 2 * (2**45 // 3)


@pytest.mark.parametrize("number", [48 * 48, 10**9, "all"])
def test_a_sample_of_more_than_there_are_is_all(number):
    found = verified(Conv, normal(1, 1, 50, 50), normal(1, 1, 3, 3), verify=number)
    assert found.checked == found.outputs == 48 * 48


@pytest.mark.parametrize("block", [1, 5, 100])
def test_blocks_do_not_change_what_is_found(monkeypatch, block):
    x, w, b = normal(2, 4, 9, 8), normal(6, 2, 3, 2), normal(6)
    one = verified(Conv, x, w, b, groups=2)
    monkeypatch.setattr(verifying, "BLOCK", block)
    other = verified(Conv, x, w, b, groups=2)
    assert (one.place, one.checked) == (other.place, other.checked)
    assert other.error == pytest.approx(one.error, rel=1e-4)


@pytest.mark.parametrize("last", [False, True])
def test_no_array_is_copied_whatever_its_order_in_memory(last):
    x, w = normal(2, 3, 64, 64), normal(4, 3, 3, 3)
    done = run(Conv, x, w)
    x, y = (
        np.moveaxis(np.moveaxis(a, 1, -1).copy(), -1, 1) if last else a for a in (x, done.array)
    )
    taken = []

    class Watched(np.ndarray):
        def __getitem__(self, place):
            piece = super().__getitem__(place)
            taken.append(piece.size)
            return np.asarray(piece)

        def reshape(self, *_):
            raise AssertionError("a reshape may copy")

    layer, dtypes = Conv(4, 3, bias=False), done.dtypes
    watched = (x.view(Watched), {"0.weight": w}, y.view(Watched))
    found = verifying.verify(layer, *watched, dtypes, 50, block=270)
    assert (True, 50) == (found.passed, found.checked)
    # Ten outputs of 27 products at once.
    assert {10, 270} == set(taken)


class Looked:
    """An array that remembers how many cells were looked up at a time."""

    def __init__(self, array):
        self.array, self.shape, self.sizes = array, array.shape, []

    def __getitem__(self, index):
        found = self.array[index]
        self.sizes.append(found.size)
        return found


def test_the_taps_of_one_output_are_looked_up_a_few_at_a_time():
    x, w = normal(1, 2, 20, 20), normal(1, 2, 5, 5)
    seen = Looked(x)
    layer, dtypes = Conv(1, 5, bias=False), run(Conv, x, w).dtypes
    y = run(Conv, x, w).array
    verifying.verify(layer, seen, {"0.weight": w}, y, dtypes, 3, block=20)
    # 25 taps of 2 channels, 10 taps at a time, of each of three outputs
    assert [20, 20, 10] * 3 == seen.sizes


def test_nothing_is_computed_again_unless_asked_for():
    assert run(Conv, normal(5), normal(3)).verification is None


def test_a_network_is_not_verified():
    with pytest.raises(UsageError, match="only a single convolution is verified"):
        run_network(convcalc.parse("relu"), normal(1, 4, 4), {}, Settings(verify="all"))
