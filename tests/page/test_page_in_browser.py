"""The page in a browser: what it shows is computed by the executor, and it is used by all means."""

from __future__ import annotations

from itertools import count, islice

import numpy as np
import pytest
from browsing import READ, SET, SLIDE, arithmetic, keys, look, square, text
from page_layers import drawn_layer, only_layer, started

import convcalc
from convcalc.errors import ConvcalcError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.render.page.document import page_html

pytestmark = pytest.mark.browser

CONFIGURATIONS = 200
NOTES = {
    "input": [[[4, 1, 7, 5], [4, 4, 2, 5], [7, 7, 2, 4], [1, 0, 2, 4]]],
    "weights": [{"weight": [[[[1, 0], [2, 1]]]], "bias": [-0.205]}],
    "place": (0, 0, 0),
}


@pytest.fixture
def opened(browser, tmp_path):
    """A function that opens the page of a layer; at the end the console must have no word."""

    def open_page(layer="conv:1,k2,p=same", shape=(1, 4, 4), **more):
        path = tmp_path / "page.html"
        path.write_text(page_html({**started(layer, shape)[0], **more}), encoding="utf-8")
        look(browser)
        browser.get(path.as_uri())
        return browser

    yield open_page
    assert [] == browser.get_log("browser")


def drawn():
    """Layers that sliders can be set to, with their shapes, without an end."""
    for seed in count(10_000):
        spec, shape = drawn_layer(seed)
        network = convcalc.parse(spec)
        try:
            layer = only_layer(spec, shape)
        except ConvcalcError:
            continue
        if layer["channels"] <= 6:
            yield network, shape, layer


def test_what_sliders_make_of_it_is_what_the_executor_computes_in_200_configurations(opened):
    page = opened()
    for network, shape, layer in islice(drawn(), CONFIGURATIONS):
        page.execute_script(SET, layer)
        shown = page.execute_script(READ, layer["outChannels"])
        sample, weights = arrays(layer, shown, network.tensor_shapes(shape))
        results = []
        settings = Settings(backend="numpy", spatial_dims=2)
        run_network(
            network, sample, weights, settings, lambda _, array, own=results: own.append(array)
        )
        expected = {
            f"output:{c},{y},{x}": value for (c, y, x), value in np.ndenumerate(results[0][0])
        }
        assert expected == {key: own for key, own in shown.items() if key.startswith("output:")}


