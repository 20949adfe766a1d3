"""What the command lines of commands hold: every option by its name, None where it is not there.

Texts are as they were typed; each command reads its own. These types cost nothing at the start,
which imports none of them.
"""

from typing import NotRequired, TypedDict


class Quietness(TypedDict):
    """Whether notes are said."""

    quiet: bool | None


class Appearance(Quietness):
    """The form of a document, which every command that prints one may be asked for."""

    format: str | None
    width: NotRequired[str | None]
    document_file: NotRequired[str | None]
    color: str | None
    no_color: bool | None
    no_pager: NotRequired[bool | None]


class DocumentRequest(Appearance):
    """A document that may go into a file: `devices` and `networks` have nothing else."""

    output: str | None
    force: bool | None


class LayerFlags(TypedDict):
    """One layer."""

    out_channels: str | None
    kernel_size: str | None
    stride: str | None
    padding: str | None
    dilation: str | None
    groups: str | None
    padding_mode: str | None
    transposed: bool | None
    output_padding: str | None
    output_size: str | None
    bias: bool | None


class GivenNetwork(Quietness):
    """A network and the input that it is asked about."""

    specs: list[str] | None
    input: str | None
    batch: NotRequired[str | None]
    in_order: bool | None


class NetworkRequest(GivenNetwork, DocumentRequest):
    """A network whose document is asked for."""


class ViewRequest(TypedDict):
    """Which rows and columns of a table of layers are shown, and in which order."""

    depth: str | None
    sort: str | None
    top: str | None
    columns: str | None
    kind: str | None
    layer: str | None


class CalculatorRequest(NetworkRequest, LayerFlags, ViewRequest):
    """`shape`, `rf` and `summary`: a network, or one layer by flags."""

    strict: bool | None
    explain: NotRequired[bool | None]


class FlopsRequest(CalculatorRequest):
    """`flops`."""

    compare: str | None
    convention: str | None
    reconcile: bool | None
    functions: str | None
    detail: bool | None
    real_taps: bool | None


class MemoryRequest(CalculatorRequest):
    """`memory`."""

    dtype: str | None
    in_place: bool | None
    optimizer: str | None


class RooflineRequest(CalculatorRequest):
    """`roofline`."""

    device: str | None
    peak: str | None
    bandwidth: str | None
    measure: bool | None
    dtype: str | None


class ExplainRequest(DocumentRequest):
    """`explain`: arrays as `run` takes them, or layers, and what of it to show."""

    specs: list[str] | None
    kernel: str | None
    each_channel: bool | None
    bias: str | None
    network: str | None
    weights: str | None
    weights_by: str | None
    random_weights: str | None
    input: str | None
    at: str | None
    svg: str | None
    png: str | None
    animate: str | None
    html: str | None
    every: str | None
    step: bool | None
    stride: str | None
    padding: str | None
    dilation: str | None
    groups: str | None
    padding_mode: str | None
    transposed: bool | None
    output_padding: str | None
    output_size: str | None
    flip: bool | None
    layout: str | None
    dims: str | None
    dtype: str | None
    in_order: bool | None


class WeightsRequest(NetworkRequest):
    """`weights`."""

    init: str | None
    dtype: str | None


class ConvertRequest(GivenNetwork):
    """`convert`."""

    output: str | None
    to: str | None
    weights: str | None
    seed: str | None
    force: bool | None


class SolveRequest(Appearance):
    """`solve`, whose output is a shape."""

    output_file: str | None
    force: bool | None

    specs: list[str] | None
    input: str | None
    output: str | None
    kind: str | None
    transposed: bool | None
    kernel_size: str | None
    stride: str | None
    padding: str | None
    dilation: str | None
    output_padding: str | None
    ceil: bool | None
    unused: str | None
    field: str | None
    field_of: str | None
    until: str | None
    input_for: str | None
    all: bool | None


class SizesRequest(NetworkRequest, LayerFlags):
    """`sizes`."""

    near: str | None
    range: str | None
    unused: str | None


class CheckRequest(NetworkRequest, LayerFlags):
    """`check`."""

    macs: str | None
    flops: str | None
    params: str | None
    activations: str | None
    weight_memory: str | None
    peak_memory: str | None
    field: str | None
    time: str | None
    device: str | None
    dtype: str | None
    budget: str | None
    report: str | None


class SweepRequest(DocumentRequest):
    """`sweep`."""

    specs: list[str] | None
    input: str | None
    define: list[str] | None
    where: str | None
    columns: str | None
    sort: str | None
    top: str | None
    pareto: str | None
    front: bool | None
    plot: str | None
    jobs: str | None


class DiffRequest(DocumentRequest):
    """`diff`."""

    a: str
    b: str
    input: str | None
    all: bool | None
    depth: str | None
    in_order: bool | None
    strict: bool | None


class CompareRequest(DocumentRequest):
    """`compare`."""

    networks: list[str]
    input: str | None
    batch: str | None
    device: str | None
    dtype: str | None
    sort: str | None
    pareto: str | None
    in_order: bool | None


class KindRequest(DocumentRequest):
    """`layers`."""

    kind: str | None


class GraphRequest(GivenNetwork):
    """`graph`."""

    depth: str | None
    output: str | None
    to: str | None
    force: bool | None


class SchemaRequest(TypedDict):
    """`schema`."""

    name: str


class FormatRequest(Quietness):
    """`fmt`."""

    file: str
    check: bool | None


class DemoRequest(TypedDict):
    """`demo`."""

    force: bool | None


class CompletionRequest(TypedDict):
    """`convcalc completion`."""

    shell: str
