"""What thop counts: hooks on modules whose very class it knows."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING, TypeAlias

from torch import nn

from convcalc.network.measured import Amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from torch import Tensor

Given: TypeAlias = "tuple[Tensor, ...]"
"""What a module is called with."""

Rule: TypeAlias = "Callable[..., Iterable[Amount]]"
"""What one call of a module counts: of the module, what it is given, and what comes out."""

OUTPUTS = (
    "by output positions",
    "a transposed convolution uses each weight once per INPUT position: this is too high",
)
BIAS = "the bias counted as MACs"
STATE = "{} per element of the state"


def _none(_module: nn.Module, _given: Given, _out: Tensor) -> Iterator[Amount]:
    return iter(())


def _conv(module: nn.Conv2d, given: Given, out: Tensor) -> Iterator[Amount]:
    """`count_convNd`."""
    yield Amount(out.numel() * (given[0].shape[1] // module.groups) * prod(module.weight.shape[2:]))


def _norm(module: nn.Module, given: Given, _out: Tensor) -> Iterator[Amount]:
    """`count_normalization`."""
    affine = getattr(module, "affine", False) or getattr(module, "elementwise_affine", False)
    text = "4 per element" if affine else "2 per element, without weights"
    yield Amount((4 if affine else 2) * given[0].numel(), text)


def _prelu(_module: nn.Module, given: Given, _out: Tensor) -> Iterator[Amount]:
    yield Amount(given[0].numel(), "1 per element")


def _softmax(module: nn.Softmax, given: Given, _out: Tensor) -> Iterator[Amount]:
    """`calculate_softmax`: of an axis of C elements C exponents, C - 1 additions, C quotients."""
    if module.dim is None:
        raise TypeError("thop itself ends here")
    channels = given[0].size(module.dim)
    rows = given[0].numel() // channels
    yield Amount(rows * (3 * channels - 1), "3C - 1 for the C elements of the axis")


def _avgpool(_module: nn.Module, _given: Given, out: Tensor) -> Iterator[Amount]:
    yield Amount(out.numel(), "1 per output element")


def _adaptive(_module: nn.Module, given: Given, out: Tensor) -> Iterator[Amount]:
    """`calculate_adaptive_avg`: quotients of sizes, which are cut at the end."""
    sizes = zip(given[0].shape[2:], out.shape[2:], strict=True)
    elements = prod((size / new for size, new in sizes), start=1.0)
    text = "input positions / output positions + 1 per output element"
    yield Amount(int((elements + 1) * out.numel()), text)


def _upsample(module: nn.Upsample, _given: Given, out: Tensor) -> Iterator[Amount]:
    """`count_upsample`; linear in three axes is not in its list and counts nothing."""
    each = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}.get(module.mode, 0)
    yield Amount(each * out.numel(), f"{each} per output element")


def _linear(module: nn.Linear, _given: Given, out: Tensor) -> Iterator[Amount]:
    yield Amount(module.in_features * out.numel())


def _recurrent(kind: str) -> Rule:
    """`count_rnn`, `count_gru` and `count_lstm`, which know nothing of projections."""
    gates, each = {"rnn": (1, 1), "gru": (3, 7), "lstm": (4, 8)}[kind]

    def rule(module: nn.RNNBase, given: Given, _out: Tensor) -> Iterator[Amount]:
        x = given[0]
        steps = x.size(0) * x.size(1)
        directions = 2 if module.bidirectional else 1
        hidden = module.hidden_size
        inputs = [module.input_size, *[hidden * directions] * (module.num_layers - 1)]
        states = steps * directions * len(inputs)
        yield Amount(steps * directions * sum(gates * hidden * (hidden + one) for one in inputs))
        yield Amount(states * each * hidden, STATE.format(each))
        yield Amount(states * 2 * gates * hidden if module.bias else 0, BIAS)

    return rule


def _step(kind: str) -> Rule:
    """Rules of nn.RNNCell, nn.GRUCell and nn.LSTMCell."""
    gates, each = {"rnn": (1, 1), "gru": (3, 7), "lstm": (4, 8)}[kind]

    def rule(module: nn.RNNCellBase, given: Given, _out: Tensor) -> Iterator[Amount]:
        batch, hidden = given[0].size(0), module.hidden_size
        yield Amount(batch * gates * hidden * (hidden + module.input_size))
        yield Amount(batch * each * hidden, STATE.format(each))
        yield Amount(batch * 2 * gates * hidden if module.bias else 0, BIAS)

    return rule


KNOWN: Mapping[type[nn.Module], Rule] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), _conv),
    **dict.fromkeys((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _conv),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm), _norm),
    **dict.fromkeys((nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), _norm),
    nn.LayerNorm: _norm,
    nn.PReLU: _prelu,
    nn.Softmax: _softmax,
    **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _avgpool),
    **dict.fromkeys((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _adaptive),
    nn.Linear: _linear,
    **dict.fromkeys((nn.Upsample, nn.UpsamplingBilinear2d, nn.UpsamplingNearest2d), _upsample),
    nn.RNN: _recurrent("rnn"),
    nn.GRU: _recurrent("gru"),
    nn.LSTM: _recurrent("lstm"),
    nn.RNNCell: _step("rnn"),
    nn.GRUCell: _step("gru"),
    nn.LSTMCell: _step("lstm"),
    **dict.fromkeys((nn.ZeroPad2d, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.Dropout), _none),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _none),
    **dict.fromkeys((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _none),
    nn.Sequential: _none,
}
"""`thop.profile.register_hooks`."""


def rules(model: nn.Module) -> Mapping[int, Rule]:
    """The rule of each module whose class is known, as often as it counts.

    A module with two parents gets its hook once from each (`model.apply`), and its sum is taken
    once by each (`dfs_count`).
    """
    visits, taken = paths(model), paths(model, stops=_is_whole)
    return {
        id(module): times(rule, visits[id(module)] * taken[id(module)])
        for module in model.modules()
        if (rule := KNOWN.get(type(module))) not in (None, _none)
    }


def _is_whole(module: nn.Module) -> bool:
    """Whether the sum of a module stands for all modules inside it."""
    return type(module) in KNOWN and not isinstance(module, nn.Sequential | nn.ModuleList)


def times(rule: Rule, factor: int) -> Rule:
    """The rule, whose amounts count so often."""
    if factor == 1:
        return rule
    return lambda *call: [one._replace(amount=one.amount * factor) for one in rule(*call)]


def paths(model: nn.Module, stops: Callable[[nn.Module], bool] | None = None) -> Counter[int]:
    """In how many ways each module is reached from the model, through modules that do not stop.

    Modules come after all their parents, as long as none is inside itself.
    """
    order: list[nn.Module] = []
    known: set[int] = set()
    todo: list[tuple[nn.Module, bool]] = [(model, False)]
    while todo:
        module, done = todo.pop()
        if done:
            order.append(module)
        elif id(module) not in known:
            known.add(id(module))
            todo.append((module, True))
            todo.extend((child, False) for child in module.children())
    ways = Counter({id(model): 1})
    for module in reversed(order):
        if module is model or stops is None or not stops(module):
            for child in module.children():
                ways[id(child)] += ways[id(module)]
    return ways
