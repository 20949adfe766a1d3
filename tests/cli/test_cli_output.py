"""Every command says which layer's result is the network's, where it is not the last one."""

from __future__ import annotations

import pytest
from cli_support import strict

NET = ["-i", "4x9x9", "a=conv:4,k3,p1 relu maxpool:2 @a"]
COMMANDS = ["shape", "flops", "rf", "summary", "memory", "flops --detail", "flops --reconcile"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_which_layer_is_the_output(command, inside):
    done = inside(*command.split(), *NET)
    said = "the output is that of a, which does not depend on 1 (relu), 2 (maxpool)"
    assert said in " ".join(done.out.split())
    done = inside(*command.split(), *NET, "--format", "json")
    assert 0 == strict(done.out)["output_layer"]


def test_a_network_that_ends_with_its_last_layer_needs_no_word(inside):
    done = inside("shape", "-i", "4x9x9", "a=conv:4,k3,p1 relu")
    assert "the output is" not in done.out
    done = inside("shape", "-i", "4x9x9", "a=conv:4,k3,p1 relu", "--format", "json")
    assert 1 == strict(done.out)["output_layer"]


def test_a_summary_ends_with_the_shape_of_the_output(inside):
    done = inside("summary", *NET)
    assert ["total", "4x9x9", "148", "11,664"] in [line.split() for line in done.out.splitlines()]


def test_a_summary_that_ends_early_has_no_output(inside):
    done = inside("summary", "-i", "3x4x4", "a=relu conv:4,k3 conv:4,k9", "--format", "json")
    assert (2, None) == (done.code, strict(done.out)["output_layer"])


def test_diff_tells_two_outputs_apart(inside):
    done = inside("diff", "a=pad:1 relu", "a=pad:1 relu @a", "-i", "4x9x9")
    assert "the outputs are not alike: A ends with relu (1), B with pad:1 (a)" in done.out
    assert "the networks are alike" not in done.out
    done = inside("diff", "a=pad:1 relu @a", "a=pad:1 relu @a", "-i", "4x9x9")
    assert "the networks are alike" in done.out
