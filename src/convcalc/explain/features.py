"""Layers that mix features: matrices, sequences and attention; and those that only a name says."""

from __future__ import annotations

from convcalc.explain.equation import GIVEN, KEPT, Explainer, Here, Rule, Said, product, times

MATRIX = Rule("MACs", "leading positions * in features * out features")
RECURRENT = Rule("MACs", "T * (rows * columns of every matrix)")
ATTENTION = Rule("MACs", "T * 3*E*E + 2 * T*T*E + T * E*E")
PAIRS = Rule("MACs", "outputs * in1 * in2")


def _linear_shape(here: Here) -> list[Said]:
    return [*[KEPT] * (len(here.out) - 1), GIVEN]


def _linear_costs(here: Here) -> dict[str, str]:
    costs = {"MACs": f"{product(here.out)} * {here.shape[-1]}"}
    return costs | ({"bias adds": product(here.out)} if here.layer.bias else {})


def _bilinear_costs(here: Here) -> dict[str, str]:
    pairs = f"{here.shapes[0][-1]}*{here.shapes[1][-1]}"
    costs = {
        "MACs": f"{product(here.out)} * {pairs}",
        "multiply": f"{product(here.out[:-1])} * {pairs}",
    }
    return costs | ({"bias adds": product(here.out)} if here.layer.bias else {})


def _recurrent_shape(here: Here) -> list[Said]:
    directions = len(here.layer.directions)
    return [KEPT, Said(times(directions, str(here.layer.result_size)), _directions(directions))]


def _directions(count: int) -> str:
    return "both directions side by side" if count > 1 else ""


def _recurrent_costs(here: Here) -> dict[str, str]:
    """Every weight once a step; the operations of one element of a state, times the states."""
    steps, weights = here.shape[0], here.layer.weight_shapes(here.shape).items()
    matrices = [product(shape) for name, shape in weights if name.startswith("weight")]
    biases = [product(shape) for name, shape in weights if name.startswith("bias")]
    costs = {"MACs": times(steps, " + ".join(matrices))}
    if biases:
        costs["bias adds"] = times(steps, " + ".join(biases))
    layers, directions = here.layer.num_layers, len(here.layer.directions)
    states = product((steps, layers, directions, here.layer.hidden_size))
    each = here.layer.each._asdict()
    return costs | {name: f"{count} * {states}" for name, count in each.items() if count}


def _attention_costs(here: Here) -> dict[str, str]:
    """Three products with matrices, the scores and their means, and one more matrix."""
    steps, size = here.shape
    rows = f"{steps}*{here.layer.num_heads}"
    projected = f"{steps} * 3*{size}*{size}"
    looked = f"2 * {steps}*{steps}*{size}"
    costs = {
        "MACs": f"{projected} + {looked} + {steps} * {size}*{size}",
        "multiply": f"{steps}*{size}",
        "add": f"{rows} * (2*{steps} - 1)",
        "compare": f"{rows} * ({steps} - 1)",
        "divide": f"{rows} * {steps}",
        "exponent": f"{rows} * {steps}",
    }
    return costs | ({"bias adds": f"{steps} * (3*{size} + {size})"} if here.layer.bias else {})


def _kept(here: Here) -> list[Said]:
    return [KEPT] * len(here.out)


def _row_shape(here: Here) -> list[Said]:  # noqa: ARG001 - asked like all others
    return [Said("", "one for each index"), GIVEN]


def _no_costs(here: Here) -> dict[str, str]:  # noqa: ARG001
    return {}


def _opaque_shape(here: Here) -> list[Said]:
    said = KEPT if here.layer.out is None else GIVEN
    return [said] * len(here.out)


def _nothing_leaves(here: Here) -> list[Said]:  # noqa: ARG001
    return [Said("", "nothing leaves it")]


def _opaque_costs(here: Here) -> dict[str, str]:
    """The figures that are said of it; of an operation that was imported all that it costs."""
    costs = here.layer.costs(*here.shapes)
    if costs is None:
        return {}
    figures = {"MACs": costs.macs, "bias adds": costs.bias_adds, **costs.elements._asdict()}
    return {name: str(value) for name, value in figures.items() if value}


EXPLAINED = {
    "linear": Explainer(_linear_shape, _linear_costs, rules=(("flops", MATRIX),)),
    "bilinear": Explainer(_linear_shape, _bilinear_costs, rules=(("flops", PAIRS),)),
    "Recurrent": Explainer(_recurrent_shape, _recurrent_costs, rules=(("flops", RECURRENT),)),
    "multiheadattention": Explainer(_kept, _attention_costs, rules=(("flops", ATTENTION),)),
    "embedding": Explainer(_row_shape, _no_costs),
    "opaque": Explainer(_opaque_shape, _opaque_costs),
    "unreached": Explainer(_nothing_leaves, _opaque_costs),
}
