"""Functions and loops in source text of Keras that are not followed: one message with the line, no
model that is counted without what they change, and an end to texts without one.
"""

from __future__ import annotations

import pytest

from convcalc.errors import SpecError
from convcalc.importers.files.keras_text import read_keras
from convcalc.importers.keras.source.scope import MOST_STEPS
from convcalc.importers.keras.source.values import MAX_VALUES, Values

IMPORT = "from keras import Model, Sequential, layers\nfrom keras.layers import Dense, Input\n"
CHAIN = f"{IMPORT}m = Sequential([Input((4,)), Dense(3)])\n"
MODEL = f"{IMPORT}i = Input((4,))\n"
END = "m = Model(i, x)\n"


def fault(text):
    with pytest.raises(SpecError) as caught:
        read_keras(text, "'net.txt'")
    (problem,) = caught.value.problems
    return problem.message, f"{caught.value}".partition("'net.txt', ")[2].partition(")")[0]


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (
            "def f(x, *sizes):\n    return Dense(3)(x)\nx = f(i)\n",
            "a function, f, with *args is not followed, and the model needs it; write its lines",
            "line 4, column 1",
        ),
        ("def f(x, **k):\n    return Dense(3, **k)(x)\nx = f(i)\n", "a function, f, with **k", "4"),
        ("@twice\ndef f(x):\n    return Dense(3)(x)\nx = f(i)\n", "a function, f, with a dec", "5"),
        ("def f(x):\n    yield Dense(3)(x)\n(x,) = f(i)\n", "a function, f, with 'yield'", "4"),
        (
            "n = 3\ndef f(x):\n    global n\n    n = 4\nf(i)\nx = Dense(n)(i)\n",
            "a function, f, with 'global' is not followed",
            "line 5, column 1",
        ),
        (
            "def f(x, n):\n    return Dense(n)(x)\nx = f(i)\n",
            "f() is not given its n",
            "line 6, column 5",
        ),
        (
            "def f(x, units):\n    return Dense(units)(x)\nx = f(i, unit=3)\n",
            "f() has no parameter 'unit'; did you mean 'units'?",
            "line 6, column 5",
        ),
        (
            "def f(x):\n    return Dense(3)(x)\nx = f(i, 3)\n",
            "f() takes 1 arguments without a name, and 2 are given",
            "line 6, column 5",
        ),
        (
            "def f(x):\n    return x\nx = Dense(3)(f(i, x=i))\n",
            "f() is given x twice",
            "line 6, col",
        ),
        (
            "def f(x, n):\n    return Dense(n)(x)\nx = f(i, units)\n",
            "'units' has no value that the text tells, and units needs it",
            "line 6, column 10",
        ),
        (
            "def f(x, n):\n    if n > 3:\n        return x\n    return Dense(3)(x)\nx = f(i, k)\n",
            "a condition that the text does not decide is not run, and the model needs it",
            "line 5, column 5",
        ),
        (
            "x = i\nfor n in (3, 4, 5):\n    x = Dense(n)(x)\n    if n == 4:\n        break\n",
            "a loop with 'break' is not run, and the model needs it",
            "line 5, column 1",
        ),
        ("x = i\nfor n in 3, 4:\n    x = Dense(n)(x)\n    continue\n", "a loop with 'cont", "5"),
        ("x = i\nfor n in 3, 4:\n    x = Dense(n)(x)\nelse:\n    x = i\n", "a loop with 'els", "5"),
        (
            "x = i\nfor n in sizes:\n    x = Dense(n)(x)\n",
            "a loop of more than 1,000 rounds, or of what the text does not tell, is not run",
            "line 5, column 1",
        ),
        (
            "def f(x):\n    raise ValueError(x)\nx = Dense(3)(f(i))\n",
            "an error is raised here",
            "5",
        ),
        (
            "def f(x):\n    y = Dense(n)(x)\n    n = 3\n    return y\nx = f(i)\n",
            "a name has no",
            "4",
        ),
    ],
)
def test_what_is_not_followed_has_one_message_with_its_line(text, message, where):
    told, place = fault(MODEL + text + END)
    assert told.startswith(message)
    assert place.startswith(where if where.startswith("line") else f"line {where}, ")


