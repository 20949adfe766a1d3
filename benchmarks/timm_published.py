"""The parameters and GMACs that timm publishes of its models, held against ours.

timm's table (results/benchmark-infer-*.csv of huggingface/pytorch-image-models, Apache-2.0; a copy
is tests/importers/timm_published.csv) has parameters in millions and GMACs as fvcore counts them,
with attention written out (`set_fused_attn(False)`), rounded to two decimals. Each row that the
installed timm can build is made on the device "meta" and run once; what differs is named with both
figures.

    python benchmarks/timm_published.py [--rows 100] [--seed 0] [--out rows.jsonl]
"""

from __future__ import annotations

import argparse
import collections
import csv
import gc
import json
import random
import sys
import warnings
from pathlib import Path

from convcalc.errors import ConvcalcError, UsageError

TABLE = Path(__file__).parent.parent / "tests" / "importers" / "timm_published.csv"
SHARE_OF_PARAMETERS, SHARE_OF_MACS = 0.99, 0.90


def main() -> None:
    """Prints what agrees, and every row that does not."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, help="so many, drawn at random; all by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="a line of JSON for each row")
    given = parser.parse_args()
    rows = list(csv.DictReader(TABLE.read_text().splitlines()))
    random.Random(given.seed).shuffle(rows)
    warnings.simplefilter("ignore")
    written_out_attention()
    kinds: collections.Counter[str] = collections.Counter()
    with open(given.out, "a", encoding="utf-8") if given.out else sys.stderr as out:
        for row in rows[: given.rows]:
            found = compared(row)
            kinds[found["kind"]] += 1
            if given.out or found["kind"] != "equal":
                print(json.dumps(found), file=out, flush=True)
            gc.collect()
    report(kinds)


def written_out_attention() -> None:
    """Attention as the published figures were counted: by products that fvcore knows."""
    from convcalc.importers.target import target_of
    from convcalc.importers.torch_libraries import library_maker
    from convcalc.importers.torch_missing import with_missing_operators

    target = target_of("timm:resnet18")
    assert target is not None
    with_missing_operators(lambda: library_maker(target))
    from timm.layers import set_fused_attn

    set_fused_attn(False)


def compared(row: dict[str, str]) -> dict[str, object]:
    """One row of the table beside ours, and in what they differ."""
    from convcalc.importers.target import target_of
    from convcalc.importers.torch_model import network_of

    name, size = row["model"], int(row["image_size"])
    found: dict[str, object] = {"model": name, "image_size": size}
    network = None
    for call in (f"timm:{name}", f"timm:{name}(img_size={size})"):
        target = target_of(call)
        assert target is not None
        try:
            network = network_of(target, (3, size, size))
        except UsageError:
            return found | {"kind": "not in this timm"}
        except ConvcalcError as error:
            found["error"] = str(error).splitlines()[0]
            continue
        if network.trace is None or network.trace.stop is None:
            break
        found["error"] = network.trace.stop.reason
    else:
        return found | {"kind": "not built on this input"}
    report = network.analyze((3, size, size), convention="fvcore")
    params, macs = report.totals.params / 1e6, report.totals.total / 1e9
    found |= {"params": params, "gmacs": macs}
    found |= {"published": [float(row["params_millions"]), float(row["gmacs"])]}
    if report.unknown:
        return found | {"kind": "fvcore fails", "rows": [one.label for one in report.unknown[:3]]}
    wrong = [
        what
        for what, ours, theirs in (
            ("parameters", params, float(row["params_millions"])),
            ("GMACs", macs, float(row["gmacs"])),
        )
        if abs(ours - theirs) > 0.00500001
    ]
    return found | {"kind": " and ".join(wrong) or "equal"}


def report(kinds: collections.Counter[str]) -> None:
    """The shares, and whether they are as promised."""
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
