"""`memory`: the bytes of a network, in every form."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from cli_support import loaded_by

BLOCK = ("-i", "2x4x4", "conv:2,k3,p1", "bn", "relu")
PLAIN = {"NO_COLOR": "1"}


def document(done):
    """The one strict JSON document that a command printed."""

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    assert 0 == done.code
    return json.loads(done.out, parse_constant=refuse)


def rows(done):
    return list(csv.DictReader(io.StringIO(done.out)))


def line(text, name):
    """The words of the one line that begins with `name`."""
    (found,) = [one for one in text.splitlines() if one.strip().startswith(name)]
    return re.split(r"\s{2,}", found.strip())


def test_json_is_the_documented_schema(inside):
    found = document(inside("memory", *BLOCK, "--format", "json"))
    assert ("memory", "complete", "float32", 1) == tuple(
        found[key] for key in ("command", "status", "dtype", "schema_version")
    )
    first, _, last = found["layers"]
    own = {
        "weight_bytes": 152,  # 4 * (2*2*9 + 2)
        "buffer_bytes": 0,
        "activation_bytes": 128,  # 4 * 2*4*4
        "stored_bytes": 128,
        "live_bytes": 256,
        "im2col_bytes": 1152,  # 4 * 18*16
        "fft_bytes": 1536,  # 8 * 6*4 * (2 + 2 + 4)
        "saved_bytes": 128,
        "traffic_bytes": 408,  # 4 * (32 + 38 + 32)
        "traffic_bytes_without_reuse": 4864,  # 4 * (2*576 + 32 + 32)
        "operations": 1152,
        "intensity": 1152 / 408,
    }
    assert own == {key: first[key] for key in own}
    assert (576, [2, 4, 4], "0") == (first["macs"], first["output_shape"], first["label"])
    assert (None, None) == (last["im2col_bytes"], last["fft_bytes"])
    assert found["memory"] == {
        "assumes": "assumes that everything, biases and statistics too, has this dtype",
        "in_place": False,
        "input_bytes": 128,
        "weight_bytes": 168,
        "buffer_bytes": 16,
        "activation_bytes": 384,
        "traffic_bytes": 408 + 272 + 256,  # bn reads and writes 128 and reads 4 numbers; relu
        "traffic_bytes_without_reuse": 4864 + 512 + 256,
        "operations": 1152 + 64 + 32,
        "intensity": 1248 / 936,
        "peak": {
            "bytes": 256,
            "index": 0,
            "label": "0",
            "tensors": [
                {"index": -1, "label": "input", "shape": [2, 4, 4], "bytes": 128},
                {"index": 0, "label": "0", "shape": [2, 4, 4], "bytes": 128},
            ],
        },
        "training": {
            "optimizer": "adam",
            "weight_bytes": 168,
            "buffer_bytes": 16,
            "gradient_bytes": 168,
            "state_bytes": 336,
            "saved_bytes": 400,
            "total_bytes": 1088,
            "unknown": [],
        },
    }


def test_the_options_reach_the_figures(inside):
    options = ("--batch", "3", "--dtype", "FLOAT16", "--in-place", "--optimizer", "momentum")
    found = document(inside("memory", *BLOCK, *options, "--format", "json"))
    memory = found["memory"]
    assert ("float16", 3, True) == (found["dtype"], found["batch"], memory["in_place"])
    # Half the width, three samples: an input and a result of 3 * 32 numbers, then one.
    assert [384, 192, 192] == [layer["live_bytes"] for layer in found["layers"]]
    assert [192, 0, 0] == [layer["stored_bytes"] for layer in found["layers"]]
    assert (84, 84) == (memory["weight_bytes"], memory["training"]["state_bytes"])


def test_integers_are_not_trained(inside):
    found = document(inside("memory", *BLOCK, "--dtype", "int8", "--format", "json"))
    assert (42, None) == (found["memory"]["weight_bytes"], found["memory"]["training"])
    assert [None] * 3 == [layer["saved_bytes"] for layer in found["layers"]]
    out = inside("memory", *BLOCK, "--dtype", "int8").out
    assert "no training: integers have no gradients" in out
    assert "training with" not in out


def test_an_unknown_kind_makes_the_answer_partial(inside, monkeypatch):
    from convcalc.analysis.memory.autograd import SAVED

    monkeypatch.delitem(SAVED, "bn")
    found = document(inside("memory", *BLOCK, "--format", "json"))
    assert ("partial", ["bn"]) == (found["status"], found["memory"]["training"]["unknown"])
    assert "not known of bn, and not counted" in inside("memory", *BLOCK).out


def test_csv_has_exact_bytes_under_machine_names(inside):
    conv, bn, relu = rows(inside("memory", *BLOCK, "--format", "csv"))
    assert ["0", "conv:2,k3,p1", "2x4x4", "152", "128", "256", "1152", "128", "408"] == [
        conv[key]
        for key in (
            *("index", "spec", "output_shape", "weight_bytes", "activation_bytes", "live_bytes"),
            *("im2col_bytes", "saved_bytes", "traffic_bytes"),
        )
    ]
    assert ("16", "16", "") == (bn["weight_bytes"], bn["buffer_bytes"], bn["fft_bytes"])
    assert "0.125" == relu["intensity"]  # 32 comparisons, 256 bytes


def test_markdown_is_a_table_of_equal_rows_with_a_total(inside):
    out = inside("memory", *BLOCK, "--format", "md").out
    lines = [one for one in out.splitlines() if one.startswith("|")]
    assert 1 == len({one.count("|") for one in lines})
    total = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert ["", "total", "", "168", "384", "", "", "400"] == total[:8]


def test_the_figures_of_resnet50_below_the_table(inside):
    done = inside("memory", "resnet50", "--in-place")
    assert (0, "") == (done.code, done.err)
    assert "input 3x224x224, float32, in place" == done.out.splitlines()[0]
    # 25,557,032 parameters of 4 bytes; 10^6 and 2^20
    assert ["weights", "102,228,128", "102.228", "97.492"] == line(done.out, "weights")
    assert ["buffers", "212,480", "0.212", "0.203"] == line(done.out, "buffers")
    assert ["peak of live activations", "7,225,344", "7.225", "6.891"] == line(
        done.out, "peak of live"
    )
    # 102,228,128 * 4 + 212,480 + 86,121,984
    assert ["with weights and buffers", "495,246,976", "495.247", "472.304"] == line(
        done.out, "with weights and buffers"
    )
    place, *tensors = done.out.split("peak at ")[1].splitlines()[:4]
    assert "layer 12, layer1.0.1.0 (conv:256,k1,nobias):" == place
    assert ["3,211,264", "256x56x56", "layer1.0.0.0.7"] == tensors[0].split()
    assert ["802,816", "64x56x56", "3"] == tensors[2].split()
    assert "1 MB = 10^6 bytes, 1 MiB = 2^20 bytes; an element takes 4 bytes" in done.out


@pytest.mark.parametrize(
    ("dtype", "said"),
    [("bfloat16", "takes 2 bytes"), ("int8", "takes 1 byte\n"), ("int4", "takes half a byte")],
)
def test_the_size_of_a_number_is_said(inside, dtype, said):
    assert said in inside("memory", *BLOCK, "--dtype", dtype).out


def test_what_has_the_dtype_is_said(inside):
    # Quantised models often keep biases and statistics at 32 bits; here 2 of each take 1 byte.
    done = inside("memory", *BLOCK, "--dtype", "int8")
    assert "assumes that everything, biases and statistics too, has this dtype\n" in done.out


def test_a_peak_of_many_tensors_lists_the_largest(inside):
    branches = "|".join(f"pw:{n}" for n in range(1, 12))
    done = inside("memory", "-i", "1x2", f"concat{{{branches}}}")
    place, *tensors = done.out.split("peak at ")[1].splitlines()[:10]
    assert "(concat)" in place
    assert ["528", "66x2", "0"] == tensors[0].split()  # 1 + 2 + ... + 11 channels
    assert ["88", "11x2", "0.10.0"] == tensors[1].split()
    # the largest 8 are the result and 11 to 5 channels; 4 to 1 are left, 8 * 10 bytes
    assert "  and 4 more of 80 bytes; --format json lists them all" == tensors[8]
    found = document(inside("memory", "-i", "1x2", f"concat{{{branches}}}", "--format", "json"))
    assert 12 == len(found["memory"]["peak"]["tensors"])


def test_a_terminal_of_80_columns_shows_exact_bytes(on_terminal):
    done = on_terminal("memory", "vgg16", env=PLAIN)
    assert 0 == done.code
    table = done.out.split("all activations")[0].splitlines()
    assert 80 >= max(map(len, table))
    first = next(one for one in table if "conv:64,k3,p1" in one)
    assert ["7,168", "12,845,056", "13,447,168"] == first.split()[3:6]
    assert "left out for the width: #, im2col, saved, traffic" in done.out
    assert all(len(one) <= 80 for one in done.out.splitlines() if "left out" not in one)


def test_a_wide_terminal_shows_every_column(on_terminal):
    out = on_terminal("memory", *BLOCK, columns=160, env=PLAIN).out
    titles = out.splitlines()[2]
    assert ["live", "im2col", "saved", "traffic", "op/byte"] == titles.split()[5:10]
    assert "left out" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dtype", "float"), "--dtype: expected one of float32, float16, bfloat16, int8, int4"),
        (("--dtype", "float"), "did you mean 'float32'?"),
        (("--optimizer", "lion"), "--optimizer: expected one of adam, adamw, momentum, sgd"),
        (("--optimizer", "sgd", "--dtype", "int8"), "--optimizer: int8 has no gradients"),
        (("--batch", "0"), "--batch"),
        (("--in-place=yes",), "--in-place"),
    ],
)
def test_a_wrong_option_is_said(inside, arguments, said):
    done = inside("memory", *BLOCK, *arguments)
    assert (2, "") == (done.code, done.out)
    assert said in done.err


def test_layers_that_do_not_fit_are_pointed_at(inside):
    done = inside("memory", "-i", "2x4x4", "conv:2,k9")
    assert (2, "") == (done.code, done.out)
    assert "the kernel spans 9 elements" in done.err


def test_one_layer_by_flags(inside):
    by_flags = document(inside("memory", "-i", "2x4x4", "-n", "2", "-p", "1", "--format", "json"))
    by_spec = document(inside("memory", "-i", "2x4x4", "conv:2,k3,p1", "--format", "json"))
    assert by_spec == by_flags


def test_memory_loads_no_library():
    loaded = loaded_by("memory", *BLOCK)
    assert "convcalc.analysis.memory.report" in loaded
    assert set() == loaded & {"numpy", "torch", "onnx", "rich", "scipy"}


@pytest.mark.parametrize("command", ["flops", "shape", "rf", "summary"])
def test_other_commands_do_not_load_it(command):
    loaded = loaded_by(command, *BLOCK)
    assert set() == {name for name in loaded if "memory" in name or "traffic" in name}


def test_a_terminal_shows_the_same_paragraphs(inside, on_terminal):
    words = ("memory", "-i", "3x8x8", "conv:4,k3", "--format", "table")
    plain = inside(*words).out.partition("live activations")[2]
    shown = on_terminal(*words, columns=100).out.partition("live activations")[2]
    assert 2 == plain.count("\n\n")
    assert plain.split("\n\n")[1] == shown.split("\n\n")[1]
