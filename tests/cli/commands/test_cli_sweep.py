"""`sweep` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
from xml.etree import ElementTree

import pytest
from cli_support import COMMAND, environment, heed_signals, loaded_by

from unix import resource

GRID = ("sweep", "-i", "3x224x224", "conv:{32,64},k{3,5,7},s{1,2},p{0..3}")

SHOWN = """\
spec              output      params         macs  field
--------------------------------------------------------
conv:32,k3,s2,p1  32x112x112     896   10,838,016      3
conv:32,k5,s2,p2  32x112x112   2,432   30,105,600      5
conv:32,k7,s2,p3  32x112x112   4,736   59,006,976      7
conv:64,k3,s2,p1  64x112x112   1,792   21,676,032      3
conv:64,k5,s2,p2  64x112x112   4,864   60,211,200      5
conv:64,k7,s2,p3  64x112x112   9,472  118,013,952      7
"""


def test_the_rows_that_keep_to_a_condition(inside):
    assert (0, SHOWN, "") == inside(*GRID, "--where", "out == 112")[:3]


def test_the_forms(inside):
    words = (*GRID, "--where", "macs > 118M and field == 7 and out == 112")
    row = ["conv:64,k7,s2,p3", "64x112x112", "9472", "118013952", "7"]
    told = list(csv.reader(io.StringIO(inside(*words, "--format", "csv").out)))
    assert [["spec", "output", "params", "macs", "field"], row] == told
    (line,) = inside(*words, "--format", "json").out.splitlines()
    assert {
        "spec": "conv:64,k7,s2,p3",
        "output": "64x112x112",
        "params": 9472,
        "macs": 118_013_952,
        "field": 7,
    } == json.loads(line)
    assert [
        "| spec | output | params | macs | field |",
        "|---|---|---:|---:|---:|",
        "| conv:64,k7,s2,p3 | 64x112x112 | 9,472 | 118,013,952 | 7 |",
    ] == inside(*words, "--format", "md").out.splitlines()


def test_columns_order_and_the_first(inside):
    words = (*GRID, "--columns", "k,macs", "--format", "csv", "--sort", "-macs", "--top", "2")
    # 224 * 224 positions with padding 3, 222 * 222 with padding 2; 64 * 3 * 49 products each.
    assert ["k,macs", "7,472055808", "7,463663872"] == inside(*words).out.split()
    smallest = inside(*GRID, "--columns", "macs", "--format", "csv", "--sort", "macs").out.split()
    assert sorted(map(int, smallest[1:])) == [int(one) for one in smallest[1:]]
    assert 49 == len(smallest)


def test_input_sizes_of_a_network(inside):
    done = inside("sweep", "resnet50", "-i", "3x{224..256:32}", "--format", "csv")
    assert [
        "input,output,params,macs,activations",
        "3x224x224,1000,25557032,4089184256,37561832",
    ] == done.out.splitlines()[:2]
    assert 3 == len(done.out.splitlines())


def test_parameters_of_a_file(inside, folder):
    (folder / "net.spec").write_text("# input 3x8x8\nconv:$width,k3 relu conv:$width*2,k3\n")
    done = inside(
        "sweep", "net.spec", "-D", "width=4,8", "--format", "csv", "--columns", "width,params"
    )
    # 27 w + w, then 9 * w * 2 w + 2 w.
    assert f"width,params\n4,{28 * 4 + 18 * 16 + 8}\n8,{28 * 8 + 18 * 64 + 16}\n" == done.out


def test_the_front_is_marked_and_may_be_shown_alone(inside):
    words = ("sweep", "-i", "3x64x64", "conv:8,k{3,5,7},d{1,2}", "--format", "csv")
    marked = inside(*words, "--pareto", "macs,field", "--columns", "spec").out.splitlines()
    # Dilation 2 sees more with fewer positions, so that it costs less.
    assert ["spec,front", "conv:8,k3,d1,0", "conv:8,k3,d2,1"] == [
        line.replace('"', "") for line in marked[:3]
    ]
    alone = inside(*words, "--pareto", "macs,field", "--columns", "spec", "--front")
    assert [line for line in marked if line.endswith(("front", "1"))] == alone.out.splitlines()


def test_a_drawing(inside, folder):
    words = ("sweep", "-i", "3x64x64", "conv:8,k{1..9},d{1..4}", "-q", "--plot", "macs,field")
    assert 0 == inside(*words, "out.svg").code
    root = ElementTree.fromstring((folder / "out.svg").read_text())
    circles = [one for one in root.iter() if one.tag.endswith("circle")]
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert (True, True, True) == (len(circles) > 36, "macs" in texts, "field" in texts)
    again = inside(*words, "out.svg")
    told = "convcalc: error: cannot write 'out.svg': it exists; add --force to replace it\n"
    assert (4, told) == (again.code, again.err)
    assert 0 == inside(*words, "out.svg", "--force").code
    assert 4 == inside(*words, "nowhere/out.svg").code
    assert (2, True) == (inside(*words).code, "--plot macs,field out.svg" in inside(*words).err)


def test_what_does_not_fit_is_counted(inside):
    done = inside("sweep", "-i", "3x8x8", "conv:8,k{7..12}")
    assert (0, 4) == (done.code, len(done.out.splitlines()))
    assert "note: 4 of 6 combinations do not fit and are left out\n" in done.err


def test_none_ends_with_1(inside):
    done = inside(*GRID, "--where", "macs < 0")
    assert 1 == done.code
    assert "none of 48 combinations fits and keeps to the condition" in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say what to sweep, as 'conv:{32,64},k{3,5,7},s{1,2},p{0..3}'"),
        (["conv:{8,16},k{3..}"], "a range needs both ends, as 3..7 (column 14)"),
        (["conx:{8,16}"], "unknown kind 'conx'"),
        (["relu", "-i", "3x{8..}"], "a range needs both ends, as 3..7 (the input, column 3)"),
        (["relu", "-i", "3y8"], "the input is channels and up to 3 sizes"),
        (["conv:8,k{3,5}", "--where", "mac < 3"], "did you mean 'macs'? (--where, column 1)"),
        (["conv:8,k{3,5}", "--where", "macs ** 2 < 3"], "got '*' (--where, column 7)"),
        (["conv:8,k{3,5}", "--sort", "size"], "--sort: no figure is called 'size'"),
        (["conv:8,k{3,5}", "--top", "3"], "--top needs --sort"),
        (["conv:8,k{3,5}", "--front"], "--front needs --pareto"),
        (["conv:8,k{3,5}", "--pareto", "macs"], "--pareto: expected two figures, as macs,field"),
        (["conv:8,k{3,5}", "--columns", "mac"], "did you mean 'macs'"),
        (["conv:8,k{3,5}", "--columns", "macs,macs"], "a column is given twice"),
        (["conv:8,k{3,5}", "--jobs", "0"], "--jobs: must be at least 1"),
        (["conv:$w,k3", "-D", "w"], "-D: expected NAME=VALUES, as width=32,64; got 'w'"),
        (["conv:$w,k3", "-D", "w=3", "-D", "w=4"], "-D: w is given twice"),
        (["conv:$w,k3", "-D", "w=3.."], "-D w: a range needs both ends"),
        (["conv:$w,k3", "-D", "w=3", "-D", "v=3"], "-D v: there is no $v in the text"),
        (["conv:$w,k3"], "w"),
        (
            ["conv:{1..100000},k{1..100000}"],
            "the grid has 10,000,000,000 rows (100,000 x 100,000); of more than 1,000,000,000 say",
        ),
    ],
)
def test_wrong_arguments_are_told_in_a_line_or_two(inside, words, told):
    done = inside("sweep", *words, "-q")
    assert (2, "") == (done.code, done.out)
    assert told in done.err
    assert len(done.err.splitlines()) <= 3


def test_a_model_is_no_text_to_vary(inside, folder):
    assert 0 == inside("convert", "unet", "-o", "net.json").code
    for word in ("net.json", "torchvision:resnet18", "model.py:Net"):
        code, out, err = inside("sweep", word)[:3]
        assert (2, "") == (code, out)
        assert f"convcalc convert {word} -o net.spec" in err


def test_a_reader_that_goes_away_ends_it():
    words = ("-i", "3x64x64", "conv:{1..100000},k{1..9},s{1..4}", "--format", "csv", "-q")
    command = [*COMMAND, "sweep", *words]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) as process:
        assert b"spec,output,params,macs,field\n" == process.stdout.readline()
        process.stdout.close()
        assert 0 == process.wait(60)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_interrupt_leaves_whole_rows(form):
    words = ("-i", "3x64x64", "conv:{1..100000},k{1..9},s{1..4}", "--format", form)
    command = [*COMMAND, "sweep", *words]
    with subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_signals,
    ) as process:
        begun = os.read(process.stdout.fileno(), 100)
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=60)
    lines = (begun + rest).decode().splitlines()
    assert 130 == process.returncode
    assert b"interrupted: " in told
    assert (begun + rest).endswith(b"\n")
    last = lines[-1]
    assert json.loads(last)["field"] if form == "json" else 5 == len(next(csv.reader([last])))


def test_memory_does_not_grow_with_the_rows():
    words = ("-i", "3x64x64", "conv:{1..4000},k{1..3},s{1..2},p{0..1}", "--format", "csv", "-q")

    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (100 << 20, 100 << 20))

    done = subprocess.run(
        [*COMMAND, "sweep", *words],
        env=environment(),
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=limit,
    )
    assert 48_001 == done.stdout.count(b"\n")


def test_it_needs_no_library():
    assert set() == loaded_by(*GRID) & {"numpy", "torch", "rich", "multiprocessing.pool"}
