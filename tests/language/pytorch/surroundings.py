"""What people leave around a printed model: each takes a text and gives it back as posted.

The groups are in the order in which they come about: a model is put into another, is named, is
printed somewhere, is logged or quoted, and is then saved as a file.
"""

from __future__ import annotations


def inside(head, text):
    """A printed module as the only child of another."""
    first, *rest = text.splitlines()
    return "\n".join([f"{head}: {first}", *(f"  {line}" for line in rest), ")"])


def each_line(before, text):
    return "\n".join(f"{before}{line}" for line in text.splitlines())


def quoted(text):
    return each_line("> ", text)


def first_line(before, text):
    return f"{before}{text}"


WRAPPED = {
    "data parallel": lambda text: inside("DataParallel(\n  (module)", text),
    "distributed": lambda text: inside("DistributedDataParallel(\n  (module)", text),
    "compiled": lambda text: inside("OptimizedModule(\n  (_orig_mod)", text),
    "a class": lambda text: inside("Net(\n  (body)", text),
    "a small class": lambda text: inside("net(\n  (layers)", text),
    "a class in a wrapper": lambda text: inside(
        "DataParallel(\n  (module)", inside("Net(\n  (features)", text)
    ),
}
"""Modules with one module inside."""

CHILDREN = {
    "data parallel": ("module",),
    "distributed": ("module",),
    "compiled": ("_orig_mod",),
    "a class": ("body",),
    "a small class": ("layers",),
    "a class in a wrapper": ("module", "features"),
}
"""What each calls the module inside."""

NAMED = {
    "a label": lambda text: f"net: {text}",
    "a label with blanks": lambda text: f"model1:   {text}",
    "a label of words": lambda text: f"The model is: {text}",
    "a label above": lambda text: f"model:\n{text}",
    "a child": lambda text: f"(main): {text}",
    "an assignment": lambda text: f"net = {text}",
    "an attribute": lambda text: f"self.features = {text}",
    "an attribute in a class": lambda text: each_line("        ", f"self.features = {text}"),
    "an element": lambda text: f"self.blocks[0] = {text}",
    "an annotation": lambda text: f"net: nn.Module = {text}",
    "a return": lambda text: f"def make():\n    return {text}",
    "a print": lambda text: f"print({text})",
    "a comment behind it": lambda text: f"{text}  # the model",
}

PLACED = {
    "blank lines": lambda text: f"\n\n  \n{text}\n\n",
    "a prompt": lambda text: f">>> print(net)\n{text}\n>>> ",
    "typed at a prompt": lambda text: f">>> {text}",
    "a cell": lambda text: f"In [3]: net\nOut[3]:\n{text}\n\nIn [4]: ",
    "a cell on one line": lambda text: f"Out[3]: {text}",
    "a shell": lambda text: f"$ python show.py\n{text}\n$ ",
    "a shell with a name": lambda text: f"(base) me@box:~/net$ python show.py\n{text}\n",
    "a comment": lambda text: f"# the model (of 2019)\n{text}\n# end",
    "words": lambda text: f"This is my model (it learns):\n\n{text}\n\nParams: 114 (all)",
    "more words": lambda text: f"Here it is\n\n{text}\n\nWhy does conv1(x) fail? Thanks (a lot)!",
    "an error": lambda text: (
        f'{text}\nTraceback (most recent call last):\n  File "a.py", line 3, in <module>\n'
        "    out = net(x)\nRuntimeError: size mismatch, m1: [2 x 8], m2: [3 x 4]\n"
    ),
    "numbers": lambda text: f"Using device: cuda:0\n{text}\n[1,  2000] loss: 2.217\n",
    "indented": lambda text: each_line("    ", text),
}


def logged(text):
    return f"2021-03-04 05:06:07,089 - INFO - {text}"


LOGGED = {
    "a log": logged,
    "a log of a level": lambda text: f"INFO:root:{text}",
    "a log of lines": lambda text: each_line("[03/04 05:06:07 d2.engine]: ", text),
    "a log of lines with a level": lambda text: each_line(
        "2021-03-04 05:06:07.089 | INFO     | __main__:main:12 - ", text
    ),
    "a chat": lambda text: each_line("[14:03] ben: ", text),
    "a search": lambda text: each_line("train.log:12:", text),
    "a rank": lambda text: each_line("[rank0]: ", text),
    "a numbered listing": lambda text: each_line(" 12  ", text),
    "a bar": lambda text: each_line("| ", text),
    "a table": lambda text: "\n".join(f"| {line:90} |" for line in text.splitlines()),
    "a log with its file": lambda text: f"INFO 03-04 05:06:07 train.py:12] {text}",
}

POSTED = {
    "a fence": lambda text: f"```\n{text}\n```",
    "a named fence": lambda text: f"Look:\n\n```python\n{text}\n```\nWhat is wrong?",
    "a fence of tildes": lambda text: f"~~~\n{text}\n~~~\n",
    "a quotation": quoted,
    "a tight quotation": lambda text: each_line(">", text),
    "a quoted quotation": lambda text: quoted(quoted(f"He wrote:\n{text}")),
    "a block of code": lambda text: f"<pre><code>{text}\n</code></pre>",
    "escaped signs": lambda text: f"<pre>{text.replace('>', '&gt;')}</pre>",
    "a green model": lambda text: f"\x1b[32m{text}\x1b[0m",
    "comments": lambda text: each_line("# ", text),
}

SAVED = {
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "tabs": lambda text: text.replace("  ", "\t"),
    "blanks behind": lambda text: text.replace("\n", "  \n") + " ",
    "a mark of bytes": lambda text: f"\ufeff{text}",
    "no-break spaces": lambda text: text.replace("  ", "\u00a0 "),
    "no-break spaces everywhere": lambda text: text.replace(" ", "\u00a0"),
}

GROUPS = (NAMED, PLACED, LOGGED, POSTED, SAVED)

SURROUNDINGS = {name: around for group in GROUPS for name, around in group.items()}
