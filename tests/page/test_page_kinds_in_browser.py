"""Matrices, functions, paddings, resizings and moves in a browser: shown, set, and pointed at."""

from __future__ import annotations

import numpy as np
import pytest
from browsing import SCRIPT, SLIDE, arithmetic, keys, look, square, text
from page_layers import started

import convcalc
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.render.page.document import page_html

pytestmark = pytest.mark.browser

NUMBERS = f"{SCRIPT}\nreturn numbers(arguments[0]);"
CHANGE = f"{SCRIPT}\nchange(...arguments);"


@pytest.fixture
def opened(browser, tmp_path):
    """A function that opens the page of layers; at the end the console must have no word."""

    def open_page(layer, shape, **more):
        path = tmp_path / "page.html"
        start, _ = started(layer, shape, **{"whole": True, **more.pop("drawn", {})})
        path.write_text(page_html({**start, **more}), encoding="utf-8")
        look(browser)
        browser.get(path.as_uri())
        return browser

    yield open_page
    assert [] == browser.get_log("browser")


def command(page):
    """The spec and the shape that stand at the top."""
    spec, _, shape = page.find_element("id", "spec").text.partition(" -i ")
    return spec.strip("'"), tuple(map(int, shape.split("x")))


def test_what_a_matrix_comes_to_is_told_row_by_row(opened):
    row = [[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]]]
    weight = [[[[1] * 13]], [[[0, -1, *[2] * 11]]]]
    weights = [{"weight": weight, "bias": [0, -3], "own": None}]
    page = opened("linear:2", (13,), input=row, weights=weights, place=(0, 0, 0))
    lines = arithmetic(page).splitlines()
    # 1 + ... + 10 = 55 and 11 + 12 + 13 = 36
    first = " + ".join(f"{n}×1" for n in range(1, 11))
    assert [f"Features 0 to 9: {first} = 55", "Features 10 to 12: 11×1 + 12×1 + 13×1 = 36"] == (
        lines[:2]
    )
    assert ["Sum of all: 55 + 36 = 91", "With the bias: 91 + 0 = 91", "Result: 91"] == lines[2:]
    square(page, "output:0,0,1").click()
    assert "Output feature 1" == text(page, "where")
    # -2 + 2 * (3 + ... + 13) = -2 + 2 * 88
    assert ["With the bias: 174 + (-3) = 171", "Result: 171"] == arithmetic(page).splitlines()[-2:]


def test_a_weight_of_a_matrix_is_changed_by_keyboard(opened):
    from selenium.webdriver import Keys

    weights = [{"weight": [[[[1, 2, 3]]]], "bias": None, "own": None}]
    page = opened("linear:1,nobias", (3,), input=[[[1, 1, 1]]], weights=weights)
    corner = square(page, "weight:0,0,0,0")
    page.execute_script("arguments[0].focus()", corner)
    corner.send_keys(Keys.ARROW_RIGHT)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert "Value of: Weight of output feature 0 for input feature 1" == text(page, "editing")
    page.switch_to.active_element.send_keys("10", Keys.ENTER)
    assert "Result: 14" == arithmetic(page).splitlines()[-1]


def test_the_matrix_of_a_network_follows_what_sliders_change_before_it(opened):
    page = opened("conv:2,k3 flatten linear:3", (1, 5, 5))
    page.execute_script(SLIDE, "outChannels", 3)
    assert ("conv:3,k3 flatten linear:3", (1, 5, 5)) == command(page)
    # 3 channels of 3 by 3, a row each
    rows = page.find_elements("css selector", '[data-node="1"] .outputs .row')
    assert [9, 9, 9] == [len(row.find_elements("class name", "square")) for row in rows]


@pytest.mark.parametrize(
    ("layer", "shape", "moves", "expected"),
    [
        ("upsample:2", (1, 3, 3), [("scale", 3)], "upsample:3"),
        ("upsample:2,bilinear", (2, 3, 4), [("scale-0", 1)], "upsample:1x2,bilinear"),
        ("upsample:size5x4", (1, 3, 3), [("reached-1", 7)], "upsample:size5x7"),
        ("pad:1", (1, 4, 4), [("padding", 2)], "pad:2"),
        ("pad:1:2x0", (1, 4, 4), [("after-1", 3)], "pad:1:2x0:3"),
        ("pad:1", (1, 4), [("after-1", 3)], "pad:1:3"),
        ("linear:2,nobias", (6,), [("size-1", 9), ("outFeatures", 5)], "linear:5,nobias"),
    ],
)
def test_sliders_make_what_the_executor_computes(opened, layer, shape, moves, expected):
    page = opened(layer, shape, drawn={"whole": False})
    if "-0" in moves[0][0]:
        page.execute_script(CHANGE, "apart", "checked", True)
    for move in moves:
        page.execute_script(SLIDE, *move)
    spec, size = command(page)
    assert expected == spec
    compare(page, spec, size)


@pytest.mark.parametrize(
    ("layer", "mode", "expected"),
    [
        ("upsample:3", "bilinear", "upsample:3,bilinear"),
        ("upsample:3,bilinear", "aligned", "upsample:3,bilinear,align"),
        ("pad:1", "symmetric", "pad:1,symmetric"),
        ("pad:2,reflect", "zeros", "pad:2"),
    ],
)
def test_a_mode_is_chosen(opened, layer, mode, expected):
    page = opened(layer, (2, 4, 3))
    page.execute_script(CHANGE, "mode", "value", mode)
    assert (expected, (2, 4, 3)) == command(page)
    compare(page, *command(page))


