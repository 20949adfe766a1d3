"""The network of a model that was run: its nodes, with what was found of each, and its notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import DataError, printable
from convcalc.importers.torch_calls import sample_shape
from convcalc.importers.torch_places import Place
from convcalc.layers import Opaque, Unreached
from convcalc.network.graph import INPUT, Network, Node
from convcalc.network.trace import Decision, Gap, Trace

if TYPE_CHECKING:
    from convcalc.importers.figures import Unknown
    from convcalc.importers.torch_running import Run
    from convcalc.layers import Shape
    from convcalc.network.measured import Measured
    from convcalc.network.trace import Stop


class Written(NamedTuple):
    """What a network is made of.

    Attributes:
        one: The run on one sample.
        shape: (channels, *sizes) of it.
        notes: What is to be said so far.
        stop: Where it ended early, if it did.
        failed: Whether that was a fault of the model or its input.
        batch: Samples that figures are asked for.
        many: The run on so many, where they are more than one.
        on_zeros: Whether it was run on zeros, as it needs the values of tensors.
        needed_at: The line that needed the first of them.
    """

    one: Run
    shape: Shape
    notes: list[str]
    stop: Stop | None
    failed: bool
    batch: int
    many: Run | None
    on_zeros: bool = False
    needed_at: Place = Place("", "")

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Where values decided; in a program of TorchScript where the first was needed."""
        first = self.needed_at
        return tuple(
            dict.fromkeys(
                one if one.place else Decision(first.where, first.code, one.module)
                for one in self.one.recorder.decisions
            )
        )


def network_from(written: Written) -> Network:
    """The network of what was run.

    Raises:
        DataError: the model gives no tensor.
    """
    recorder, notes = written.one.recorder, list(written.notes)
    if not written.one.ends and written.stop is None:
        raise DataError("the model gives no tensor")
    measured, same = _measured(written)
    if not same:
        notes.append(
            f"with {written.batch} samples it makes other calls: figures are those of one, "
            f"times {written.batch}"
        )
    nodes = [
        replace(node, measured=found)
        for node, found in zip(recorder.written.nodes, measured, strict=True)
    ]
    end = _with_rest(written, nodes, notes)
    gaps = _with_gaps(written.one.seen.unknown, nodes)
    if recorder.written.unnamed:
        notes.append(_unnamed(recorder.written.unnamed))
    return Network(
        tuple(nodes),
        end,
        input_shape=written.shape,
        notes=tuple(notes),
        input_name=written.one.name,
        trace=Trace(gaps, written.stop, written.failed, written.on_zeros, written.decisions),
    )


def _measured(written: Written) -> tuple[list[tuple[Measured, ...]], bool]:
    """What was found of each node: of one sample, and of all, unless that was another network.

    ptflops divides by the samples, and its figure of all of them is that of one so many times.
    """
    one, many, batch = written.one, written.many, written.batch
    partner = None if many is None else _partners(one, many)
    found: list[tuple[Measured, ...]] = []
    for index, macs in enumerate(one.recorder.written.macs):
        single = one.seen.measured(index, 1, macs)
        if batch == 1 or many is None:
            found.append((single,))
            continue
        times = one.seen.measured(index, batch, macs, batch)
        if partner and index in partner:
            own = many.recorder.written.macs[partner[index]]
            counts = many.seen.measured(partner[index], batch, own).counts
            kept = {**counts, "ptflops": times.counts["ptflops"]}
            times = replace(times, macs=own, counts=kept)
        found.append((single, times))
    return found, many is None or partner is not None


def _partners(one: Run, many: Run) -> dict[int, int] | None:
    """The node of another run for each call and learned array; None where other calls were made.

    A call may be other nodes there: an axis of several samples stays where one is left out.
    """
    mine, its = one.recorder, many.recorder
    if [label for label, _ in mine.calls] != [label for label, _ in its.calls]:
        return None
    pairs = zip(mine.calls, its.calls, strict=True)
    calls = {node: other for (_, node), (_, other) in pairs}
    by_label = {node.label: index for index, node in enumerate(its.written.nodes)}
    nodes = enumerate(mine.written.nodes)
    rest = {index: by_label[node.label] for index, node in nodes if node.label in by_label}
    return {**rest, **calls}


def _with_rest(written: Written, nodes: list[Node], notes: list[str]) -> int:
    """The node that the network ends with; what belongs to no call becomes one more."""
    recorder, out, ends = written.one.recorder, written.one.out, written.one.ends
    left = recorder.unreached()
    rest = sum(left.values()), recorder.uncharged
    if written.stop is not None:
        end: int | None = len(nodes) - 1
        if rest[0]:
            nodes.append(_rest(written, "unreached", Unreached(rest[0])))
            notes.append(f"{rest[0]:,} parameters that were not reached: {_owners(left)}")
        return len(nodes) - 1 if end is None else end
    end = ends[0]
    if end is None:
        end = len(nodes)
        nodes.append(_rest(written, "untraced", Opaque("untraced", sample_shape(out[0]), *rest)))
        notes.append("its result could not be followed to its input: 'untraced' has what is left")
    elif any(rest):
        nodes.append(_rest(written, "unreached", Unreached(*rest)))
        if left:
            notes.append(f"{rest[0]:,} parameters that its forward never reaches: {_owners(left)}")
        if rest[1]:
            notes.append(f"{rest[1]:,} MACs that lead to no output: 'unreached' has them")
    if len(ends) > 1:
        notes.append(f"it gives {len(ends)} tensors; the first is taken for its output")
    return end


def _with_gaps(unknown: list[Unknown], nodes: list[Node]) -> tuple[Gap, ...]:
    """The calls of unknown cost, whose nodes no longer say that they cost nothing."""
    gaps: Counter[Gap] = Counter()
    for call in unknown:
        why = f"no formula for {', '.join(dict.fromkeys(call.operations))}"
        gaps[Gap(call.name, call.module, call.place, call.shape, why)] += 1
        node = nodes[call.node] if call.node is not None else None
        layer = None if node is None else node.layer
        if node is not None and type(layer) is Opaque and not layer.macs:
            nodes[call.node or 0] = replace(node, layer=replace(layer, macs=None))
        else:
            nodes.append(Node(Opaque(call.name, call.shape, 0, None), (INPUT,), _label(call)))
    return tuple(gap._replace(times=times) for gap, times in gaps.items())


def _label(call: Unknown) -> str:
    return f"{call.module}.{call.name}-unknown".removeprefix(".")


def _rest(written: Written, label: str, layer: Opaque | Unreached) -> Node:
    """A row for what was found and belongs to no call."""
    found = written.one.seen.left_over(layer, layer.macs or 0)
    batch = written.batch
    many = written.many and written.many.seen.left_over(layer, written.many.recorder.uncharged)
    measured = (found, *([replace(many, batch=batch)] if many else []))
    return Node(layer, (INPUT,), label, measured=measured)


def _owners(left: dict[str, int]) -> str:
    """The modules that parameters belong to, by their first names."""
    names = dict.fromkeys(name.partition(".")[0] for name in left)
    some = ", ".join(list(names)[:6])
    return printable(some, 200) + (f", ... {len(names) - 6} more" if len(names) > 6 else "")


def _unnamed(unnamed: Counter[str]) -> str:
    """What is said of calls that are no kind of layer, the most frequent first."""
    shown = ", ".join(f"{name} {count}" for name, count in unnamed.most_common(6))
    more = f", ... {len(unnamed) - 6} more" if len(unnamed) > 6 else ""
    return (
        f"calls that are no kind of layer ({shown}{more}): known products count, other "
        "operations do not, and fields are known behind none but those of single elements"
    )
