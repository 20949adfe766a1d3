"""Blocks of source text of Keras that are no Python: no layer in them is left out unsaid."""

from __future__ import annotations

import pytest

from convcalc.errors import SpecError
from convcalc.importers.files.keras_text import read_keras

BEGIN = "model = Sequential()\nmodel.add(Dense(10, input_dim=5))\n"
PRINT = "this is no Python that can be read: Missing parentheses in call to 'print'"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("for i in range(3):\n    model.add(Dense(10))\n    print 'layer', i\n", PRINT),
        ("if deep:\n    print 'deep'\n    model.add(Dense(10))\n", PRINT),
        ("def more(m):\n    print 'more'\n    m.add(Dense(5))\nmore(model)\n", PRINT),
        (
            "with tf.device('gpu'):\n    model.add(Dense(10))\n    model.fit(x,, y)\n",
            "this is no Python that can be read: invalid syntax",
        ),
        (
            "for i in range(3):\nmodel.add(Dense(10))\n\n",
            "this is no Python that can be read: expected an indented block after 'for' statement",
        ),
        (
            "if deep:  # or not\nprint(deep)\nmodel.add(Dense(10))\n\n",
            "this is no Python that can be read: expected an indented block after 'if' statement",
        ),
    ],
)
def test_layers_in_a_block_that_is_no_python_are_not_left_out(block, message):
    with pytest.raises(SpecError) as caught:
        read_keras(f"{BEGIN}{block}model.add(Dense(1))\n", "'net.txt'")
    assert message in str(caught.value)
    assert "('net.txt', line 3, column 1)" in str(caught.value)
    assert " on line 1" not in str(caught.value)


@pytest.mark.parametrize(
    "block",
    [
        "for epoch in range(10):\n    print epoch\n    loss = model.train_on_batch(x, y)\n",
        "def show(model):\n    print 'model'\n    text = model.summary()\n",
        "if __name__ == '__main__':\nprint('read')\n",
        "if I add one more layer:\n",
    ],
)
def test_blocks_that_change_no_model_are_passed_over(block):
    network = read_keras(f"{BEGIN}{block}model.add(Dense(1))\n", "'net.txt'")
    assert [node.label for node in network.nodes] == ["dense", "dense_1"]
