"""Source text of Keras that cannot be read: one message with the line, however large the text."""

from __future__ import annotations

import subprocess
import sys

import pytest

from convcalc.errors import DataError, SpecError
from convcalc.importers.files.keras_text import read_keras
from convcalc.importers.keras.source.statements import MAX_OPEN, Source


def read(text):
    return read_keras(text, "'net.txt'")


CHAIN = "model = Sequential()\nmodel.add({})\n"


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (
            "m = Sequential()\nm.add(Input((8, 8)))\nwhile n < 16:\n    m.add(Conv1D(n, 3))\n",
            "a loop is not run, and the model needs it; write its lines out, or give net.keras of "
            "model.save('net.keras'), or the JSON of model.to_json()",
            "line 3, column 1",
        ),
        (
            "class Net(keras.Model):\n    def __init__(self):\n        self.c = Conv2D(3, 3)\n",
            "a class, Net, is not run",
            "line 1, column 1",
        ),
        (
            "m = Sequential()\nif deep:\n    m.add(Conv2D(8, 3))\nm.add(Dense(3, input_dim=3))\n",
            "a condition that the text does not decide is not run",
            "line 2, column 1",
        ),
        (
            "sizes = [3, 4]\nsizes[0] = 5\n" + CHAIN.format("Dense(sizes[1])"),
            "'sizes[1]' has no value that the text tells",
            "line 4, column 17",
        ),
        (
            "parts = [Dense(3)]\nparts.insert(0, Dense(4, input_dim=2))\nm = Sequential(parts)\n",
            "'parts.insert(0, Dense(4, input_dim=2))' has no value that the text tells",
            "line 2, column 1",
        ),
        (CHAIN.format("Conv2D(n, 3)"), "'n' has no value that the text tells", "line 2, column 18"),
        (
            CHAIN.format("Conv2D(8, 3, stride=2)"),
            "Conv2D has no parameter 'stride'; did you mean 'strides'?",
            "line 2, column 11",
        ),
        (CHAIN.format("Conv2D(8)"), "Conv2D is not given its kernel_size", "line 2, column 11"),
        (
            CHAIN.format("Dense(8, 'relu', True, 'zeros')"),
            "Dense takes 3 arguments without a name, and 4 are given",
            "line 2, column 11",
        ),
        (CHAIN.format("Dense(8, units=8)"), "Dense is given units twice", "line 2, column 11"),
        (CHAIN.format("Dense(7 / 2)"), "units is 3.5: expected whole numbers", "line 2, column"),
        (
            CHAIN.format("Conv2D(8, 3, padding='full')"),
            "padding is 'full': expected 'same' or 'valid'",
            "line 2, column 11",
        ),
        (
            CHAIN.format("Conv2D(8, 3, padding=1)"),
            "padding is 1: expected 'same' or 'valid'",
            "line 2, column 11",
        ),
        (
            CHAIN.format("Dense(8, input_shape=(784))"),
            "an input shape is 784: expected sizes, as (28, 28, 1)",
            "line 2, column 11",
        ),
        (
            "base = VGG16(include_top=False)\nm = Sequential([base, Flatten(), Dense(10)])\n",
            "'VGG16' is no layer of Keras that is known here; give net.keras of model.save",
            "line 1, column 8",
        ),
        (
            CHAIN.format("Lambda(lambda x: x / 255)") + "model.add(Dense(3))\n",
            "'Lambda' is no layer of Keras that is known here",
            "line 2, column 11",
        ),
        (
            CHAIN.format("Dense(3, input_dim=4)") + "# ...\nmodel.add(Dense(3))\n",
            "something was left out here; give the whole text",
            "line 3, column 1",
        ),
        (
            "m = Sequential([\n  Dense(3, input_dim=4),\n  ...,\n  Dense(3),\n])\n",
            "something was left out here; give the whole text",
            "line 3, column 3",
        ),
        (
            CHAIN.format("Conv2D(8, 3 strides=2)") + "model.add(Dense(2))\n",
            "this is no Python that can be read: invalid syntax",
            "line 2, column 1",
        ),
        (
            "model = Sequential([\n  Conv2D(8, 3),\n  Dense(3)\n",
            "this is no Python that can be read: a bracket is never closed",
            "line 1, column 1",
        ),
        (
            "i = Input((9,))\nx = Dense(3, name='a')(i)\nm = Model(i, Dense(3, name='a')(x))\n",
            "two layers are called 'a'",
            "line 3, column 14",
        ),
        (
            "i = Input((9,))\nj = Input((9,))\nm = Model(i, Dense(3)(j))\n",
            "the model reads 'input_layer_1', which is none of its inputs",
            "line 2, column 5",
        ),
        (
            "m = Sequential([Dense(3)])\nn = Sequential([m])\nm.add(n)\n",
            "models are nested more than 50 times",
            "line",
        ),
    ],
)
def test_bad_texts_have_one_message_with_the_line(text, message, where):
    with pytest.raises(SpecError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert f"('net.txt', {where}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            CHAIN.format("Conv2D(8, 3, input_shape=(9, 9, 1))") + "model.add(MaxPooling2D(9))\n",
            r"^'net.txt': layer max_pooling2d \(maxpool:9,s9\) does not fit: .* \(line 3\)$",
        ),
        (
            "i = Input((9, 9, 1))\nx = concatenate([Conv2D(8, 3)(i), i])\nm = Model(i, x)\n",
            r"^'net.txt': layer concatenate \(concat\) does not fit: .* \(line 2\)$",
        ),
        (
            CHAIN.format("Dense(-3, input_dim=4)"),
            r"^'net.txt': layer 'dense' \(Dense\): .* \(line 2\)$",
        ),
        (
            CHAIN.format("MaxPooling2D(pool_size=[[2]], input_shape=(9, 9, 1))"),
            r"^'net.txt': layer 'max_pooling2d' \(MaxPooling2D\) has a parameter of another kind",
        ),
    ],
)
def test_a_layer_that_does_not_fit_is_told_with_its_line(text, message):
    with pytest.raises(DataError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model.add(Conv2D(8, 3))\n" * 60_000, "1,440,000 characters; at most 1,048,576 are read"),
        ("m = Sequential(" + "[" * 10_000 + "Conv2D(8, 3)" + "]" * 10_000 + ")", "no Python"),
        ("m = Sequential(" + "[" * 10_000 + "Conv2D(8, 3)", "a bracket is never closed"),
        ("m = Sequential([Dense(" + "-" * 100_000 + "3)])", "it is nested too deeply"),
        ("m = Sequential([Dense(" + "1 + " * 300 + "3)])", "no value that the text tells"),
        ("n = 9\n" + "n = n ** 9\n" * 40 + "m = Sequential([Dense(n)])", "no value"),
        ("a = [Dense(3)]\n" + "a = [a, a]\n" * 60 + "m = Sequential(a)", "this is no layer"),
        (
            "import keras\na = LSTM(3)\n"
            + "a = Bidirectional(a, backward_layer=a)\n" * 60
            + "m = Sequential([a])",
            "layers are nested too deeply",
        ),
        (
            "x = i = Input((3,))\n" + "x = Dense(3)(x)\nm = Model(i, x)\n" * 300,
            "a text of more than 200 models",
        ),
        ("m = Sequential([Dense(3)])\0\n", "null bytes"),
        (
            "if 0:\n    pass\n" + "elif 0:\n    pass\n" * 900 + "m = Sequential([Dense(n)])",
            "'n' has no value",
        ),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_what_would_grow_ends_in_one_error(text, message):
    with pytest.raises(SpecError) as caught:
        read(text)
    assert message in caught.value.problems[0].message


def test_lines_whose_brackets_never_close_are_not_looked_for_again_and_again():
    text = "(see below\n" * 30_000 + "Dense(3)"
    assert (MAX_OPEN, None) == (len(Source(text).statements), read(text))


def test_python_that_warns_says_nothing():
    code = (
        "from convcalc.importers.files.keras_text import read_keras\n"
        r"text = 'p = \"\\d\"\nm = Sequential([Input((4,)), Dense(2 is 2 and 2)])'"
        "\n"
        "try: read_keras(text, '')\n"
        "except Exception: pass"
    )
    command = [sys.executable, "-W", "always", "-c", code]
    assert b"" == subprocess.run(command, check=True, capture_output=True).stderr
