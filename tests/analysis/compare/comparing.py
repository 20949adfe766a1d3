"""A convolution beside one variant."""

import convcalc
from convcalc.analysis.compare import compare


def outcome(spec, shape, variant, batch=1):
    (found,) = compare(convcalc.parse(spec), shape, variant, batch).outcomes
    return found


def change(spec, shape, variant, batch=1):
    (found,) = outcome(spec, shape, variant, batch).changes
    return found


def fields(row):
    return row.original.receptive_field, row.stages[-1].receptive_field
