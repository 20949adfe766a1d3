"""Receptive fields of torchvision's own code: those of the reference networks, which are specs."""

from __future__ import annotations

import pytest

from installed_libraries import library

library("torchvision.models")

import convcalc  # noqa: E402
from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import network_of  # noqa: E402

WINDOWS = ("conv", "maxpool")


def report_of(name, shape):
    return network_of(target_of(f"torchvision:{name}"), shape).analyze(shape)


def fields(report):
    """Of all windows, the branches in any order, and of the output."""
    windows = [str(row.receptive_field) for row in report.layers if row.kind in WINDOWS]
    return sorted(windows), report.layers[report.output].receptive_field


@pytest.mark.parametrize(
    ("name", "reference", "side", "windows", "last"),
    [
        ("resnet50", "resnet50", 224, 54, (-213, 405)),
        ("densenet121", "densenet121", 224, 121, (-1021, 1241)),
        ("deeplabv3_resnet50", "deeplabv3-resnet50", 520, 62, (-1000, 993)),
    ],
)
def test_fields_are_those_of_the_reference_network(name, reference, side, windows, last):
    shape = (3, side, side)
    ours = fields(report_of(name, shape))
    assert ours == fields(convcalc.load_network(reference).analyze(shape))
    assert windows == len(ours[0])
    assert [last, last] == [(axis.start, axis.end) for axis in ours[1]]


def test_attention_sees_the_whole_input():
    report = report_of("vit_b_16", (3, 224, 224))
    first, output = report.layers[0], report.layers[report.output]
    assert [(16, False)] * 2 == [(axis.size, axis.whole) for axis in first.receptive_field]
    assert all(axis.whole for axis in output.receptive_field)
