"""Items with paths for labels, as modules have them, written as repeats where turns are alike.

`body.0.conv=conv:8,k3 body.1.conv=conv:8,k3` is `body=2x{conv=conv:8,k3}`: the labels of what a
repeat writes out are those paths. What a turn begins with may be read again in it; it then has a
label of its own, `begin=0xidentity`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.language.tree import Block, Call, Jump, Repeat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.language.tree import Item

BEGIN = "begin"
"""The label of what a turn begins with."""


class Run(NamedTuple):
    """Turns that are alike.

    Attributes:
        path: What their labels begin with.
        body: One of them, its labels without that.
        turns: How many there are.
        end: The place behind them.
        labels: The labels that they hold, the last one last.
    """

    path: str
    body: tuple[Item, ...]
    turns: int
    end: int
    labels: tuple[str, ...]


def folded(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items with repeats for turns that are alike and that nothing else looks into.

    Items of other forms than calls, blocks and jumps stay where they are.
    """
    found: list[Item] = []
    before: str | None = None
    place = 0
    renamed: dict[str, str] = {}
    while place < len(items):
        run = _run(items, place, before)
        if run is None or _looked_into(items, run):
            found.append(items[place])
            before = _after(items[place])
            place += 1
            continue
        found.append(Repeat(run.turns, run.body, run.path))
        renamed[run.labels[-1]] = before = run.path
        place = run.end
    return tuple(_with_labels(item, lambda label: renamed.get(label, label)) for item in found)


def label_of(item: Item) -> str | None:
    """The label of a layer, a block or a repeat."""
    match item:
        case Block(call):
            return call.label
        case Call(label=label) | Repeat(label=label):
            return label
        case _:
            return None


def _after(item: Item) -> str | None:
    """The label of what an item ends with."""
    return item.label if isinstance(item, Jump) else label_of(item)


def _run(items: Sequence[Item], place: int, before: str | None) -> Run | None:
    """The turns that begin at a place, for the shortest path that has several."""
    label = label_of(items[place])
    parts = label.split(".") if label else []
    for length in range(1, len(parts) - 1):
        path = ".".join(parts[:length])
        if parts[length] == "0" and (run := _turns(items, place, before, path)):
            return run
    return None


def _turns(items: Sequence[Item], place: int, before: str | None, path: str) -> Run | None:
    bodies: list[tuple[Item, ...]] = []
    labels: list[str] = []
    while before is not None:
        end = _end_of_turn(items, place, f"{path}.{len(bodies)}.")
        own = [label for item in items[place:end] if (label := label_of(item))]
        if end == place or not own or own[-1] != _after(items[end - 1]):
            break
        body = _relative(items[place:end], f"{path}.{len(bodies)}.", before)
        if bodies and body != bodies[0]:
            break
        bodies.append(body)
        labels += own
        place, before = end, own[-1]
    if len(bodies) < 2:
        return None
    return Run(path, bodies[0], len(bodies), place, tuple(labels))


def _end_of_turn(items: Sequence[Item], place: int, prefix: str) -> int:
    """The place behind the items of one turn, and the jumps between them."""
    end = place
    for index in range(place, len(items)):
        label = label_of(items[index])
        if label is not None and label.startswith(prefix):
            end = index + 1
        elif not isinstance(items[index], Jump):
            break
    return end


def _relative(turn: Sequence[Item], prefix: str, before: str) -> tuple[Item, ...]:
    """The items of a turn by labels that are the same in each."""
    used = False

    def name(label: str) -> str:
        nonlocal used
        used = used or label == before
        return BEGIN if label == before else label.removeprefix(prefix)

    body = tuple(_with_labels(item, name) for item in turn)
    return (Repeat(0, (Call("identity"),), BEGIN), *body) if used else body


def _with_labels(item: Item, name: Callable[[str], str]) -> Item:
    """An item with other labels, in its branches too."""
    match item:
        case Jump(label):
            return replace(item, label=name(label))
        case Block(call, branches):
            inside = tuple(tuple(_with_labels(one, name) for one in branch) for branch in branches)
            return replace(item, call=_with_label(call, name), branches=inside)
        case Call():
            return _with_label(item, name)
        case _:
            return item


def _with_label(call: Call, name: Callable[[str], str]) -> Call:
    return replace(call, label=name(call.label)) if call.label else call


def _looked_into(items: Sequence[Item], run: Run) -> bool:
    """Whether something behind turns reads what is inside them."""
    hidden = set(run.labels[:-1])
    seen: set[str] = set()

    def name(label: str) -> str:
        seen.add(label)
        return label

    for item in items[run.end :]:
        _with_labels(item, name)
    return bool(hidden & seen)
