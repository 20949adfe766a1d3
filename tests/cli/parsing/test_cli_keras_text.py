"""Texts of Keras on the command line: standard input, files, scripts, words, and JSON."""

from __future__ import annotations

import json

import pytest

SOURCE = """import keras
from keras import layers

model = keras.Sequential([
    keras.Input(shape=(9, 8, 2)),
    layers.Conv2D(4, 3, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(5),
])
model.compile(loss="mse")
"""
# 2*9*4+4, and 4*5+5
PARAMS = 76 + 25
FIRST = "convcalc: note: channels first: the model's 9x8x2 is 2x9x8 here\n"
PASSED = f"convcalc: note: passed over: line 10\n{FIRST}"
TOLD = {
    "class_name": "Sequential",
    "config": {
        "layers": [
            {
                "class_name": "Conv2D",
                "config": {
                    "name": "first",
                    "batch_input_shape": [None, 9, 8, 2],
                    "filters": 4,
                    "kernel_size": [3, 3],
                    "activation": "relu",
                },
            },
            {"class_name": "GlobalAveragePooling2D", "config": {"name": "mean"}},
            {"class_name": "Dense", "config": {"name": "last", "units": 5}},
        ]
    },
    "keras_version": "2.15.0",
}


def params(done):
    assert 0 == done.code, done.err
    return json.loads(done.out)["totals"]["params"]


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "summary", "memory", "weights"])
def test_source_text_is_read_from_a_file(inside, folder, command):
    (folder / "net.txt").write_text(SOURCE)
    done = inside(command, "net.txt")
    assert (0, PASSED) == (done.code, done.err)
    assert "conv2d" in done.out
    assert "" == inside(command, "net.txt", "-q").err


def test_source_text_is_read_from_standard_input(inside, typed):
    typed(SOURCE.encode())
    done = inside("shape", "-", "--format", "json")
    assert (PARAMS, PASSED) == (params(done), done.err)


def test_source_text_may_be_a_word(inside):
    text = "keras.Sequential([layers.Conv2D(4, 3, input_shape=(9, 8, 2))])"
    done = inside("shape", text, "--format", "json")
    assert (76, FIRST) == (params(done), done.err)


def test_a_script_with_nothing_but_a_model_is_read_and_not_run(inside, folder):
    (folder / "model.py").write_text(f"{SOURCE}open('trace', 'w').close()\n")
    done = inside("shape", "model.py", "--format", "json")
    read = "convcalc: note: the model's Python code was read as text of Keras, and none of it was"
    assert (PARAMS, True) == (params(done), done.err.startswith(read))
    assert not (folder / "trace").exists()
    assert PARAMS == params(inside("shape", "model.py:model", "--format", "json"))
    none = inside("shape", "model.py:Net")
    assert (2, True) == (none.code, "no model of the text is called 'Net'; there are" in none.err)


def test_a_script_that_defines_more_is_told_both_ways(inside, folder):
    (folder / "model.py").write_text(f"class Net:\n    pass\ndef build():\n    pass\n{SOURCE}")
    done = inside("shape", "model.py")
    assert (2, "") == (done.code, done.out)
    assert (
        "convcalc: error: 'model.py' is a Python file: name what to run, as model.py:Net; it has "
        "Net, build(); its text of Keras is read, not run, as: - < model.py\n"
    ) == done.err


def test_a_script_with_functions_is_read_and_not_run(inside, folder):
    body = "".join(f"    {line}\n" for line in SOURCE.splitlines())
    (folder / "model.py").write_text(f"def build():\n{body}    return model\nopen('trace', 'w')\n")
    done = inside("shape", "model.py", "--format", "json")
    read = "convcalc: note: the model's Python code was read as text of Keras, and none of it was"
    assert (PARAMS, True) == (params(done), done.err.startswith(read))
    assert "the text does not call build(), which is taken to make the model\n" in done.err
    assert not (folder / "trace").exists()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # 3*9*64 + 64
        ("keras.layers.Conv2D(64, 3)", 1792),
        ("Conv2D(64, 3, activation='relu')", 1792),
        ("tf.keras.layers.DepthwiseConv2D(3, use_bias=False)", 27),
    ],
)
def test_one_layer_is_a_word(inside, word, expected):
    assert expected == params(inside("shape", word, "-i", "3x32x32", "--format", "json"))
    refused = inside("shape", word)
    told = "the text does not tell the shape of the input; give it with -i, as -i 3x32x32"
    assert (2, True) == (refused.code, told in refused.err)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("Conv2D(64)", "Conv2D is not given its kernel_size (column 1)"),
        ("Conv2D(3, 8, kernel_size=[3, 3], data_format=NCHW)", "this is a Paddle printout"),
        ("Conv1D(nf=2304, nx=768)", "unknown PyTorch module 'Conv1D'"),
    ],
)
def test_one_layer_that_cannot_be_read(inside, word, message):
    assert f"convcalc: error: {message}" in inside("shape", word, "-i", "3x32x32").err


