"""Makes the pictures of the documentation, each by the command that stands above it.

    python examples/make_pictures.py [FOLDER]

The commands of README.md and docs/pictures.md are run in the root of the repository, those of
docs/tutorial.md among the samples of the package; what they write goes to FOLDER, docs/pictures by
default.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
from pathlib import Path

from convcalc.cli.main import run

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = {
    "README.md": ROOT,
    "docs/pictures.md": ROOT,
    "docs/tutorial.md": ROOT / "src" / "convcalc" / "samples",
}
"""Each document, and where its commands find their files."""

DRAWING = re.compile(
    r"^(?:\$ )?convcalc (.* (?:--svg|--animate|-o) \S+\.(?:svg|png))$", re.MULTILINE
)


def main(folder: Path) -> None:
    """Draws every picture into `folder`.

    Raises:
        SystemExit: a command failed, or two that draw the same picture are not equal.
    """
    drawn: dict[str, bytes] = {}
    for document, place in DOCUMENTS.items():
        text = (ROOT / document).read_text(encoding="utf-8")
        for command in DRAWING.findall(text):
            *words, name = shlex.split(command)
            path = folder.resolve() / Path(name).name
            path.unlink(missing_ok=True)
            with contextlib.chdir(place):
                code = run([*words, str(path), "-q"])
            if code:
                sys.exit(f"{document}: convcalc {command} ended with {code}")
            if drawn.setdefault(path.name, path.read_bytes()) != path.read_bytes():
                sys.exit(f"{document}: another command draws another {path.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