def arrays(layer, shown, sizes):
    """The arrays that a page shows."""
    stride = layer["stride"] if layer["transposed"] else (1, 1)
    sample = np.zeros((1, layer["channels"], *layer["size"]), dtype=np.int64)
    for _, c, y, x in np.ndindex(*sample.shape):
        sample[0, c, y, x] = shown[f"input:{c},{y * stride[0]},{x * stride[1]}"]
    weights = {name: np.zeros(size, dtype=np.int64) for name, size in sizes.items()}
    for key, value in shown.items():
        kind, place = key.split(":")
        numbers = [*map(int, place.split(","))]
        if kind == "weight":
            out, channel, *tap = numbers
            depth, width = (layer[n] // layer["groups"] for n in ("channels", "outChannels"))
            at = (channel, out % width) if layer["transposed"] else (out, channel % depth)
            weights["0.weight"][*at, *tap] = value
        elif kind == "bias":
            weights["0.bias"][numbers[0]] = value
    return sample, weights


def test_the_notes_first_output_is_told_with_its_products(opened):
    page = opened(**NOTES)
    told = arithmetic(page).splitlines()
    assert [
        "Channel 0: 4×1 + 1×0 + 4×2 + 4×1 = 16",
        "With the bias: 16 + (-0.205) = 15.795",
    ] == told[:2]
    assert "Result: 15.795" == told[2]


def test_a_click_on_an_output_lights_its_window(opened):
    page = opened("conv:2,k2,s2,d2", (1, 6, 6))
    square(page, "output:1,1,0").click()
    read = ["input:0,2,0", "input:0,2,2", "input:0,4,0", "input:0,4,2"]
    assert read == keys(page, "read")
    assert ["output:1,1,0"] == keys(page, "result")
    assert "Output channel 1, row 1, column 0" == text(page, "where")


def test_pointing_at_an_input_shows_the_outputs_that_it_feeds(opened):
    from selenium.webdriver import ActionChains

    page = opened("conv:1,k3", (1, 5, 5))
    ActionChains(page).move_to_element(square(page, "input:0,1,4")).perform()
    assert ["output:0,0,2", "output:0,1,2"] == keys(page, "fed")
    assert "Input 0, row 1, column 4 feeds 2 outputs of channel 0." == text(page, "fed")


def test_a_pooling_is_walked_through_and_set(opened):
    page = opened("maxpool:2", (1, 4, 4), place=(0, 1, 0))
    read = ["input:0,2,0", "input:0,2,1", "input:0,3,0", "input:0,3,1"]
    assert read == keys(page, "read")
    assert arithmetic(page).startswith("Largest: max(")
    page.execute_script(SLIDE, "stride", 1)
    assert "convcalc explain maxpool:2,s1 -i 1x4x4" == page.find_element("tag name", "code").text
    assert 9 == len(page.find_elements("css selector", '[data-key^="output:"]'))


def test_a_block_is_walked_through_branch_by_branch(opened):
    page = opened("residual{conv:2,k3,p1 relu | } relu", (2, 4, 4), place=(1, 2, 3))
    at = ["output:1,2,3"]
    assert at == [key for key in keys(page, "result") if key != "output:0,1,2"][:1]
    results = [arithmetic(page, n).splitlines()[-1].split(": ")[1] for n in range(4)]
    branches = arithmetic(page, 2).splitlines()[0]
    assert branches.startswith("Sum of the branches: ")
    assert branches.endswith(f"= {results[2]}")
    outputs = page.find_elements("css selector", '[data-node="0"] [data-key^="output:"]')
    outputs[0].click()
    assert "0.0.0 conv:2,k3,p1: Output channel 0, row 0, column 0" == text(page, "where")
    assert "not read for the output that is looked at" in arithmetic(page, 2)


def test_both_stages_of_a_separable_convolution_are_told(opened):
    page = opened("sep:2,k3", (3, 4, 4), place=(1, 0, 1))
    first, last = arithmetic(page, 0).splitlines(), arithmetic(page, 1).splitlines()
    between = [line.split(": ")[1] for line in first if line.startswith("Output channel")]
    assert 3 == len(between)
    assert [f"Channel {n}" for n in range(3)] == [line.split(":")[0] for line in last[:3]]
    assert between == [line.split(": ")[1].split("×")[0] for line in last[:3]]


def test_branches_that_no_longer_fit_are_told(opened):
    page = opened("residual{conv:2,k3,p1 | }", (2, 4, 4))
    page.execute_script(SLIDE, "outChannels", 3)
    told = "There is no output. 0 residual. These branches do not fit together: 3×4×4, 2×4×4."
    assert told == text(page, "problem")
    page.find_element("id", "reset").click()
    assert "" == text(page, "problem")


def test_it_plays_and_pauses(opened):
    from selenium.webdriver.support.wait import WebDriverWait

    page = opened("conv:1,k2", (1, 4, 4), place=(0, 0, 0))
    page.execute_script("document.getElementById('speed').value = 4")
    page.find_element("id", "play").click()
    WebDriverWait(page, 20, 0.05).until(lambda own: ["output:0,1,1"] == keys(own, "result"))
    page.find_element("id", "play").click()
    stopped = text(page, "where")
    assert "Play" == text(page, "play")
    page.find_element("id", "next").click()
    page.find_element("id", "previous").click()
    assert stopped == text(page, "where")


def test_numbers_are_changed_by_keyboard_alone(opened):
    from selenium.webdriver import Keys

    page = opened(**NOTES)
    corner = square(page, "input:0,0,0")
    page.execute_script("arguments[0].focus()", corner)
    corner.send_keys(Keys.ARROW_DOWN)
    assert "input:0,1,0" == page.switch_to.active_element.get_attribute("data-key")
    page.switch_to.active_element.send_keys(Keys.ENTER)
    field = page.switch_to.active_element
    assert "value" == field.get_attribute("id")
    assert "4" == field.get_attribute("value")
    field.send_keys("10.5", Keys.ENTER)
    assert "input:0,1,0" == page.switch_to.active_element.get_attribute("data-key")
    assert "Result: 28.795" == arithmetic(page).splitlines()[-1]
    page.find_element("id", "reset").click()
    assert "Result: 15.795" == arithmetic(page).splitlines()[-1]


def test_the_arrows_walk_and_move_in_grids(opened):
    from selenium.webdriver import Keys

    page = opened(place=(0, 0, 0))
    page.find_element("tag name", "body").send_keys(
        Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT
    )
    assert ["output:0,0,1"] == keys(page, "result")
    square(page, "output:0,0,1").click()
    page.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert ["output:0,1,1"] == keys(page, "result")


def test_what_is_impossible_is_said_and_mended_by_the_slider(opened):
    page = opened("conv:1,k3", (1, 3, 3))
    page.find_element("id", "play").click()
    assert "Pause" == text(page, "play")
    page.execute_script(SLIDE, "dilation", 2)
    assert ("Play", "") == (text(page, "play"), text(page, "where"))
    assert "There is no output. rows: the window spans 5, and the padded input has 3." == text(
        page, "problem"
    )
    assert not page.find_element("id", "stage").is_displayed()
    page.execute_script(SLIDE, "dilation", 1)
    assert page.find_element("id", "stage").is_displayed()
    assert "" == text(page, "problem")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "layer",
    [
        *("conv:2,k3,p2,circular", "convt:4,k3,s3,g2", "conv:2,k3x2,p1x0", "conv:2,k3,p1 se:2"),
        *("conv:1,k3 gelu flatten linear:10", "conv:1,k2 upsample:2,bilinear"),
    ],
)
def test_it_fits_its_screen(opened, width, language, layer):
    page = opened(layer, (2, 7, 7))
    look(page, width=width)
    page.find_element("css selector", f"[data-language={language}]").click()
    room, needed = page.execute_script(
        "const own = document.documentElement; return [own.clientWidth, own.scrollWidth]"
    )
    assert needed <= room
    assert {"en": "en", "zh": "zh-CN"}[language] == page.execute_script(
        "return document.documentElement.lang"
    )
    heading = page.find_element("tag name", "h1").text
    assert {"en": "Convolution, step by step", "zh": "卷积，一步一步看"}[language] == heading


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("side", [4, 11, 20])
def test_fractions_are_not_cut_off(opened, width, side):
    numbers = np.random.default_rng(1).normal(0, 0.3, (2, side, side)).tolist()
    kernel = np.random.default_rng(2).normal(0, 0.3, (1, 2, 3, 3)).tolist()
    weights = [{"weight": kernel, "bias": [-0.012345]}]
    page = opened("conv:1,k3,p1", (2, side, side), input=numbers, weights=weights)
    look(page, width=width)
    cut = page.execute_script(
        "return [...document.querySelectorAll('.square span')].filter((one) =>"
        " one.scrollWidth > one.parentElement.clientWidth).map((one) => one.textContent)"
    )
    assert [] == cut


