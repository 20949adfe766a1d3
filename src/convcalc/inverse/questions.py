"""The inverse questions as functions: `convcalc.solve`, `convcalc.sizes`, `convcalc.sweep`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from convcalc.errors import ParameterError, described
from convcalc.inverse.axis import Ranges
from convcalc.inverse.batches import Question, batches
from convcalc.inverse.layer import FAMILIES, solve_layer
from convcalc.inverse.sizes import LAST, network_sizes
from convcalc.layers.arguments import checked_count, checked_switch, checked_text, checked_word
from convcalc.layers.parameters import LARGEST, read_shape
from convcalc.network.graph import check_network
from convcalc.network.usual_input import usual_input
from convcalc.zoo.catalog import named_or_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcalc.inverse.layer import Solved
    from convcalc.inverse.sizes import Sizes
    from convcalc.network.graph import Network

    Numbers: TypeAlias = int | Iterable[int] | None
    """What a parameter may be: one number, several, or None for what the sizes allow."""


def solve(
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    kind: str = "conv",
    *,
    kernel_size: Numbers = None,
    stride: Numbers = None,
    padding: Numbers = None,
    dilation: Numbers = 1,
    output_padding: Numbers = None,
    ceil_mode: bool | None = None,
    unused: int | None = None,
) -> Solved:
    """Every layer that makes a wanted output of an input, the usual ones first.

    Args:
        input_shape: (channels, *sizes) of one sample.
        output_shape: The wanted one.
        kind: conv, dw, convt, maxpool, avgpool or lppool.
        kernel_size: Taps; None is 1 to 7, and up to twice the ratio of the sizes.
        stride: Steps; None is every one that can give the sizes.
        padding: What each end may have; None is up to half the kernel.
        dilation: Spacings of the taps.
        output_padding: Of a transposed convolution; None is all that are allowed.
        ceil_mode: Whether a pooling rounds up; None is both.
        unused: Only layers that leave at most so many elements of each axis unused.

    Returns:
        `solutions`, each with its `layer`, its `output` and `why` it is usual; where there are
        none, `nearest` and `why_none`.

    Raises:
        UsageError: no layer of the kind has such shapes, or there are too many candidates.

    Example:
        >>> import convcalc
        >>> found = convcalc.solve((3, 224, 224), (64, 112, 112), kernel_size=7, stride=2)
        >>> [solution.layer.spec() for solution in found.solutions]
        ['conv:64,k7,s2,p3', 'conv:64,k7,s2,p2:3', 'conv:64,k7,s2,p3:2']
    """
    input_shape = read_shape("input_shape", input_shape)
    output_shape = read_shape("output_shape", output_shape)
    checked_word("kind", kind, FAMILIES)
    if ceil_mode is not None:
        checked_switch("ceil_mode", ceil_mode)
    if unused is not None:
        checked_count("unused", unused, 0)
    ceils = (False, True) if ceil_mode is None else (ceil_mode,)
    ranges = Ranges(
        _numbers("kernel_size", kernel_size, 1),
        _numbers("stride", stride, 1),
        _numbers("padding", padding, 0),
        None,
        _numbers("dilation", dilation, 1) or (1,),
        _numbers("output_padding", output_padding, 0),
        ceils if FAMILIES[kind] == "pool" else (False,),
    )
    axes = len(input_shape) - 1
    return solve_layer(kind, input_shape, output_shape, [ranges] * axes, unused)


def sizes(
    network: Network | str,
    channels: int | None = None,
    axes: int | None = None,
    *,
    first: int = 1,
    last: int = LAST,
    unused: int | None = None,
) -> Sizes:
    """The input sizes that every layer of a network takes, all spatial axes alike.

    Args:
        network: The layers, their text, or the name of a reference network.
        channels: Channels of the input; None is what the network says, or 3.
        axes: Spatial axes; None is what the network says, or 2.
        first: The first size that is tried.
        last: The last one.
        unused: Only sizes at which layers drop at most so many elements at the end of an axis.

    Returns:
        The `rule`, the layers that are `breaking` the other sizes, and `near(size)`.

    Raises:
        UsageError: there are no spatial axes, or too many sizes.

    Example:
        >>> import convcalc
        >>> found = convcalc.sizes(convcalc.load_network("unet"))
        >>> str(found.rule), found.near(500)
        ('multiples of 16', (496, 512))
    """
    network = named_or_read(network) if isinstance(network, str) else network
    check_network(network)
    numbers = {"channels": channels, "axes": axes, "unused": unused, "first": first, "last": last}
    for name, number in numbers.items():
        if number is not None:
            checked_count(name, number, 0)
    shape = network.input_shape or usual_input(network).shape
    channels = shape[0] if channels is None else channels
    axes = len(shape) - 1 if axes is None else axes
    return network_sizes(network, channels, axes, first, last, unused)


def sweep(
    spec: str,
    input_shape: Sequence[int] | str = (3, 224, 224),
    variables: Mapping[str, Iterable[int]] | None = None,
    where: str | None = None,
    jobs: int = 1,
) -> Iterator[dict[str, Any]]:
    """The figures of every combination of a grid that fits, one after the other.

    Args:
        spec: Layers with choices, as "conv:{32,64},k{3,5},p{0..3}", and `$parameters`.
        input_shape: (channels, *sizes) of one sample, or a text with choices: "3x{128..512:32}x=".
        variables: The values of each parameter.
        where: A condition, as "macs < 1e8 and out == 56".
        jobs: Processes that work on it.

    Yields:
        The text of the variant as "spec", its choices by their names, and its figures: "output",
        "channels", "out", "params", "macs", "flops", "activations", "field", "stride", "unused".

    Raises:
        SpecError: a choice, the first variant or the condition has faults.
        UsageError: the input is none.

    Example:
        >>> import convcalc
        >>> rows = convcalc.sweep("conv:64,k{3,5,7},s{1,2},p{0..3}", where="out == 112")
        >>> [(row["spec"], row["macs"]) for row in rows][:2]
        [('conv:64,k3,s2,p1', 21676032), ('conv:64,k5,s2,p2', 60211200)]
    """
    checked_text("spec", spec, "layers with choices, as 'conv:{32,64},k3'")
    if where is not None:
        checked_text("where", where, "a condition, as 'macs < 1e8'")
    checked_count("jobs", jobs, 1)
    if not isinstance(input_shape, str):
        input_shape = "x".join(map(str, read_shape("input_shape", input_shape)))
    values = {} if variables is None else _values(variables)
    question = Question(spec, input_shape, values, where, ("field", "stride"))
    names = None
    for batch in batches(question, jobs):
        names = names or batch.names
        for row in batch.rows:
            yield dict(zip(names, row, strict=True))


def _values(variables: object) -> dict[str, tuple[int, ...]]:
    """The values of each parameter of a grid.

    Raises:
        ParameterError: there are no names, or no numbers.
    """
    if not isinstance(variables, dict):
        raise ParameterError(
            "variables", f"expected values by name, as {{'w': (8, 16)}}; got {described(variables)}"
        )
    return {name: _whole_numbers(name, numbers, -LARGEST) for name, numbers in variables.items()}


def _whole_numbers(name: str, numbers: object, minimum: int) -> tuple[int, ...]:
    """One whole number or several, in their order.

    Raises:
        ParameterError: there is another thing among them, or they are a text.
    """
    found = tuple(numbers) if isinstance(numbers, Iterable) else (numbers,)
    if isinstance(numbers, str) or getattr(numbers, "ndim", 1) != 1:
        raise ParameterError(name, f"expected whole numbers, got {described(numbers)}")
    return tuple(checked_count(name, number, minimum) for number in found)


def _numbers(name: str, numbers: Numbers, minimum: int) -> tuple[int, ...] | None:
    """The numbers of a parameter in rising order.

    Raises:
        ParameterError: one is too small, or there are none.
    """
    if numbers is None:
        return None
    found = tuple(sorted(set(_whole_numbers(name, numbers, minimum))))
    if not found:
        raise ParameterError(name, f"expected whole numbers of at least {minimum}, got none")
    return found
