"""A walk as a picture: what its squares and lines hold is what the walk holds."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from evaluating import evaluated

from convcalc.explain.walk.data import Stages, Sum
from convcalc.render.svg_walk import animated_svg_text, svg_text
from convcalc.render.walk_layout import Square, Text, walk_picture
from walking import CONVOLUTIONS, EVERY, walks

NAMESPACE = "{http://www.w3.org/2000/svg}"


def read(text):
    """The picture, and its texts with the classes that they have."""
    picture = ElementTree.fromstring(text)
    texts = [(one.get("class") or "", one.text or "") for one in picture.iter(f"{NAMESPACE}text")]
    return picture, texts


def pictures(text, most=3):
    for count, (walked, _, expected) in enumerate(walks(text, whole=text in CONVOLUTIONS)):
        if count == most:
            return
        yield walked, svg_text(walk_picture(walked)), expected


@pytest.mark.parametrize("text", EVERY)
def test_a_picture_is_small_complete_and_loads_nothing(text):
    for walked, svg, _ in pictures(text):
        picture, _ = read(svg)
        width, height = map(float, picture.get("viewBox").split()[2:])
        assert (f"{width:g}", f"{height:g}") == (picture.get("width"), picture.get("height"))
        assert 600 <= width <= 1100
        assert len(svg) < 60_000 * len(walked)
        assert not re.search(r"<script|href|url\(|@import|https?://(?!www\.w3\.org/2000/svg)", svg)
        inside = [
            (float(one.get("x")), float(one.get("y")), float(one.get("width")))
            for one in picture.iter(f"{NAMESPACE}rect")
        ]
        assert all(0 < x and x + w <= width and 0 < y < height for x, y, w in inside)
        names = [picture.find(f"{NAMESPACE}{tag}").get("id") for tag in ("title", "desc")]
        assert picture.get("aria-labelledby").split() == names


@pytest.mark.parametrize("text", EVERY)
def test_its_lines_add_up(text):
    for walked, svg, _ in pictures(text):
        _, texts = read(svg)
        joined = " ".join(content for kind, content in texts if not kind)
        assert f"result: {walked[-1].walk.result + 0:.7g}" in joined or (
            f"result: {walked[-1].walk.result}" in joined
        )
        for name in ("sum over channels", "with the bias"):
            for expression, value in re.findall(rf"{name}: ([^:=]+) = (\S+)", joined):
                assert float(evaluated(expression)) == pytest.approx(float(value), rel=3e-6)


@pytest.mark.parametrize("text", [text for text in CONVOLUTIONS if "linear" not in text])
def test_its_squares_are_the_elements_that_are_read_and_the_weights(text):
    for walked, svg, _ in pictures(text):
        if len(walked[-1].output.shape) > 3:
            continue  # of a volume some planes are shown
        _, texts = read(svg)
        walk = walked[-1].walk
        parts = [own.parts[0] for own in walk.first] if isinstance(walk, Stages) else walk.parts
        factors = [factor for part in parts[:3] for factor in part.factors]
        shown = {
            kind: [c for k, c in texts if k.startswith(f"number of-{kind}")]
            for kind in ("read", "weight")
        }
        assert [str(factor.value) for factor in factors] == shown["read"]
        assert [str(factor.weight) for factor in factors] == shown["weight"]
        (result,) = [content for kind, content in texts if kind == "number of-result"]
        assert str(walk.result) == result


def test_padding_has_no_number_where_a_maximum_is_taken():
    walked, svg, _ = next(pictures("maxpool:3,s2,p1"))
    _, texts = read(svg)
    numbers = [content for kind, content in texts if kind == "number of-read-zero"]
    assert [""] * 5 == numbers
    assert not isinstance(walked[-1].walk, Sum)


def test_colours_follow_the_light_of_the_page():
    _, svg, _ = next(pictures("conv:2,k2,p=same"))
    assert "@media (prefers-color-scheme:dark)" in svg


def squares(parts):
    """The squares of some elements by their places: what they are, and their numbers."""
    found = {}
    for one in parts:
        if one.tag == f"{NAMESPACE}rect":
            at = (one.get("x"), one.get("y"))
            found[at] = [one.get("class"), ""]
        elif one.get("class", "").startswith("number"):
            found[at][1] = one.text or ""
    return found


@pytest.mark.parametrize(
    "text", ["conv:2,k2,p=same", "conv:2,k3,p2,circular,d2", "maxpool:3,s2,p1"]
)
def test_an_animation_shows_every_step_over_what_all_have_in_common(text):
    stills = [walk_picture(walked) for walked, _, _ in walks(text, whole=text in CONVOLUTIONS)]
    moving = animated_svg_text(stills, 0.5)
    assert moving == animated_svg_text(stills, 0.5)
    assert len(moving) < sum(len(svg_text(one)) for one in stills)
    picture = ElementTree.fromstring(moving)
    groups = picture.findall(f"{NAMESPACE}g")
    assert len(stills) == len(groups)
    below = [one for one in picture if one.tag in (f"{NAMESPACE}rect", f"{NAMESPACE}text")]
    for place, (still, group) in enumerate(zip(stills, groups, strict=True)):
        assert f"animation-delay:{place * 0.5:g}s" == group.get("style")
        shown = {**squares(below), **squares(group)}
        expected = {
            (f"{one.left:g}", f"{one.top:g}"): [one.kind, one.text]
            for one in still.elements
            if isinstance(one, Square)
        }
        assert expected == shown
        texts = [one.text for one in (*below, *group) if one.get("class") in (None, "title")]
        texts = [content for content in texts if content is not None]
        assert sorted(one.text for one in still.elements if isinstance(one, Text)) == sorted(texts)


def test_steps_of_an_animation_lie_alike():
    walked = [walk_picture(one) for one, _, _ in walks("conv:2,k2,p=same", whole=True)]
    places = [
        frozenset(
            (one.left, one.top)
            for one in picture.elements
            if isinstance(one, Square) and (one.text or not one.kind.startswith("read-"))
        )
        for picture in walked
    ]
    # Of the legend what some steps alone have stands last, so that nothing else moves.
    # The planes of the two channels may be of different widths.
    assert ({places[0]}, {places[16]}) == (set(places[:16]), set(places[16:]))


def test_pixels_show_the_same():
    pytest.importorskip("PIL")
    import io

    from PIL import Image

    from convcalc.render.raster_walk import FILLS, gif_bytes, png_bytes

    stills = [walk_picture(one) for one, _, _ in walks("conv:2,k2,p=same", whole=True)][:3]
    image = Image.open(io.BytesIO(png_bytes(stills[0]))).convert("RGB")
    assert (round(2 * stills[0].width), round(2 * stills[0].height)) == image.size
    for one in stills[0].elements:
        if isinstance(one, Square) and one.kind in FILLS:
            corner = image.getpixel((int(2 * one.left) + 5, int(2 * one.top) + 5))
            expected = tuple(bytes.fromhex(FILLS[one.kind][1:]))
            assert all(abs(a - b) <= 6 for a, b in zip(expected, corner, strict=True))
    moving = Image.open(io.BytesIO(gif_bytes(stills, 0.5)))
    assert (3, 500) == (moving.n_frames, moving.info["duration"])


def test_the_biases_between_two_stages_are_told():
    for walked, svg, _ in pictures("sep:3,k3,p1"):
        _, texts = read(svg)
        told = [text for kind, text in texts if not kind]
        stages = walked[-1].walk
        for part, own in zip(stages.last.parts, stages.first, strict=True):
            line = f"first stage, channel {own.place[0]}: {own.total} + {own.bias} = {own.result}"
            assert line in told
            assert f"= {own.total}" in told
            assert own.result == part.factors[0].value


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("conv:2,k3,p1", {"conv:2,k3,p1, output 0,0,0"}),
        (
            "residual{pw:2 | conv:2,k3,p1}",
            {
                *("pw:2, output 0,0,0 (0.0.0)", "conv:2,k3,p1, output 0,0,0 (0.1.0)"),
                "residual, output 0,0,0 (0)",
            },
        ),
    ],
)
def test_a_title_begins_with_the_layer_and_has_its_name_where_there_are_several(text, titles):
    walked, _, _ = next(walks(text, shape=(2, 3, 3)))
    svg = svg_text(walk_picture(walked))
    assert titles == {told for kind, told in read(svg)[1] if kind == "title"}