@pytest.mark.parametrize(
    "text",
    [
        "@when(deep)\ndef f():\n    m.add(Dense(2))\nf()\n",
        "def f(*n):\n    m.add(Dense(n[0]))\nf(3)\n",
        "def f(m, *n):\n    m.add(Dense(n[0]))\nf(m, 3)\n",
        "@when(deep)\ndef f(n):\n    n.add(Dense(2))\ndef g():\n    f(m)\ng()\n",
        "@when(deep)\ndef f():\n    g()\ndef g():\n    m.add(Dense(2))\nf()\n",
        "@when(deep)\ndef f(net):\n    same = net\n    same.add(Dense(2))\nf(m)\n",
        "def f(n):\n    if n > size:\n        return\n    m.add(Dense(n))\nf(3)\n",
        "def f(n):\n    for k in sizes:\n        if k: return\n    m.add(Dense(n))\nf(3)\n",
        "def f(n):\n    m.add(Dense(n))\nlist(map(f, [3, 2]))\n",
        "def f(n):\n    m.add(Dense(n))\ng = trace(x)\ng(f)\n",
        "def f(n):\n    m.add(Dense(n))\ntrace(calls=[f])\n",
        "class B:\n    def more(self, m):\n        m.add(Dense(2))\nb = B()\nb.more(m)\n",
        "class B:\n    def more(self):\n        m.add(Dense(2))\nb = B()\nb.more()\n",
        "class B:\n    def __init__(self):\n        m.add(Dense(2))\nB()\n",
        "class B(Base):\n    def more(self):\n        pass\nb = B(m)\n",
        "async def f(m):\n    m.add(Dense(2))\nf(m)\n",
        "for n in sizes:\n    m.add(Dense(n))\n",
        "def f():\n    m.add(Dense(2))\nfor n in sizes:\n    f()\n",
        "def f(net):\n    net.add(Dense(2))\nwhile n:\n    f(m)\n",
        "def f(net):\n    net.add(Dense(2))\nif n:\n    f(m)\n",
        "[m.add(Dense(n)) for n in sizes]\n",
        "n > 3 and m.add(Dense(3))\n",
        "f(3) if n else m.add(Dense(3))\n",
        "{1: m.add(Dense(3))}\n",
        "def f(n):\n    m.add(Dense(n))\nf(*sizes)\n",
        "def f(n):\n    m.add(Dense(n))\nf(**sizes)\n",
        "def f(n):\n    global m\n    m = Sequential([Dense(n)])\nf(3)\n"
        "n = Sequential([Input((4,)), m])\n",
        "models = [m]\ndef f():\n    models[0].add(Dense(2))\nwhile n:\n    f()\n",
    ],
)
def test_a_model_that_may_be_changed_is_not_counted_without_the_change(text):
    model = "n" if "n = Seq" in text else None
    with pytest.raises(SpecError):
        read_keras(CHAIN + text, "", (), model)


@pytest.mark.parametrize(
    "text",
    [
        "def f(t):\n    t[0] = 9\nf(s)\n",
        "def f(t):\n    t.insert(0, 9)\nf(s)\n",
        "def f(t):\n    t += [n for n in sizes]\nf(s)\n",
        "def f(t):\n    del t[0]\nf(s)\n",
        "@when(deep)\ndef f(t):\n    t.append(9)\nf(s)\n",
        "@when(deep)\ndef f():\n    s.append(9)\nf()\n",
        "for n in sizes:\n    s.append(n)\n",
        "a = [s]\na[0].sort()\n",
        "if n:\n    s += [9]\n",
        "s.append(s)\n",
        "s.pop(9)\n",
        "s.pop(n)\n",
    ],
)
@pytest.mark.parametrize("read", ["s[-1]", "len(s)", "max(s)", "[*s, 5][-2]", "(s + [5])[-2]"])
def test_a_list_that_may_be_changed_has_no_values(text, read):
    message, _ = fault(f"{MODEL}s = [3, 4]\n{text}x = Dense({read})(i)\n{END}")
    assert "has no value that the text tells" in message or "the model needs it" in message


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (
            "def f(n):\n    return Sequential([Dense(n)])\n",
            "the text does not tell how f is called; add a line as: model = f(n=...)",
            "line 3, column 1",
        ),
        (
            "def f():\n    return Sequential([Dense(3)])\n"
            "def g():\n    return Sequential([Dense(4)])\n",
            "the text does not tell which of its functions is the model; add a line as: model = f",
            "line 3, column 1",
        ),
        (
            "def f():\n    x = Input((3,))\n    return layers.Nothing()(x)\n",
            "'Nothing' is no layer of Keras that is known here",
            "line 5, column 12",
        ),
    ],
)
def test_functions_that_no_line_calls(text, message, where):
    told, place = fault(IMPORT + text)
    assert (True, where) == (told.startswith(message), place)


