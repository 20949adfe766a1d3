"""The rows of tables that commands print."""

from __future__ import annotations

import csv
import io
import re


def rows(text):
    """The rows of a CSV text by their machine names."""
    return list(csv.DictReader(io.StringIO(text)))


def cells(line):
    """The cells of a line in a table of spaces."""
    return re.split(r"\s{2,}", line.strip())


def row(text, name):
    """The cells of the one line that begins with `name`."""
    (line,) = [line for line in text.splitlines() if line.split()[:1] == [name]]
    return cells(line)
