"""What older releases of torch cannot do, or do not check, on tensors without data."""

from __future__ import annotations

import pytest


def needs_checked_ids():
    """Skip where torch takes numbers with a fraction for rows of a table, as 2.10."""
    import torch

    ids, table = (torch.zeros(shape, device="meta") for shape in (4, (3, 2)))
    try:
        torch.nn.functional.embedding(ids, table)
    except RuntimeError:
        return
    pytest.skip("this torch takes numbers with a fraction for rows of a table, without data")


def needs_traces_without_data():
    """Skip where torch runs no convolution of a traced program without data, as 2.10."""
    import torch

    x = torch.zeros(1, 1, 2, 2)
    program = torch.jit.trace(torch.nn.Conv2d(1, 1, 1).eval(), x).to("meta")
    try:
        program(x.to("meta"))
    except RuntimeError:
        pytest.skip("this torch runs no convolution of a traced program without data")
