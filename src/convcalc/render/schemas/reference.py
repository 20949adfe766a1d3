"""What there is: devices, layers, networks, the weights of a network, the rates of this machine."""

from typing import Annotated, Literal, NotRequired, TypedDict

from convcalc.render.schemas.layers import Shape, Status


class Device(TypedDict):
    """A device by name."""

    name: str
    title: str
    bandwidth: Annotated[int, "bytes per second"]
    peaks: Annotated[dict[str, int], "operations per second by dtype"]
    source: str


class DevicesDocument(TypedDict):
    """The devices that roofline takes by name."""

    schema_version: Literal[1]
    command: str
    devices: list[Device]


class Parameter(TypedDict):
    """A parameter of a kind of layer."""

    parameter: str
    key: str
    default: str
    about: str
    form: str


class Kind(TypedDict):
    """A kind of layer."""

    kind: str
    about: str
    parameters: list[Parameter]
    example: str


class ShorthandParameter(TypedDict):
    """A parameter of a shorthand."""

    parameter: str
    default: str


class Shorthand(TypedDict):
    """Several layers by one name."""

    kind: str
    parameters: list[ShorthandParameter]
    definition: str


class KindsDocument(TypedDict):
    """The kinds of layers, or one of them."""

    schema_version: Literal[1]
    command: str
    kinds: NotRequired[list[Kind]]
    shorthands: NotRequired[list[Shorthand]]
    modes: NotRequired[Annotated[list[dict[str, str | None]], "padding modes of other libraries"]]


class Network(TypedDict):
    """A reference network."""

    name: str
    input: Shape
    about: str


class NetworksDocument(TypedDict):
    """The reference networks."""

    schema_version: Literal[1]
    command: str
    networks: list[Network]


class Start(TypedDict):
    """What a weight is drawn from, or its one value."""

    distribution: Literal["uniform", "constant"]
    low: NotRequired[float]
    high: NotRequired[float]
    value: NotRequired[float]


class Weight(TypedDict):
    """An array of a network."""

    name: str
    shape: list[int]
    dtype: str
    numbers: Annotated[int, "elements"]
    bytes: int
    parameter: bool
    init: Start


class WeightTotals(TypedDict):
    """Sums over the arrays."""

    arrays: int
    numbers: int
    params: int
    bytes: int


class WeightsDocument(TypedDict):
    """The weights of a network."""

    schema_version: Literal[1]
    command: str
    input: Shape
    dtype: str
    seed: int | None
    status: Status
    weights: list[Weight]
    totals: WeightTotals


class CalibrateDocument(TypedDict):
    """The rates of this machine, per second."""

    schema_version: Literal[1]
    command: str
    version: int
    numpy: dict[str, float]
    torch: dict[str, float]
    torch_import: float
    planes: dict[str, float] | None
    threads: int
    rounds: int
    spread: float
    widest: str
