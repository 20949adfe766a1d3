"""Documents of the convolution itself: run and explain."""

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from convcalc.render.schemas.layers import Facts, Shape, Status

Number: TypeAlias = Annotated[int | float | str, "NaN and infinities are words"]


class Verification(TypedDict):
    """Outputs that were computed again, with --verify."""

    passed: bool
    checked: int
    outputs: int
    seed: int | None
    largest_error: float | str
    bound: float
    place: list[int]
    factor: float
    eps: float
    beyond_range: int


class ComputedLayer(Facts):
    """A layer that was computed."""

    macs: int


class Output(TypedDict):
    """The result."""

    shape: list[int]
    dtype: str
    min: Number | bool | None
    mean: Number | None
    max: Number | bool | None
    nonfinite: int
    values: Annotated[object, "all of them as nested lists, where they are few"]


class FeatureMap(TypedDict):
    """The result of one layer, written into a file."""

    label: str
    file: str
    shape: list[int]
    dtype: str
    min: Number | bool | None
    mean: Number | None
    max: Number | bool | None
    nonfinite: int


class RunDocument(TypedDict):
    """What was computed, and how."""

    schema_version: Literal[1]
    command: str
    input: Shape
    batch: int
    dtype: str
    accumulate_dtype: str
    backend: str
    algorithm: str | None
    threads: int
    versions: dict[str, str]
    seed: int | None
    assumed: list[str]
    status: Status
    verify: Verification | None
    layers: list[ComputedLayer]
    output: Output
    maps: NotRequired[list[FeatureMap]]


class Boxes(TypedDict):
    """How a result is cut, to be computed in parts."""

    output_shape: list[int]
    count: int
    bytes: int


class Tiles(TypedDict):
    """The blocks of an FFT."""

    transform: list[int]
    step: list[int]
    counts: list[int]


class Alternative(TypedDict):
    """Another algorithm."""

    algorithm: str
    predicted_seconds: float | None
    refusal: str | None


class Convolution(TypedDict):
    """The plan of a convolution."""

    batch: int
    output_shape: list[int]
    macs: int
    dtype: str
    transposed: bool
    algorithm: str
    layout: str
    backend: str
    tiles: Tiles | None
    working_bytes: int
    predicted_seconds: float
    reason: str
    alternatives: list[Alternative]


class PlanDocument(TypedDict):
    """What would be computed, with --dry-run."""

    schema_version: Literal[1]
    command: str
    dry_run: Literal[True]
    backend: str
    assumed: list[str]
    boxes: Boxes | None
    convolutions: list[Convolution]


class MeasuredConvolution(Convolution):
    """The plan of a convolution, and the time that it took."""

    measured_seconds: float
    gflops: float


class StatsDocument(TypedDict):
    """The plans beside the times that they took, with --stats."""

    schema_version: Literal[1]
    command: str
    stats: Literal[True]
    backend: str
    threads: int
    versions: dict[str, str]
    assumed: list[str]
    verify: Verification | None
    boxes: Boxes | None
    convolutions: list[MeasuredConvolution]


class Read(TypedDict):
    """An element that is read."""

    place: list[int]
    source: Annotated[list[int] | None, "where it is copied from; null for padding of zeros"]
    value: Number | None


class Product(Read):
    """An element times a weight."""

    tap: list[int]
    weight: Number
    product: Number


class Channel(TypedDict):
    """The products of one input channel, and their sum."""

    channel: int
    products: list[Product]
    sum: Number


class Calculation(TypedDict):
    """A line of arithmetic: a formula, it with its numbers (or nothing), what it comes to."""

    name: str
    expression: str
    value: Number


class Walk(TypedDict):
    """One output step by step; which keys there are depends on the kind of layer."""

    output: Annotated[list[int], "its place"]
    result: Number
    channels: NotRequired[list[Channel]]
    sum: NotRequired[Number]
    bias: NotRequired[Number | None]
    first: NotRequired[list["Walk"]]
    last: NotRequired["Walk"]
    how: NotRequired[str]
    elements: NotRequired[list[Read]]
    divisor: NotRequired[Number]
    branches: NotRequired[list[Read | None]]
    arrives: NotRequired[Number | None]
    formula: NotRequired[Annotated[str, "a function of what arrives, which is x"]]
    expression: NotRequired[Annotated[str, "the formula with numbers put in"]]
    case: NotRequired[Annotated[str | None, "for which x the formula is; null for all"]]
    source: NotRequired[Annotated[list[int] | None, "the element that it is; null for padding"]]
    steps: NotRequired[list[Calculation]]


class WalkedLayer(Facts, Walk):
    """A layer with one of its outputs step by step."""

    inputs: list[int]


class ExplainDocument(TypedDict):
    """One output of a network, and what it comes from."""

    schema_version: Literal[1]
    command: str
    input: Shape
    status: Status
    layers: list[WalkedLayer]
