"""The parameters and GMACs that timm publishes of its models, held against ours.

timm's table (results/benchmark-infer-*.csv of huggingface/pytorch-image-models, Apache-2.0; a copy
is tests/importers/timm_published.csv) has parameters in millions and GMACs as fvcore counts them,
with attention written out (`set_fused_attn(False)`), rounded to two decimals. Each row that the
installed timm can build is made on the device "meta" and run once. A model whose figures differ is
counted once more with its branches merged (`reparameterize_model`), as timm's benchmark.py counts
all models (`--reparam`). Every module of timm has its turn, its smallest models first, so that
a part of the rows has all families.

    python benchmarks/timm_published.py [--rows 100] [--out rows.jsonl]

With `--out` each row is a line of JSON, and rows that the file has already are not run again.
"""

from __future__ import annotations

import argparse
import collections
import csv
import gc
import importlib
import itertools
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcalc.errors import ConvcalcError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import nn

TABLE = Path(__file__).parent.parent / "tests" / "importers" / "timm_published.csv"
SHARE_OF_PARAMETERS, SHARE_OF_MACS = 0.99, 0.90
HALF_A_DIGIT = 0.00500001
MERGED = "equal with branches merged"


def main() -> None:
    """Prints what agrees, and every row that does not."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, help="so many; all by default")
    parser.add_argument("--out", type=Path, help="a line of JSON for each row, and those before")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    written_out_attention()
    rows = list(in_turns(csv.DictReader(TABLE.read_text().splitlines())))[: given.rows]
    results = before(given.out)
    with open(given.out, "a", encoding="utf-8") if given.out else sys.stderr as out:
        for row in rows:
            key = row["model"], int(row["image_size"])
            if key not in results:
                results[key] = compared(*key, row)
                if given.out or results[key]["kind"] != "equal":
                    print(json.dumps(results[key]), file=out, flush=True)
                gc.collect()
    report(results.values())


def written_out_attention() -> None:
    """Attention as the published figures were counted: by products that fvcore knows."""
    from convcalc.importers.target import Target
    from convcalc.importers.torch_libraries import library_maker
    from convcalc.importers.torch_missing import with_missing_operators

    with_missing_operators(lambda: library_maker(Target("timm", ("resnet18",))))
    importlib.import_module("timm.layers").set_fused_attn(False)


def in_turns(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The smallest model of each module of timm, then the next of each, until none is left."""
    import timm

    modules = {name: one for one in timm.list_modules() for name in timm.list_models(module=one)}
    families: dict[str, list[dict[str, str]]] = collections.defaultdict(list)
    for row in sorted(rows, key=lambda row: float(row["gmacs"])):
        families[modules.get(row["model"], "")].append(row)
    for turn in itertools.zip_longest(*(families[name] for name in sorted(families))):
        yield from (row for row in turn if row)


def before(path: Path | None) -> dict[tuple[str, int], dict[str, Any]]:
    """The rows that a file has, by model and size."""
    lines = path.read_text().splitlines() if path and path.exists() else []
    return {(one["model"], one["image_size"]): one for one in map(json.loads, lines)}


def compared(name: str, size: int, row: dict[str, str]) -> dict[str, Any]:
    """One row of the table beside ours, and in what they differ."""
    published = float(row["params_millions"]), float(row["gmacs"])
    found: dict[str, Any] = {"model": name, "image_size": size, "published": published}
    found |= counted(name, size)
    if "params" not in found:
        return found
    found["kind"] = difference(found, published)
    if found["kind"] != "equal":
        found["merged"] = counted(name, size, merge=True)
        found["merged"]["kind"] = difference(found["merged"], published)
        if found["merged"]["kind"] == "equal":
            found["kind"] = MERGED
    return found


def counted(name: str, size: int, *, merge: bool = False) -> dict[str, Any]:
    """Parameters in millions and GMACs as fvcore counts them; the kind where there are none."""
    from convcalc.importers.target import Target
    from convcalc.importers.torch_model import network_of

    found: dict[str, Any] = {}
    for sizes in ({}, {"img_size": size}):
        where, path = (__file__, "merged") if merge else ("timm", name)
        named = {"name": name, **sizes} if merge else sizes
        target = Target(where, (path,), called=True, named=named)
        try:
            network = network_of(target, (3, size, size))
        except UsageError:
            return {"kind": "not in this timm"}
        except ConvcalcError as error:
            found["error"] = str(error).splitlines()[0]
            continue
        if network.trace is None or network.trace.stop is None:
            break
        found["error"] = network.trace.stop.reason
    else:
        return found | {"kind": "not built on this input"}
    report = network.analyze((3, size, size), convention="fvcore")
    found = {"params": report.totals.params / 1e6, "gmacs": report.totals.total / 1e9}
    return found | ({"fails": [one.label for one in report.unknown[:3]]} if report.unknown else {})


def merged(name: str, **arguments: int) -> nn.Module:
    """A model of timm whose branches are one where they may be, as they are at inference."""
    timm: Any = importlib.import_module("timm")
    model: nn.Module = timm.create_model(name, **arguments).eval()
    return timm.utils.reparameterize_model(model)


def difference(found: dict[str, Any], published: tuple[float, float]) -> str:
    """In what figures differ by more than their last printed digit."""
    if "params" not in found:
        return str(found["kind"])
    if "fails" in found:
        return "fvcore fails"
    pairs = zip(("parameters", "GMACs"), (found["params"], found["gmacs"]), published, strict=True)
    wrong = [what for what, ours, theirs in pairs if abs(ours - theirs) > HALF_A_DIGIT]
    return " and ".join(wrong) or "equal"


def report(results: Iterable[dict[str, Any]]) -> None:
    """The shares, and whether they are as promised."""
    kinds = collections.Counter(one["kind"] for one in results)
    for kind, count in kinds.most_common():
        print(f"{count:6}  {kind}")
    built = sum(count for kind, count in kinds.items() if not kind.startswith("not "))
    for what, share in (("parameters", SHARE_OF_PARAMETERS), ("GMACs", SHARE_OF_MACS)):
        wrong = sum(
            count for kind, count in kinds.items() if what in kind or kind == "fvcore fails"
        )
        part = 1 - wrong / max(1, built)
        print(f"{what}: {part:.1%} of {built} (at least {share:.0%}: {part >= share})")


if __name__ == "__main__":
    main()