def compare(page, spec, size):
    """Holds the outputs that a page shows, with the digits that it shows, against the executor."""
    network = convcalc.parse(spec)
    full = {1: (1, 1, *size), 2: (size[0], 1, *size[1:]), 3: size}[len(size)]
    shown = page.execute_script(NUMBERS, "input:")
    sample = np.zeros(full)
    for c, y, x in np.ndindex(*full):
        sample[c, y, x] = shown[f"input:{c},{y},{x}"]
    weights = {}
    if sizes := network.tensor_shapes(size):
        weights["0.weight"] = np.zeros(sizes["0.weight"])
        for out in range(sizes["0.weight"][0]):
            square(page, f"output:0,0,{out}").click()
            for key, value in page.execute_script(NUMBERS, "weight:").items():
                weights["0.weight"][out, int(key.split(",")[-1])] = value
    results = []
    settings = Settings(backend="numpy", spatial_dims=len(size) - 1)
    batch = sample.reshape(1, *size)
    run_network(network, batch, weights, settings, lambda _, array: results.append(array[0]))
    found = page.execute_script(NUMBERS, "output:")
    ranks = {1: results[-1][None, None], 2: results[-1][:, None], 3: results[-1]}
    expected = ranks[results[-1].ndim]
    assert len(found) == expected.size
    for (c, y, x), value in np.ndenumerate(expected):
        assert found[f"output:{c},{y},{x}"] == pytest.approx(value, rel=5e-3, abs=5e-3)


def test_pointing_at_an_output_marks_what_it_is_made_of(opened):
    from selenium.webdriver import ActionChains

    page = opened("conv:1,k2 relu", (1, 4, 4), place=(0, 0, 0))
    relu = page.find_element("css selector", '[data-node="1"] [data-key="output:0,1,2"]')
    ActionChains(page).move_to_element(relu).perform()
    assert ["input:0,1,2", "output:0,1,2"] == keys(page, "fed")
    told = "Output 0, row 1, column 2 is made of this element alone: Input 0, row 1, column 2."
    assert told == text(page, "fed")
    conv = page.find_element("css selector", '[data-node="0"] [data-key="output:0,1,2"]')
    ActionChains(page).move_to_element(conv).perform()
    assert "Output 0, row 1, column 2 is made of 4 elements." == text(page, "fed")
    assert 5 == len(keys(page, "fed"))


def test_pointing_at_an_element_names_the_feature_that_it_becomes(opened):
    from selenium.webdriver import ActionChains

    page = opened("flatten", (2, 2, 3), place=(0, 0, 0))
    ActionChains(page).move_to_element(square(page, "input:1,1,0")).perform()
    told = "Input 1, row 1, column 0 feeds this output alone: Output feature 9."
    assert told == text(page, "fed")  # (1*2 + 1)*3 + 0
    square(page, "output:0,0,9").click()
    assert ["input:1,1,0"] == keys(page, "read")
    assert "Number of the feature: (c×H + y)×W + x = (1×2 + 1)×3 + 0 = 9" in arithmetic(page)


def test_what_a_padding_adds_and_copies_has_the_colours_of_paddings(opened):
    page = opened("pad:1x0", (1, 2, 2), place=(0, 1, 0))
    assert ["output:0,0,0", "output:0,0,1", "output:0,3,0", "output:0,3,1"] == keys(page, "zero")
    square(page, "output:0,0,1").click()
    assert "Added by the padding: 0" == arithmetic(page).splitlines()[0]
    page = opened("pad:0x1,replicate", (1, 1, 2), place=(0, 0, 1))
    assert ["output:0,0,0", "output:0,0,3"] == keys(page, "copy")


def test_of_a_function_letters_stand_before_numbers(opened):
    values = [[[-2, 3]]]
    page = opened("leakyrelu:0.5", (1, 1, 2), input=values, place=(0, 0, 0))
    assert "Function, x ≤ 0: 0.5 × x = 0.5 × (-2) = -1" == arithmetic(page).splitlines()[0]
    square(page, "output:0,0,1").click()
    assert "Function, x > 0: x = 3 = 3" == arithmetic(page).splitlines()[0]


def test_all_elements_are_put_into_a_softmax(opened):
    page = opened("softmax", (3,), input=[[[0, 1, -2]]], place=(0, 0, 1))
    told = "Function: exp(x) / Σ exp(y) = exp(1) / (exp(0) + exp(1) + exp(-2)) = 0.7053845"
    assert told == arithmetic(page).splitlines()[0]
    assert 3 == len(keys(page, "read"))


def test_a_shape_that_no_longer_fits_is_told(opened):
    page = opened("pad:1 pixelunshuffle:2", (1, 2, 2))
    page.execute_script(CHANGE, "apart", "checked", True)
    page.execute_script(SLIDE, "before-0", 2)
    told = "There is no output. 1 pixelunshuffle:2. An input of 1×5×4 does not fit this layer."
    assert told == text(page, "problem")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_unasked(opened, motion):
    page = opened("upsample:2 relu", (1, 2, 2))
    features = [{"name": "prefers-reduced-motion", "value": motion}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    assert 0 == page.execute_script("return document.getAnimations().length")
    square(page, "input:0,0,0").click()
    assert 0 == page.execute_script("return document.getAnimations().length")
