"""Values of a JSON text that is not to be trusted: each is what it has to be, or refused."""

from __future__ import annotations

import pytest

from convcalc.arrayfile.json_values import as_list, as_object, as_whole, held


def test_objects_arrays_and_whole_numbers_are_passed_on():
    assert as_object({"a": 1}) == {"a": 1}
    assert as_list([1, 2]) == [1, 2]
    assert as_whole(-7) == -7


@pytest.mark.parametrize(
    ("asked", "value", "message"),
    [
        (as_object, [1], "expected a JSON object, got list"),
        (as_object, None, "expected a JSON object, got NoneType"),
        (as_list, {"a": 1}, "expected a JSON array, got dict"),
        (as_list, "ab", "expected a JSON array, got str"),
        (as_whole, True, "expected a whole number, got bool"),
        (as_whole, 1.0, "expected a whole number, got float"),
        (as_whole, "1", "expected a whole number, got str"),
    ],
)
def test_what_is_of_another_type_is_refused(asked, value, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        asked(value)


def test_names_lead_through_objects():
    value = {"arg": {"as_tensor": {"name": "x"}}}
    assert held(value, "arg", "as_tensor", "name") == "x"
    assert held(value) is value


def test_a_way_that_is_not_there_is_refused():
    with pytest.raises(KeyError, match="as_int"):
        held({"arg": {}}, "arg", "as_int")
    with pytest.raises(TypeError, match="expected a JSON object, got int"):
        held({"arg": 3}, "arg", "as_int")
