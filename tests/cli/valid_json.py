"""Every JSON document that a test makes is held against the schema of its command."""

from __future__ import annotations

import json
from functools import cache

from convcalc.render.schemas.commands import schema_for

BEGINNING = '{\n  "schema_version": '


@cache
def validator(command):
    """What holds a document of a command against its schema, which has no other keys here."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(closed(schema_for(command)))


def closed(schema):
    """The schema with no keys but those that it names: a new one belongs into it."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    named = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    return found | ({"additionalProperties": False} if named else {})


def check_document(text: str) -> None:
    """Fails where a text is a document that is not valid; any other text passes."""
    if not text.startswith(BEGINNING) or not text.endswith("}\n"):
        return
    document = json.loads(text)
    from jsonschema.exceptions import best_match

    wrong = best_match(validator(document["command"]).iter_errors(document))
    assert wrong is None, f"{wrong.json_path}: {wrong.message[:400]}"
