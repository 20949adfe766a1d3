"""JSON Schemas from the types of documents: a class of keys is an object that has them."""

from __future__ import annotations

import types
from inspect import cleandoc
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]
"""A JSON Schema, or a part of one."""

PLAIN: dict[object, Schema] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    object: {},
}


def schema_of(*documents: type, command: str) -> Schema:
    """The schema of the documents of a command, one of which each document is.

    Args:
        documents: Their types.
        command: The command, which each document names.
    """
    parts: Schema = {}
    bodies = [_object(one, parts) for one in documents]
    for body in bodies:
        if "command" in body["properties"]:
            body["properties"]["command"] = {"const": command}
    whole = bodies[0] if len(bodies) == 1 else {"anyOf": bodies}
    return {
        **_head(f"convcalc {command} --format json"),
        **whole,
        **({"$defs": dict(sorted(parts.items()))} if parts else {}),
    }


def _object(document: type, parts: Schema) -> Schema:
    """An object with the keys of a class; `parts` takes the objects that it is made of."""
    hints = get_type_hints(document, include_extras=True)
    required: frozenset[str] = vars(document)["__required_keys__"]
    return {
        "type": "object",
        "description": _first_line(document),
        "properties": {name: _value(hint, parts) for name, hint in hints.items()},
        "required": [name for name in hints if name in required],
    }


def _value(hint: object, parts: Schema) -> Schema:
    """What a value of a type may be."""
    if isinstance(hint, type) and is_typeddict(hint):
        if hint.__name__ not in parts:
            parts[hint.__name__] = {}  # a walk is made of walks
            parts[hint.__name__] = _object(hint, parts)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return dict(PLAIN[hint]) if hint in PLAIN else _composed(hint, parts)


def _composed(hint: object, parts: Schema) -> Schema:
    """What a value may be whose type is made of others."""
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin is Literal:
        return {"enum": list(arguments)} if len(arguments) > 1 else {"const": arguments[0]}
    inner = [_value(one, parts) for one in arguments if not isinstance(one, str)]
    made: dict[object, Callable[[], Schema]] = {
        NotRequired: lambda: inner[0],
        Annotated: lambda: {**inner[0], "description": arguments[1]},
        list: lambda: {"type": "array", "items": inner[0]},
        tuple: lambda: {
            "type": "array",
            "prefixItems": inner,
            "items": False,
            "minItems": len(inner),
        },
        dict: lambda: {"type": "object", "additionalProperties": inner[1]},
        Union: lambda: {"anyOf": inner},
        types.UnionType: lambda: {"anyOf": inner},
    }
    return made[origin]()


def _first_line(document: type) -> str:
    return cleandoc(document.__doc__ or "").splitlines()[0]


def row_schema(row: type, command: str) -> Schema:
    """The schema of one line of a command that prints a line of JSON for each row."""
    return {**_head(f"convcalc {command} --format json, one line"), **_value(row, {})}


def _head(title: str) -> Schema:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
