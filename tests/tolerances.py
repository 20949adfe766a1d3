"""The bound that results are held against, for tests to import; its constants are tested too."""

from __future__ import annotations

from convcalc.execute.arrays.tolerance import TOLERANCES, Tolerance

__all__ = ["TOLERANCES", "Tolerance"]
