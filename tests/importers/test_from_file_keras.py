"""Texts of Keras as networks for programs in Python."""

import pytest

import convcalc
from convcalc.errors import ParameterError, UsageError

SOURCE = """from keras import layers
model = keras.Sequential([
    layers.Conv2D(4, 3, input_shape=(9, 8, 2)),
    layers.Flatten(),
    layers.Dense(5),
])
"""
# 2*9*4+4; 4 channels of 7x6 into 5
PARAMS = 76 + 168 * 5 + 5


@pytest.mark.parametrize("name", ["net.txt", "net.py"])
def test_source_text_is_read(tmp_path, name):
    (tmp_path / name).write_text(SOURCE)
    network = convcalc.from_file(tmp_path / name)
    assert ((2, 9, 8), PARAMS) == (network.input_shape, network.analyze().totals.params)
    assert name.endswith(".py") == any("none of it was run" in note for note in network.notes)
    assert PARAMS == convcalc.from_file(f"{tmp_path / name}", model="model").analyze().totals.params


def test_a_script_is_asked_for_its_other_input(tmp_path):
    (tmp_path / "net.txt").write_text(SOURCE.replace("    layers.Flatten(),\n", ""))
    network = convcalc.from_file(tmp_path / "net.txt", (2, 30, 20))
    # the last layer works on the channels of each of 28 x 18 positions
    assert (5, 28, 18) == network.analyze().output_shape


def test_what_is_no_model_of_a_text_is_refused(tmp_path):
    (tmp_path / "net.txt").write_text(SOURCE)
    with pytest.raises(UsageError, match="no model of the text is called 'Net'"):
        convcalc.from_file(tmp_path / "net.txt", model="Net")
    with pytest.raises(ParameterError, match="told by their places alone"):
        convcalc.from_file(tmp_path / "net.txt", x=(2, 9, 8))
    (tmp_path / "net.py").write_text(f"class Net:\n    pass\n{SOURCE}")
    with pytest.raises(UsageError, match="is a Python file, which is not run here"):
        convcalc.from_file(tmp_path / "net.py")
