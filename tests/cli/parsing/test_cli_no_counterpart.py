"""PyTorch's modules without a counterpart: what is known of them goes on, and is told apart."""

from __future__ import annotations

import json

import pytest

import convcalc
from convcalc.errors import SpecError
from convcalc.language.parse import formatted

CONV = "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))"  # 224 parameters
LAST = "Conv2d(8, 4, kernel_size=(1, 1), stride=(1, 1))"  # 36 parameters


def printed(*modules, name="Sequential"):
    lines = [f"  ({place}): {module}" for place, module in enumerate(modules)]
    return "\n".join([f"{name}(", *lines, ")"])


@pytest.mark.parametrize(
    ("module", "kind", "params", "known"),
    [
        ("QuickGELU()", "opaque", 0, False),
        ("FakeQuantize(fake_quant_enabled=True)", "opaque", 0, False),
        ("Softplus(beta=2, threshold=9, odd=1)", None, None, None),
        ("BatchNorm2d(8, track_running_stats=False)", "opaque", 16, False),
        ("BatchNorm2d(8, affine=False, track_running_stats=False)", "opaque", 0, False),
        ("BatchNorm2d(8, bias=False)", "opaque", 8, False),
        ("InstanceNorm2d(8, track_running_stats=True)", "opaque", 0, False),
        ("InstanceNorm2d(8, affine=True, track_running_stats=True)", "opaque", 16, False),
        # The same function by another name.
        ("Swish()", "silu", 0, True),
        ("HSwish()", "hardswish", 0, True),
        ("h_sigmoid()", "hardsigmoid", 0, True),
        ("DropPath(drop_prob=0.1)", "identity", 0, True),
    ],
)
def test_a_module_that_keeps_the_shape_does_not_stop_the_count(module, kind, params, known):
    text = printed(CONV, module, LAST)
    if kind is None:
        with pytest.raises(SpecError, match="has no argument 'odd'"):
            convcalc.parse(text)
        return
    report = convcalc.parse(text).analyze((3, 9, 9))
    row = report.layers[1]
    assert (kind, params, known) == (row.kind, row.params, row.counted)
    assert (224 + params + 36, (4, 7, 7)) == (report.totals.params, report.output_shape)


def test_what_is_assumed_is_said_with_its_line():
    notes = convcalc.parse(printed(CONV, "QuickGELU()")).notes
    assert notes == (
        "QuickGELU in line 3 is no kind here: what leaves it has the shape of its input, and its "
        "cost is not counted",
    )


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "DeformConv2d(8, 8)",
            "unknown PyTorch module 'DeformConv2d'; in the spec language opaque",
        ),
        ("AvgPool2d(2, divisor_override=3)", "divisor_override of AvgPool2d: 3 has no counterpart"),
        (
            "Odd(\n    (a): ReLU()\n    (b): ReLU()\n  )",
            "a printed Odd does not say how data flows",
        ),
    ],
)
@pytest.mark.parametrize("command", ["shape", "flops", "rf", "memory", "summary"])
def test_the_table_goes_up_to_a_module_of_unknown_shape(inside, command, module, message):
    done = inside(command, "-q", "-i", "3x9x9", printed(CONV, module, LAST), "--format", "json")
    document = json.loads(done.out)
    assert (2, "partial", 1) == (done.code, document["status"], len(document["layers"]))
    assert message in document["failure"]
    assert done.err.startswith(f"convcalc: error: {message}")
    assert "inputs_that_fit" not in document


def test_the_first_module_alone_is_an_error():
    with pytest.raises(SpecError, match="unknown PyTorch module 'Deform'"):
        convcalc.parse("Deform(8)").analyze((3, 9, 9))


def test_faults_are_told_beside_what_has_no_counterpart():
    with pytest.raises(SpecError) as caught:
        convcalc.parse(printed("Conv2d(3, 8)", "Deform()"))
    assert ["Conv2d needs kernel_size", "unknown PyTorch module 'Deform'"] == [
        problem.message.partition(";")[0] for problem in caught.value.problems
    ]


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "memory", "summary"])
@pytest.mark.parametrize("strict", [False, True])
def test_strict_takes_no_partial_answer(inside, command, strict):
    text = printed(CONV, "QuickGELU()", LAST)
    words = ["--strict"] if strict else []
    done = inside(command, "-q", "-i", "3x9x9", text, "--format", "json", *words)
    assert ("partial", 3 if strict else 0) == (json.loads(done.out)["status"], done.code)
    said = "convcalc: error: --strict: the answer is partial: the cost of 1 is not known\n"
    assert done.err == (said if strict else "")


def test_strict_lets_a_complete_answer_pass(inside):
    assert 0 == inside("flops", "-q", "-i", "3x9x9", printed(CONV, LAST), "--strict").code


def test_only_running_refuses(inside, tmp_path):
    np = pytest.importorskip("numpy")
    np.save(tmp_path / "x.npy", np.ones((3, 9, 9)))
    (tmp_path / "net.txt").write_text(printed(CONV, "QuickGELU()", LAST))
    words = ("run", str(tmp_path / "x.npy"), "-q", "--network", str(tmp_path / "net.txt"))
    done = inside(*words, "--random-weights", "1")
    assert 2 == done.code
    assert "layer 1 (QuickGELU) cannot be run: what it computes is not known" in done.err
    assert 0 == inside(*words, "--random-weights", "1", "--until", "0").code


def test_a_module_of_unknown_shape_cannot_be_written_in_the_language():
    assert "opaque:name=QuickGELU,elementwise\n" in formatted(printed(CONV, "QuickGELU()"))
    with pytest.raises(SpecError, match="unknown PyTorch module 'Deform'"):
        formatted(printed(CONV, "Deform()"))


def test_what_is_not_counted_in_a_class_is_named_with_its_line():
    with pytest.raises(SpecError) as caught:
        convcalc.parse(printed(CONV, "Deform(8)", "Odd()", "ReLU()", name="Net"))
    assert "norms of 224 parameters; not counted are Deform (line 3), Odd (line 4); " in str(
        caught.value
    )


def test_an_opaque_layer_has_what_is_said_of_it():
    report = convcalc.parse("conv:8,k3 opaque:name=Deform,out16x4x4,params1000,macs5000").analyze(
        (3, 8, 8)
    )
    row = report.layers[1]
    assert ((16, 4, 4), {"weight": (1000,)}, 5000) == (row.output_shape, row.weights, row.macs)
    assert (True, None) == (row.counted, row.receptive_field)
    assert 224 + 1000 == report.totals.params
