"""Documents of a network on an input: shape, flops, rf, summary, memory, roofline, diff."""

from typing import Annotated, Literal, NotRequired, TypedDict

from convcalc.render.schemas.layers import (
    Convention,
    Ended,
    Layer,
    NetworkDocument,
    Shape,
    Status,
    Totals,
)


class ReportDocument(NetworkDocument):
    """The layers of a network on an input, and their totals."""

    layers: list[Layer]
    totals: Totals


class RealTapsLayer(TypedDict):
    """The multiply-accumulates of a layer whose products are of real elements."""

    index: int
    real_macs: int | None
    zero_insertion_macs: int | None


class RealTapsTotals(TypedDict):
    """Their sum."""

    real_macs: int


class RealTaps(TypedDict):
    """Multiply-accumulates without those on zero padding, with --real-taps."""

    layers: list[RealTapsLayer]
    totals: RealTapsTotals


class Term(TypedDict):
    """What a tool counts more or less, and why."""

    kinds: list[str]
    amount: int
    because: str
    wrong: str | None


class Reconciled(TypedDict):
    """The total of another tool, with --reconcile."""

    convention: str
    tool: str
    text: str
    source: str
    status: Status
    unknown: list[str]
    total: int | None
    difference: int | None
    terms: list[Term]


class Ratio(TypedDict):
    """What stands in the place of one layer, and the ratio of their multiply-accumulates."""

    index: int
    stages: list[int]
    params: int
    macs: int
    activations: int
    measured: float
    exact: str
    symbols: str | None
    formula: str | None
    formula_value: float | None
    note: str | None


class Unchanged(TypedDict):
    """A layer that a variant leaves as it is."""

    index: int
    reason: str


class Variant(TypedDict):
    """The network with its convolutions replaced, with --compare."""

    variant: str
    spec: str
    layers: list[Layer]
    totals: Totals
    ratios: list[Ratio]
    unchanged: list[Unchanged]


class FlopsDocument(ReportDocument):
    """The layers of a network on an input, their totals, and what they were compared with."""

    real_taps: NotRequired[RealTaps]
    reconciliation: NotRequired[list[Reconciled]]
    compare: NotRequired[list[Variant]]


class MemoryLayer(Layer):
    """A layer with its bytes; null where they are not known, or nothing is needed."""

    weight_bytes: int
    activation_bytes: int
    live_bytes: Annotated[int | None, "what it reads and writes, and what later layers read"]
    im2col_bytes: int | None
    saved_bytes: Annotated[int | None, "kept for the backward pass"]
    traffic_bytes: int | None
    intensity: Annotated[float | None, "operations for each byte that moves"]
    traffic_bytes_without_reuse: int | None
    fft_bytes: int | None
    buffer_bytes: int
    stored_bytes: int
    operations: int | None


class LiveTensor(TypedDict):
    """A tensor that is alive at the peak."""

    index: int
    label: str
    shape: list[int]
    bytes: int


class Peak(TypedDict):
    """The layer at which most bytes are alive; null where that is not known."""

    bytes: int | None
    index: int | None
    label: str | None
    tensors: list[LiveTensor]


class Training(TypedDict):
    """Bytes of training."""

    optimizer: str
    weight_bytes: int
    buffer_bytes: int
    gradient_bytes: int
    state_bytes: int
    saved_bytes: int
    total_bytes: int
    unknown: list[str]


class Memory(TypedDict):
    """Bytes of the whole network."""

    assumes: str
    in_place: bool
    input_bytes: int
    weight_bytes: int
    buffer_bytes: int
    activation_bytes: int
    traffic_bytes: int | None
    intensity: float | None
    traffic_bytes_without_reuse: int | None
    operations: int
    peak: Peak
    training: Training | None


class MemoryDocument(NetworkDocument):
    """The layers of a network with their bytes, and those of the whole."""

    layers: list[MemoryLayer]
    totals: Totals
    memory: Memory


class Moved(TypedDict):
    """Bytes that move between memory and the processor."""

    inputs: int
    weights: int
    outputs: int
    total: int


class RooflineLayer(Layer):
    """A layer with its least time on a machine; null where its cost is not known."""

    operations: int | None
    bytes: Moved | None
    bytes_without_reuse: Moved | None
    intensity: float | None
    bound: Literal["memory", "compute"] | None
    seconds: float | None


class RooflineTotals(Totals):
    """The sums, with the least time of all layers one after the other."""

    operations: int
    bytes: Moved
    bytes_without_reuse: Moved
    intensity: float | None
    seconds: float
    peak_fraction: float


class Machine(TypedDict):
    """A machine by its peak and bandwidth."""

    name: str | None
    peak: Annotated[int | str, "operations per second"]
    bandwidth: Annotated[int | str, "bytes per second"]
    ridge: float
    source: str | None


class RooflineDocument(NetworkDocument):
    """The layers of a network with their least times on a machine."""

    layers: list[RooflineLayer]
    totals: RooflineTotals
    assumes: str
    machine: Machine


class Side(Ended):
    """One of the two networks."""

    name: str
    input: Shape
    batch: int
    dtype: str
    layers: list[Layer]
    output_layer: int | None
    totals: Totals


class Pair(TypedDict):
    """A layer of one network beside one of the other, by their indices."""

    status: str
    a: int | None
    b: int | None


class Quantity(TypedDict):
    """A total of both networks."""

    a: int
    b: int
    difference: int
    ratio: float | None
    exact: str | None


class DiffDocument(TypedDict):
    """Two networks with their layers paired."""

    schema_version: Literal[1]
    command: str
    convention: Convention
    status: Status
    a: Side
    b: Side
    pairs: list[Pair]
    counts: dict[str, int]
    totals: dict[str, Quantity]


class NetworkFigures(TypedDict):
    """One of several networks; null is not known, or not there because the network failed."""

    name: str
    input: Shape | None
    params: int | None
    macs: int | None
    activations: int | None
    peak_memory_bytes: int | None
    seconds: Annotated[float | None, "the least time on the machine"]
    field: Annotated[list[int] | None, "the receptive field of the output along each axis"]
    front: Annotated[bool | None, "with --pareto, whether none of the networks is better"]
    failure: str | None


class CompareDocument(TypedDict):
    """Several networks side by side."""

    schema_version: Literal[1]
    command: str
    batch: int
    dtype: str
    convention: Convention
    status: Status
    machine: str | None
    pareto: Annotated[str | None, "the two figures of the front, as macs,field"]
    networks: list[NetworkFigures]
