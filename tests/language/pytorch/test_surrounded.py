"""Whatever stands around a printed model, its answer is that of the model alone, to the letter."""

from __future__ import annotations

from collections import OrderedDict
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed_modules import nn
from surroundings import CHILDREN, GROUPS, SURROUNDINGS, WRAPPED
from test_convert import PRINTED

from convcalc.language.parse import parse
from convcalc.render.documents import report_data

BY_SHAPE = {shape: [module for module, taken in PRINTED if taken == shape] for _, shape in PRINTED}


def back_to(shape, now):
    """A module from one shape to another of as many axes."""
    axes = len(shape) - 1
    if not axes or len(now) != len(shape):
        return nn.Linear(now[-1], shape[-1])
    convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    return nn.Sequential(convolution(now[0], shape[0], 1), nn.Upsample(shape[1:]))


@st.composite
def sequentials(draw):
    """(a Sequential that fits, the shape of its input), of any modules that are read."""
    shape = draw(st.sampled_from(list(BY_SHAPE)))
    given, modules, now = shape, [], shape
    for _ in range(draw(st.integers(1, 4))):
        module = draw(st.sampled_from(BY_SHAPE[shape]))
        if now != shape and len(now) == len(shape):
            modules.append(back_to(shape, now))
        elif now != shape:
            break
        modules.append(module if draw(st.booleans()) else nn.Sequential(module))
        now = parse(str(module)).analyze(shape).output_shape
    if draw(st.booleans()):
        modules = OrderedDict((f"part{n}", module) for n, module in enumerate(modules))
        return nn.Sequential(modules), given
    return nn.Sequential(*modules), given


@st.composite
def surroundings(draw):
    """One of the surroundings, or two in the order in which they come about."""
    groups = draw(st.sampled_from([*((one,) for one in GROUPS), *combinations(GROUPS, 2)]))
    return [draw(st.sampled_from(list(group))) for group in groups]


def surrounded(text, names):
    for name in names:
        text = SURROUNDINGS[name](text)
    return text


def answer(text, shape):
    """All that JSON has of a network."""
    return report_data("summary", parse(text).analyze(shape))


MODEL = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(inplace=True))


@given(sequentials(), surroundings(), st.sampled_from([None, *WRAPPED]))
def test_a_surrounded_model_has_the_answer_of_the_model(drawn, around, wrapper):
    module, shape = drawn
    text = str(module) if wrapper is None else WRAPPED[wrapper](str(module))
    for name in reversed(CHILDREN[wrapper] if wrapper else ()):
        module = nn.Sequential(OrderedDict([(name, module)]))
    assert answer(str(module), shape) == answer(surrounded(text, around), shape)


@pytest.mark.parametrize(
    ("first", "later"),
    [(name, GROUPS[n + 1 :]) for n, group in enumerate(GROUPS) for name in group],
)
def test_any_two_surroundings_together(first, later):
    text = str(MODEL)
    expected = answer(text, (4, 8, 8))
    assert expected == answer(surrounded(text, [first]), (4, 8, 8))
    for second in (name for group in later for name in group):
        assert expected == answer(surrounded(text, [first, second]), (4, 8, 8)), second