def doubling(count, first):
    calls = "".join(f"def f{n}(x):\n    return f{n - 1}(f{n - 1}(x))\n" for n in range(1, count))
    return f"def f0(x):\n    return {first}\n{calls}"


LARGE = "the text makes more work than is followed: its loops and functions are large"
DEEP = "functions call each other more than 20 times"
WRAPPED = "for k in range(90):\n    t = [t]\n"
CHAINED = f"old = last\nt = last = []\n{WRAPPED}old.append(t)\n"
LINKED = f"t = last = []\n{WRAPPED}first = t\n{CHAINED * 30}while k:\n    first.append(k)\n"
LAYER = "x = i\nfor a in range(999):\n for b in range(999):\n  for c in range(999):\n   "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{doubling(20, 'x')}x = Dense(f19(3))(i)\n", LARGE),
        (f"{doubling(20, 'Dense(3)(x)')}x = f19(i)\n", LARGE),
        (f"{doubling(2000, 'x')}x = Dense(f1999(3))(i)\n", LARGE),
        ("def f(x):\n    return f(Dense(3)(x))\nx = f(i)\n", DEEP),
        ("def f(x):\n    return f(x) + f(x)\nx = Dense(f(3))(i)\n", LARGE),
        ("f = lambda f, x: f(f, x)\nx = Dense(f(f, 3))(i)\n", DEEP),
        (
            "x = i\nfor n in range(10**9):\n    x = Dense(3)(x)\n",
            "a loop of more than 1,000 rounds",
        ),
        ("n = 0\nfor k in range(1001):\n    n += 1\nx = Dense(n)(i)\n", "a loop of 1,001 rounds"),
        (f"{LAYER}x = Dense(3)(x)\n", LARGE),
        ("a = [0] * 999\nx = Dense(len([1 for b in a for c in a for d in a]))(i)\n", "'len([1 for"),
        ("s = []\nt = [s] * 4000\nfor n in range(900):\n    s += [1, 2]\n    Dense(3)(t)\n", LARGE),
        ("s = range(9999)\nfor n in range(900):\n    Dense(3)\n    t = [*s]\n", LARGE),
        ("n = 'a'\nfor k in range(900):\n    n = n + n\nx = Dense(n)(i)\n", "'n + n' has no value"),
        (f"{LINKED}x = Dense(len(first))(i)\n", "'len(first)' has no value"),
        ("def f():\n while x:\n  m.add(Dense(3))\n" + LAYER + "f()\n", LARGE),
    ],
    ids=range(15),
)
def test_texts_without_an_end_have_one(monkeypatch, text, message):
    worked_out, whole = [], Values.__call__

    def counted(self, node):
        worked_out.append(1)
        return whole(self, node)

    monkeypatch.setattr(Values, "__call__", counted)
    told, _ = fault(f"{MODEL}{text}{END}")
    assert told.startswith(message)
    assert len(worked_out) <= MOST_STEPS + len(text) + MAX_VALUES


def test_many_functions_that_no_line_calls_are_not_all_tried(monkeypatch):
    from convcalc.importers.keras.source import endings

    followed = []

    class Counted(endings.Following):
        def __init__(self, source):
            followed.append(source)
            super().__init__(source)

    monkeypatch.setattr(endings, "Following", Counted)
    text = "".join(f"def f{n}():\n    return Sequential([Dense(3)])\n" for n in range(500))
    assert "which of its functions is the model" in fault(IMPORT + text)[0]
    assert 1 == len(followed)


@pytest.mark.parametrize(
    "change",
    [
        "d.use_bias = False",
        "d.units += 1",
        "m.layers[-1].units = 5",
        "m.layers[0].activation = 'relu'",
    ],
)
def test_what_is_changed_behind_its_making_is_not_counted(change):
    text = f"{IMPORT}d = Dense(3)\nm = Sequential([Input((4,)), d])\n{change}\n"
    told = "this is changed behind its making; write it where the layer is made"
    assert (told, "line 5, column 1") == fault(text)


def test_what_counts_nothing_may_be_changed():
    changes = (
        "d.trainable = False\nd._name = 'last'\nm.layers[0].trainable = True\nm.loss = 'mse'\n"
    )
    text = f"{IMPORT}d = Dense(3)\nm = Sequential([Input((4,)), d])\n{changes}args.units = 3\n"
    # 4 * 3 and 3
    assert 15 == read_keras(text, "'net.txt'").analyze().totals.params
