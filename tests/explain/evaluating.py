"""What an explanation says, read back: numbers as they are written, and their expressions."""

from __future__ import annotations

import ast
import operator
import re
from fractions import Fraction
from math import ceil, floor

OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.Pow: operator.pow,
}
FUNCTIONS = {"floor": floor, "ceil": ceil, "max": max, "min": min}

LINE = re.compile(r"(?P<name>[^:]+): (?P<value>[^ ;]+)(?: = (?P<expression>[^;]+))?(?P<rest>.*)")


def evaluated(expression):
    """The value of an expression in whole numbers and fractions, exactly."""
    return _value(ast.parse(expression.strip(), mode="eval").body)


def _value(node):
    match node:
        case ast.Constant():
            return Fraction(str(node.value))
        case ast.BinOp():
            return OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
        case ast.UnaryOp():
            return OPERATIONS[type(node.op)](_value(node.operand))
        case ast.Call():
            return Fraction(FUNCTIONS[node.func.id](*map(_value, node.args)))
    raise AssertionError(f"no arithmetic: {ast.dump(node)}")


def read_line(line):
    """The name, the value and the expression of a line, the last one None if there is none."""
    found = LINE.fullmatch(line)
    assert found, line
    value = found["value"].rstrip(",").replace(",", "")
    return found["name"], value, found["expression"], found["rest"]
