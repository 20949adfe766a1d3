"""The text of a spec: what is written where, and nothing about what it means."""

from convcalc.spec.calls import Argument, Call, Value, read_calls, read_value

__all__ = ["Argument", "Call", "Value", "read_calls", "read_value"]
