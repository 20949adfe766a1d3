"""A convolution that is done by hand, and what `run` prints of a result."""

from __future__ import annotations

import json

import pytest


def numbers(text):
    """The rows of numbers in a printed grid."""
    rows = [line.split() for line in text.splitlines()]
    return [[float(word) for word in row] for row in rows if row and _are_numbers(row)]


def _are_numbers(words):
    return all(word.replace(".", "").replace("-", "").isdigit() for word in words)


def document(done):
    """The JSON document of a run that succeeded."""
    assert 0 == done.code, done.err
    return json.loads(done.out, parse_constant=pytest.fail)