def test_a_script_of_something_else_is_told_as_before(inside, folder):
    (folder / "model.py").write_text("import torch.nn as nn\nnet = nn.Sequential(nn.ReLU())\n")
    assert (
        "convcalc: error: 'model.py' is a Python file: name what to run, as model.py:net; it has "
        "net\n"
    ) == inside("shape", "model.py").err


def test_an_input_is_asked_for_with_the_channels_first(inside, folder):
    (folder / "net.txt").write_text(SOURCE)
    done = inside("shape", "net.txt", "-i", "2x30x20", "--format", "json")
    assert [2, 30, 20] == json.loads(done.out)["input"]
    refused = inside("shape", "net.txt", "-i", "3x30x20")
    assert "'net.txt': the model takes an input 2x9x8, got 3x30x20\n" in refused.err


def test_each_input_of_a_text_is_given_by_itself(inside, folder):
    text = (
        "a = Input((4,))\nb = Input((6,))\nx = concatenate([Dense(3)(a), Dense(3)(b)])\n"
        "net = Model([a, b], Dense(1)(x))\n"
    )
    (folder / "two.txt").write_text(text)
    done = inside("shape", "two.txt", "-i", "4", "-i", "6", "--format", "json")
    # 4*3+3, 6*3+3, 6+1
    assert 15 + 21 + 7 == params(done)


@pytest.mark.parametrize("form", [json.dumps, lambda told: json.dumps(json.dumps(told))])
@pytest.mark.parametrize("name", ["net.json", "net.txt"])
def test_json_of_keras_is_read(inside, folder, typed, name, form):
    (folder / name).write_text(form(TOLD))
    done = inside("shape", name, "--format", "json")
    assert (PARAMS, FIRST) == (params(done), done.err)
    typed(form(TOLD).encode())
    assert PARAMS == params(inside("shape", "-", "--format", "json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"class_name": "Sequential", "config": {', "'net.json' is no JSON, or damaged"),
        (
            json.dumps({**TOLD, "class_name": "Net", "config": {}}),
            "'net.json': the model is of class Net, whose layers are in Python code",
        ),
        (
            '{"class_name": "Sequential", "config": ' + "[" * 100_000,
            "'net.json' is no JSON, or damaged",
        ),
        (
            json.dumps(TOLD).replace('"filters": 4', '"filters": "x"'),
            "'net.json': layer 'first' (Conv2D): out_channels",
        ),
    ],
)
def test_damaged_json_of_keras_is_refused_in_one_line(inside, folder, text, message):
    (folder / "net.json").write_text(text)
    done = inside("shape", "net.json")
    assert (3, 1) == (done.code, done.err.count("\n"))
    assert message in done.err


def test_an_error_points_into_the_text(inside, typed):
    typed(SOURCE.replace("Dense(5)", "Dense(classes)").encode())
    done = inside("shape", "-")
    assert 2 == done.code
    assert (
        "convcalc: error: 'classes' has no value that the text tells, and units needs it (standard "
        "input, line 8, column 18)\n      layers.Dense(classes),\n                   ^^^^^^^\n"
    ) == done.err


def test_what_varies_and_orders_texts_is_told_what_it_is(inside, folder):
    (folder / "net.txt").write_text(SOURCE)
    for command in ("sweep", "fmt"):
        assert (
            "this is source text of Keras; commands on networks" in inside(command, "net.txt").err
        )


def test_it_is_converted_without_what_was_passed_over_being_run(inside, folder):
    (folder / "model.py").write_text(SOURCE)
    done = inside("convert", "model.py", "-o", "-", "--to", "spec", "-q")
    assert 0 == done.code
    assert "conv2d=conv:4,k3" in done.out.splitlines()
    assert "Python" not in done.out
