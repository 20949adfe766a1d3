"""Layers with sliding windows: convolutions of every sort, and poolings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.explain.equation import (
    ELEMENT_OF,
    GIVEN,
    KEPT,
    Equation,
    Explainer,
    Here,
    Rule,
    Said,
    axis_names,
    product,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.window import Window

SIZE = Rule("size", "floor((i + pb + pa - e) / s) + 1")
CEILED = Rule("size", "floor((i + pb + pa - e) / s) + 1; with ceil, ceil in the place of floor")
TRANSPOSED = Rule("size", "(i - 1)*s - pb - pa + e + op")
SAME = Rule("padding by same", "max((o - 1)*s + e - i, 0)")
MACS = Rule("MACs", "output positions * O * C/g * taps")
TRANSPOSED_MACS = Rule("MACs", "input positions * C * O/g * taps")
SECTIONS = Rule("window u", "elements floor(u*i / o) to ceil((u + 1)*i / o) - 1")
READ = Rule("operations", "outputs * elements of a window; a mean divides once an output")


def extent(window: Window) -> str:
    """Elements from the first tap to the last: 7, or with dilation (2*(3 - 1) + 1)."""
    if window.dilation == 1:
        return str(window.kernel)
    return f"({window.dilation}*({window.kernel} - 1) + 1)"


def slid(window: Window, size: int, name: str) -> Said:
    """How many windows fit on an axis, and what of its end none of them reads."""
    return Said(_positions(window, size, "floor"), _unread(window, size, name))


def _unread(window: Window, size: int, name: str) -> str:
    """What lies behind the last window: elements of the input, or padding alone."""
    beyond = (size + window.before + window.after - window.extent) % window.stride
    unread = window.dropped_input(size)
    if not beyond:
        return ""
    one, of = ELEMENT_OF.get(name, "element"), "the input" if unread else "the padding"
    count = unread or beyond
    which = f"last {one} of {of} is" if count == 1 else f"last {count} {one}s of {of} are"
    return f"the {which} read by no window"


def _positions(window: Window, size: int, rounding: str) -> str:
    padded = f"{size} + {window.before} + {window.after} - {extent(window)}"
    return f"{rounding}(({padded}) / {window.stride}) + 1"


def _names(here: Here) -> tuple[str, ...]:
    return axis_names(len(here.out))[1:]


def _slid(here: Here) -> list[Said]:
    axes = zip(_windows(here), here.shape[1:], _names(here), strict=True)
    return [slid(*axis) for axis in axes]


def _conv_shape(here: Here) -> list[Said]:
    return [GIVEN, *_slid(here)]


def _windows(here: Here) -> tuple[Window, ...]:
    windows: tuple[Window, ...] = here.layer.windows(here.shape)
    return windows


def _stages(here: Here) -> Iterator[Here]:
    """The convolutions of a layer that is made of some, each in its place."""
    for _, stage, arriving in here.layer.walk(here.shape):
        yield Here(stage, (arriving,), stage.out_shape(arriving), here.batch)


def _first_windows(here: Here) -> tuple[Window, ...]:
    """The windows of the first stage; what comes behind it has one tap."""
    return _windows(next(_stages(here)))


def _staged_shape(here: Here) -> list[Said]:
    first, *others = _stages(here)
    if others:
        return [GIVEN, *_slid(first)]
    multiplier = getattr(here.layer, "multiplier", None)
    channels = GIVEN if multiplier is None else Said(f"{here.shape[0]} * {multiplier}")
    return [channels, *_slid(first)]


def _conv_costs(here: Here) -> dict[str, str]:
    layer, out = here.layer, here.out
    taps = product(kernel for kernel, _, _ in layer.axes(here.shape))
    mixed = _over(here.shape[0], layer.groups)
    costs = {"MACs": f"{product(out[1:])} * {out[0]} * {mixed} * {taps}"}
    return costs | ({"bias adds": product(out)} if layer.bias else {})


def _over(channels: int, groups: int) -> str:
    return str(channels) if groups == 1 else f"{channels}/{groups}"


def _staged_costs(here: Here) -> dict[str, str]:
    costs: dict[str, str] = {}
    for stage in _stages(here):
        for name, expression in _conv_costs(stage).items():
            costs[name] = f"{costs[name]} + {expression}" if name in costs else expression
    return costs


def _padding(here: Here) -> list[Equation]:
    """How much a word for padding adds to each axis, and at which end."""
    word = here.layer.padding
    if not isinstance(word, str) or word == "valid":
        return []
    axes = zip(_windows(here), here.shape[1:], _names(here), strict=True)
    return [_padded(word, *axis) for axis in axes]


def _padded(word: str, window: Window, size: int, name: str) -> Equation:
    ends = f"{word}: {window.before} before, {window.after} after"
    if word == "full":
        said = Said(f"2 * {window.dilation}*({window.kernel} - 1)", ends)
    else:
        out = -(-size // window.stride)
        said = Said(f"max(({out} - 1)*{window.stride} + {extent(window)} - {size}, 0)", ends)
    return Equation("padding", name, window.before + window.after, said)


def _staged_padding(here: Here) -> list[Equation]:
    return _padding(next(_stages(here)))


def _transposed_shape(here: Here) -> list[Said]:
    axes = zip(_windows(here), here.shape[1:], here.out[1:], strict=True)
    return [GIVEN, *(_spread(*axis) for axis in axes)]


def _spread(window: Window, size: int, out: int) -> Said:
    """The size of a transposed axis; what the formula leaves to it is output padding."""
    extra = out - window.transposed_size(size)
    more = f" + {extra}" if extra else ""
    cropped = f" - {window.before} - {window.after}"
    return Said(f"({size} - 1)*{window.stride}{cropped} + {extent(window)}{more}")


def _transposed_costs(here: Here) -> dict[str, str]:
    layer, shape = here.layer, here.shape
    taps = product(kernel for kernel, _, _ in layer.axes(shape))
    mixed = _over(layer.out_channels, layer.groups)
    costs = {"MACs": f"{product(shape[1:])} * {shape[0]} * {mixed} * {taps}"}
    return costs | ({"bias adds": product(here.out)} if layer.bias else {})


def _cropping(here: Here) -> list[Equation]:
    """How much `same` crops of a transposed convolution, and at which end."""
    word = here.layer.padding
    if not isinstance(word, str) or word == "valid":
        return []
    axes = zip(_windows(here), here.shape[1:], here.out[1:], _names(here), strict=True)
    equations = []
    for window, size, out, name in axes:
        ends = f"{word}: {window.before} before, {window.after} after are cut off"
        extra = out - window.transposed_size(size)
        whole = f"({size} - 1)*{window.stride} + {extent(window)} + {extra}"
        said = Said(f"{whole} - {out}", ends)
        equations.append(Equation("cropping", name, window.before + window.after, said))
    return equations


def _pool_shape(here: Here) -> list[Said]:
    if not here.layer.ceil_mode:
        return [KEPT, *_slid(here)]
    explicit = here.layer.explicit_windows(here.shape)
    axes = zip(explicit, _slid(here), here.shape[1:], here.out[1:], strict=True)
    return [KEPT, *(_hanging(*axis) for axis in axes)]


def _hanging(window: Window, fitted: Said, size: int, out: int) -> Said:
    """How many windows there are in ceil mode, the last of which may hang over the end."""
    reached = -((window.extent - size - window.before - window.after) // window.stride) + 1
    expression = _positions(window, size, "ceil")
    if out == reached:
        return Said(expression, fitted.remark)
    behind = "another window would start behind the input"
    return Said(f"{expression} - 1", "; ".join(filter(None, (behind, fitted.remark))))


def _elements(here: Here) -> str:
    """Outputs times the elements of a window."""
    return f"{product(here.out)} * {product(window.kernel for window in _windows(here))}"


def _max_costs(here: Here) -> dict[str, str]:
    return {"compare": _elements(here)}


def _mean_costs(here: Here) -> dict[str, str]:
    return {"add": _elements(here), "divide": product(here.out)}


def _norm_costs(here: Here) -> dict[str, str]:
    exponent = f"{product(here.shape)} + {product(here.out)}"
    return {"add": _elements(here), "exponent": exponent}


def _adaptive_shape(here: Here) -> list[Said]:
    return [KEPT, *[GIVEN] * (len(here.out) - 1)]


def _global_shape(here: Here) -> list[Said]:
    return [KEPT, *[Said("", "one window over the whole axis")] * (len(here.out) - 1)]


def _sections(here: Here) -> str:
    """Channels times, along each axis, the sizes of all windows."""
    axes = [
        [end - begin for begin, end in sections] for sections in here.layer.sections(here.shape)
    ]
    sums = (_alike(sizes) for sizes in axes)
    return times(here.shape[0], " * ".join(sums))


def _alike(sizes: Sequence[int]) -> str:
    """A sum of sizes: of equal ones their number times one, else by each size."""
    counts = {size: sizes.count(size) for size in sorted(set(sizes))}
    terms = [f"{count}*{size}" if count > 1 else str(size) for size, count in counts.items()]
    return f"({' + '.join(terms)})" if len(terms) > 1 else terms[0]


def _adaptive_max(here: Here) -> dict[str, str]:
    return {"compare": _sections(here)}


def _adaptive_mean(here: Here) -> dict[str, str]:
    return {"add": _sections(here), "divide": product(here.out)}


def _unpool_shape(here: Here) -> list[Said]:
    if len(here.shapes) > 1:
        return [KEPT, *[Said("", "that of the input of its pooling")] * (len(here.out) - 1)]
    axes = zip(_windows(here), here.shape[1:], here.out[1:], strict=True)
    return [KEPT, *(_spread(*axis) for axis in axes)]


def _no_costs(here: Here) -> dict[str, str]:  # noqa: ARG001 - asked like all others
    return {}


_SLIDING = (("shape", SIZE), ("shape", SAME), ("flops", MACS))
_POOLING = (("shape", CEILED), ("shape", SAME), ("flops", READ))
_ADAPTING = (("shape", SECTIONS), ("flops", READ))

EXPLAINED = {
    "conv": Explainer(_conv_shape, _conv_costs, _windows, _padding, _SLIDING),
    "convt": Explainer(
        _transposed_shape,
        _transposed_costs,
        None,
        _cropping,
        (("shape", TRANSPOSED), ("flops", TRANSPOSED_MACS)),
    ),
    "dw": Explainer(_staged_shape, _staged_costs, _first_windows, _staged_padding, _SLIDING),
    "pw": Explainer(_staged_shape, _staged_costs, _first_windows, None, _SLIDING),
    "sep": Explainer(_staged_shape, _staged_costs, _first_windows, _staged_padding, _SLIDING),
    "maxpool": Explainer(_pool_shape, _max_costs, _windows, _padding, _POOLING),
    "avgpool": Explainer(_pool_shape, _mean_costs, _windows, _padding, _POOLING),
    "lppool": Explainer(_pool_shape, _norm_costs, _windows, _padding, _POOLING),
    "adaptivemaxpool": Explainer(_adaptive_shape, _adaptive_max, rules=_ADAPTING),
    "adaptiveavgpool": Explainer(_adaptive_shape, _adaptive_mean, rules=_ADAPTING),
    "gap": Explainer(_global_shape, _adaptive_mean, rules=_ADAPTING[1:]),
    "maxunpool": Explainer(_unpool_shape, _no_costs, rules=(("shape", TRANSPOSED),)),
}