@pytest.mark.parametrize("layer", ["conv:2,k3,p1,reflect", "convt:2,k3,s2", "flatten linear:9"])
def test_everything_that_can_be_used_has_a_name(opened, layer):
    page = opened(layer, (1, 4, 4))
    tree = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "slider", "checkbox", "combobox", "spinbutton", "grid", "gridcell", "radio"}
    used = [node for node in tree if node["role"]["value"] in roles]
    assert len(used) > 40
    assert [] == [node for node in used if not node.get("name", {}).get("value", "").strip()]


@pytest.mark.parametrize("dark", [False, True])
def test_every_number_stands_out_from_its_square(opened, dark):
    """Contrast of 4.5 to 1. Source: WCAG 2.2, criterion 1.4.3 and the definition of contrast."""
    page = opened("conv:1,k2,d2,p1,reflect", (1, 5, 5), place=(0, 1, 1))
    look(page, dark=dark)
    pairs = page.execute_script(
        """const all = document.querySelectorAll(".square, .hint, button, figcaption");
        return [...all].map((one) => {
          const style = getComputedStyle(one);
          let back = one;
          while (getComputedStyle(back).backgroundColor === "rgba(0, 0, 0, 0)"
            && getComputedStyle(back).backgroundImage === "none") back = back.parentElement;
          const own = getComputedStyle(back);
          const colours = own.backgroundImage.match(/rgb\\([^)]*\\)/g) ?? [own.backgroundColor];
          return [style.color, colours];
        })"""
    )
    assert len(pairs) > 60
    for ink, papers in pairs:
        assert min(contrast(ink, paper) for paper in papers) >= 4.5, (ink, papers)


def contrast(first, second):
    light = sorted(map(luminance, (first, second)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(colour):
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))
