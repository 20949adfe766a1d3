"""What documents say of layers: shapes, parameters, costs, receptive fields, and their totals."""

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

Shape: TypeAlias = Annotated[list[int], "(channels, *spatial sizes) of one sample"]
Rational: TypeAlias = Annotated[int | str, "a whole number, or a fraction as text: 1/2"]
Status: TypeAlias = Literal["complete", "partial"]


class ElementOps(TypedDict):
    """Operations on single elements by type."""

    multiply: int
    add: int
    compare: int
    divide: int
    exponent: int


class Parts(TypedDict):
    """Parameters by what they are for."""

    weight: int
    bias: int
    norm: int


class Phase(TypedDict):
    """The interval of the outputs of one phase, which see the input alike."""

    start: int
    size: int


class ReceptiveField(TypedDict):
    """What an output sees of one axis of the input."""

    size: Annotated[int, "elements from the first to the last that is seen"]
    effective_stride: Annotated[int | str, "input elements from one output to the next"]
    start: Annotated[int | str, "the first element that output 0 sees; below 0 is padding"]
    whole_input: NotRequired[bool]
    aligned: NotRequired[bool]
    touched: NotRequired[Annotated[int | None, "elements that are seen, if not all of them"]]
    phases: NotRequired[list[Phase | None] | None]
    interior_only: NotRequired[Annotated[bool, "outputs near a border see copies of others"]]


class Equation(TypedDict):
    """Where a number comes from."""

    of: str
    axis: str | None
    value: Rational
    expression: str | None
    remark: str | None


class Facts(TypedDict):
    """What is known of a layer in its place, beside its figures."""

    index: Annotated[int, "place in the network, from 0"]
    label: str
    kind: str
    spec: str
    output_shape: Shape
    input_shapes: Annotated[list[list[int]], "the shape of each input, of one sample"]
    weights: Annotated[dict[str, list[int]], "the shape of each weight by its name"]
    attributes: Annotated[dict[str, object], "the parameters by PyTorch's names"]
    padding: Annotated[
        list[tuple[int, int]] | None, "elements before and after each axis; null: it has none"
    ]


class Layer(Facts):
    """A layer in its place; costs are of the whole batch, and null where they are not known."""

    inputs: Annotated[list[int], "indices of the layers it reads; below 0 are inputs"]
    params: int
    params_by_part: Parts
    macs: Annotated[int | None, "multiply-accumulates"]
    flops: Annotated[int | None, "two for each multiply-accumulate"]
    bias_adds: int | None
    element_ops: int | None
    element_ops_by_type: ElementOps | None
    activations: Annotated[int, "elements that leave it"]
    total: Annotated[int | None, "the figure of the convention"]
    receptive_field: Annotated[
        list[ReceptiveField] | None, "one for each spatial axis; null behind what is not known"
    ]
    explained: NotRequired[Annotated[list[Equation], "with --explain"]]


class Totals(TypedDict):
    """Sums over the layers and samples; parameters are counted once."""

    params: int
    macs: int
    flops: int
    bias_adds: int
    element_ops: int
    activations: int
    mac_activations: Annotated[int, "those of layers with multiply-accumulates"]
    total: int
    element_ops_by_type: ElementOps


class Convention(TypedDict):
    """A way of counting."""

    name: str
    text: str


class NamedInput(TypedDict):
    """An input of a network that has several."""

    label: str | None
    shape: Shape


class Gap(TypedDict):
    """A layer, or a call of a model, of which nobody knows the cost."""

    name: str
    module: str
    place: Annotated[str | None, "file and line of the call, where there is one"]
    output_shape: list[int]
    why: str
    times: int


class Stop(TypedDict):
    """Where a model could not be followed further."""

    place: str
    code: str
    module: str
    reason: str


class Decision(TypedDict):
    """A line of a model that decided by values, which its run has not."""

    place: str
    code: str
    module: str


class Ended(TypedDict):
    """What is said of a network that is known in part."""

    failure: NotRequired[str]
    inputs_that_fit: NotRequired[list[list[int]]]
    unknown: NotRequired[list[Gap]]
    decisions: NotRequired[list[Decision]]
    stopped: NotRequired[Stop]


Plain: TypeAlias = str | int | float | list[int] | None


class Viewed(TypedDict):
    """What a view shows of the layers, which stand in the document all the same."""

    rows: NotRequired[Annotated[list[dict[str, Plain]], "the rows of the table, by its columns"]]
    shown_layers: NotRequired[int]


class NetworkDocument(Ended, Viewed):
    """The beginning of every document about a network on an input."""

    schema_version: Literal[1]
    command: str
    input: Shape
    inputs: NotRequired[list[NamedInput]]
    batch: int
    dtype: str
    convention: Convention
    status: Status
    output_layer: Annotated[int | None, "whose result the network's is; -1 is the input"]
    rules: NotRequired[Annotated[list[str], "with --explain, the formulas"]]
