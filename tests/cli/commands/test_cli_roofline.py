"""`roofline` and `devices` as a user meets them."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction

import pytest
from cli_support import loaded_by

from convcalc.cli.parsing.rates import BYTES, OPERATIONS, rate_of
from convcalc.errors import UsageError

LAYER = ("-i", "512x14x14", "conv:512,k3,p1,nobias")
A100 = ("--device", "a100-40gb")

SHOWN = """\
input 512x14x14, float32
a100-40gb: 19.5 TFLOP/s, 1.555 TB/s
(NVIDIA A100 Tensor Core GPU data sheet)

#  layer                          ops       bytes  ops/byte  bound     time  share
                                                                         µs
---------------------------------------------------------------------------------------------
0  conv:512,k3,p1,nobias  924,844,032  10,240,000     90.32  compute  47.43   98.9 % ########
1  relu                       100,352     802,816     0.125  memory    0.52    1.1 % #
2  flatten                          0           0         -  -            0
---------------------------------------------------------------------------------------------
   total                  924,944,384  11,042,816     83.76           47.94

below 12.54 ops per byte memory is the limit, from there on arithmetic
ops: 2 per MAC, 1 per element operation; bytes: each element moved once
time: at least ops / peak and bytes / bandwidth, layer by layer (98.9 % of peak)
assumes no fusion: layers that are fused can be faster than this
"""


def test_a_convolution_on_a_named_device(inside):
    # 924,844,032 / 19.5e12 = 47.428 us; 802,816 / 1.555e12 = 516.28 ns; together 47.944 us.
    done = inside("roofline", *LAYER, "relu", "flatten", *A100)
    assert (0, SHOWN, "") == (done.code, done.out, done.err)


def test_no_line_is_wider_than_a_terminal(on_terminal):
    shown = on_terminal("roofline", "resnet18", *A100, "--color", "never").out
    assert max(map(len, shown.splitlines())) <= 80
    assert "share" in shown
    assert max(map(len, on_terminal("devices", "--color", "never").out.splitlines())) <= 80


# One relu on one number moves 8 bytes.
@pytest.mark.parametrize(
    ("bandwidth", "shown"),
    [
        ("8", ["s", "1.000"]),
        ("0.0008", ["s", "10,000.00"]),
        ("3", ["s", "2.667"]),
        ("8001", ["\u00b5s", "999.88"]),
        ("8000.1", ["ms", "1.000"]),
        ("1M", ["\u00b5s", "8.000"]),
        ("1G", ["ns", "8.000"]),
        ("3T", ["ps", "2.667"]),
        ("8P", ["ps", "0.0010"]),
    ],
)
def test_a_time_has_four_digits_below_its_unit(inside, bandwidth, shown):
    done = inside("roofline", "-i", "1", "relu", "--peak", "1e30", "--bandwidth", bandwidth)
    unit, _, only = done.out.splitlines()[4:7]
    assert shown == [*unit.split(), only.split()[6]]


def test_json_has_the_exact_figures(inside):
    done = inside("roofline", *LAYER, "flatten", *A100, "--batch", "2", "--format", "json")
    data = json.loads(done.out)
    assert "assumes no fusion: layers that are fused can be faster than this" == data["assumes"]
    assert ("roofline", "float32", 2) == (data["command"], data["dtype"], data["batch"])
    assert {
        "name": "a100-40gb",
        "peak": 19_500_000_000_000,
        "bandwidth": 1_555_000_000_000,
        "ridge": 19_500 / 1_555,
        "source": "NVIDIA A100 Tensor Core GPU data sheet",
    } == data["machine"]
    conv, view = data["layers"]
    assert 1_849_688_064 == conv["operations"] == conv["flops"]
    # 802,816 = 4 * 2*512*14*14
    ideal = {"inputs": 802_816, "weights": 9_437_184, "outputs": 802_816, "total": 11_042_816}
    assert ideal == conv["bytes"]
    # 8 bytes for each of 924,844,032 MACs
    assert 7_398_752_256 + 802_816 == conv["bytes_without_reuse"]["total"]
    assert 1_849_688_064 / 11_042_816 == conv["intensity"]
    assert ("compute", 1_849_688_064 / 19.5e12) == (conv["bound"], conv["seconds"])
    assert (None, None, 0.0) == (view["intensity"], view["bound"], view["seconds"])
    totals = data["totals"]
    assert (1_849_688_064, 11_042_816) == (totals["operations"], totals["bytes"]["total"])
    assert (1_849_688_064 / 19.5e12, 1.0) == (totals["seconds"], totals["peak_fraction"])


def test_a_rate_that_is_not_whole_is_a_fraction(inside):
    done = inside("roofline", *LAYER, "--peak", "0.5", "--bandwidth", "3", "--format", "json")
    found = json.loads(done.out)["machine"]
    assert ("1/2", 3, None, None) == (
        found["peak"],
        found["bandwidth"],
        found["name"],
        found["source"],
    )


def test_csv_has_numbers_for_machines(inside):
    done = inside("roofline", *LAYER, "flatten", *A100, "--format", "csv")
    conv, view = csv.DictReader(io.StringIO(done.out))
    assert ("924844032", "10240000", "compute") == (
        conv["operations"],
        conv["bytes"],
        conv["bound"],
    )
    assert (90.3168, 924_844_032 / 19.5e12, 1.0) == (
        float(conv["intensity"]),
        float(conv["seconds"]),
        float(conv["share"]),
    )
    assert ("", "", "0.0", "0.0") == (
        view["intensity"],
        view["bound"],
        view["seconds"],
        view["share"],
    )


def test_the_devices_are_listed(inside):
    done = inside("devices", "--format", "csv")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(done.out))}
    assert ("320000000000", "8100000000000", "") == (
        rows["t4"]["bandwidth"],
        rows["t4"]["float32"],
        rows["t4"]["bfloat16"],
    )
    listed = json.loads(inside("devices", "--format", "json").out)["devices"]
    assert sorted(rows) == sorted(one["name"] for one in listed)
    assert {"float32": 15_700_000_000_000, "float16": 125_000_000_000_000} == next(
        one["peaks"] for one in listed if one["name"] == "v100-sxm2"
    )
    shown = inside("devices").out
    assert "v100-sxm2         900 GB/s   15.7 T    125 T         -        -        -" in shown


def test_integers_compute_operations_that_do_not_float(inside):
    assert (
        "t4: 130 TOP/s, 320 GB/s"
        in inside("roofline", *LAYER, "--device", "t4", "--dtype", "int8").out
    )


@pytest.mark.parametrize(
    ("text", "unit", "rate"),
    [
        ("19.5T", OPERATIONS, 19_500_000_000_000),
        ("19.5TFLOP/s", OPERATIONS, 19_500_000_000_000),
        ("19.5 TFLOPS", OPERATIONS, 19_500_000_000_000),
        ("130TOPS", OPERATIONS, 130_000_000_000_000),
        ("130 TOP/s", OPERATIONS, 130_000_000_000_000),
        ("2PFLOPs", OPERATIONS, 2_000_000_000_000_000),
        ("1.5e12", OPERATIONS, 1_500_000_000_000),
        ("1.5E-1", OPERATIONS, Fraction(3, 20)),
        ("7", OPERATIONS, 7),
        ("300G", BYTES, 300_000_000_000),
        ("300GB/s", BYTES, 300_000_000_000),
        ("300 GB/s", BYTES, 300_000_000_000),
        ("300GiB/s", BYTES, 300 * 2**30),
        ("1.5Ti", BYTES, 3 * 2**39),
        ("12kB/s", BYTES, 12_000),
        ("12KiB/s", BYTES, 12_288),
        ("12MB/s", BYTES, 12_000_000),
        ("1EB/s", BYTES, 10**18),
        ("5B/s", BYTES, 5),
    ],
)
def test_a_rate_is_read_exactly(text, unit, rate):
    assert rate == rate_of("peak", text, unit)


@pytest.mark.parametrize(
    ("text", "unit", "says"),
    [
        ("19,5T", OPERATIONS, "without commas"),
        ("19.5t", OPERATIONS, "prefixes are k, M, G, T, P, E$"),
        ("19.5TiFLOPS", OPERATIONS, "prefixes are k, M, G, T, P, E$"),
        ("300GB/s", OPERATIONS, "that is a rate of bytes"),
        ("19.5TFLOPS", BYTES, "that is a rate of operations"),
        ("300Gb/s", BYTES, "b is a bit, B a byte"),
        ("300Gbps", BYTES, "b is a bit, B a byte"),
        ("300gB/s", BYTES, "prefixes are k, .*, Ki, Mi, Gi, Ti, Pi$"),
        ("fast", OPERATIONS, "got 'fast'"),
        ("-3T", OPERATIONS, "got '-3T'"),
        ("nan", OPERATIONS, "got 'nan'"),
        ("1e999", OPERATIONS, "got '1e999'"),
        ("\u0663T", OPERATIONS, "got"),
        ("1 2", OPERATIONS, "got '1 2'"),
        ("0.0T", OPERATIONS, "must be above 0"),
        ("", OPERATIONS, "the value is empty"),
    ],
)
def test_a_rate_that_cannot_be_read(text, unit, says):
    with pytest.raises(UsageError, match=rf"^--peak: .*{says}"):
        rate_of("peak", text, unit)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "say which machine: --device NAME"),
        (("--peak", "1T"), "--peak needs --bandwidth beside it"),
        (("--bandwidth", "1T"), "--bandwidth needs --peak beside it"),
        ((*A100, "--peak", "1T"), "--device and --peak both say which machine"),
        ((*A100, "--bandwidth", "1T"), "--device and --bandwidth both say which machine"),
        ((*A100, "--measure"), "--device and --measure both say which machine"),
        (("--peak", "1", "--bandwidth", "1", "--measure"), "--peak and --measure both say"),
        (("--device", "a100"), "no device is called 'a100'; did you mean 'a100-40gb'?"),
        (("--device", "cray"), "`convcalc devices` lists those that are known"),
        (("--device", ""), "--device: the value is empty"),
        (("--device", "t4", "--dtype", "bfloat16"), "t4 has float32, float16, int8, int4"),
        (("--device", "t4", "--dtype", "float64"), "--dtype: expected one of float32"),
        (("--measure", "--dtype", "int8"), "--measure:"),
        (("--peak", "1T", "--bandwidth", "1Tb/s"), "--bandwidth: expected bytes per second"),
    ],
)
def test_a_command_line_that_names_no_machine(inside, options, says):
    done = inside("roofline", *LAYER, *options)
    assert (2, "") == (done.code, done.out)
    assert says in done.err


def test_a_machine_is_measured_and_said(inside, monkeypatch):
    from convcalc.analysis import RooflineMachine
    from convcalc.execute.planning import measure_peak

    monkeypatch.setattr(
        measure_peak,
        "measure",
        lambda dtype: RooflineMachine(
            Fraction(10**11), Fraction(2 * 10**10), "this machine", "measured"
        ),
    )
    shown = inside("roofline", *LAYER, "--measure").out
    assert "this machine: 100 GFLOP/s, 20 GB/s\n(measured)\n" in shown
    assert "ms" == shown.splitlines()[5].strip()
    assert " 9.248 " in shown  # 924,844,032 / 10^11


@pytest.mark.parametrize("arguments", [("roofline", *LAYER, *A100), ("devices",)])
def test_no_library_is_loaded_to_calculate(arguments):
    loaded = loaded_by(*arguments, "--format", "json")
    assert "convcalc.analysis.roofline.model" in loaded
    assert set() == loaded & {"numpy", "torch", "rich", "convcalc.execute"}
