"""Running a user's Python, and saying what went wrong in it in the user's own terms."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.util
import inspect
import io
import os
import sys
import traceback
import warnings
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ConvcalcError, DataError, printable
from convcalc.importers.fault_words import without_alternatives
from convcalc.importers.script_errors import script_place, script_reason
from convcalc.importers.target import quoted
from convcalc.importers.usual_names import names_note, package_hint, usual_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from convcalc.importers.target import Target

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@contextlib.contextmanager
def guarded(target: Target, doing: str) -> Iterator[None]:
    """Runs what is inside with the file's folder importable, and without our output and input.

    What it prints goes to standard error, and it leaves no compiled files behind.

    Args:
        target: Whose code is run.
        doing: What is done, for errors: "importing it".

    Raises:
        DataError: it raised, ended the program, or asked for input.
    """
    folder = target.folder
    before = list(sys.path), sys.stdin, sys.dont_write_bytecode
    if folder:
        sys.path.insert(0, folder)
    sys.stdin, sys.dont_write_bytecode = io.StringIO(), True
    try:
        with _output_aside(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ConvcalcError:
        raise
    except (Exception, SystemExit) as error:
        raise DataError(_told(error, target, doing, folder)) from None
    finally:
        sys.path[:], sys.stdin, sys.dont_write_bytecode = before


class _Aside(io.StringIO):
    """What goes to standard error, where a line that is begun is ended before ours."""

    begun = False

    def write(self, text: str) -> int:
        """Writes it there."""
        self.begun = not text.endswith("\n") if text else self.begun
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Sends what was written."""
        sys.stderr.flush()

    def end(self) -> None:
        """Ends a line that is begun, as a question is."""
        if self.begun:
            self.write("\n")


@contextlib.contextmanager
def _output_aside() -> Iterator[None]:
    """Standard output, of Python and of the process, led into standard error meanwhile."""
    kept, aside = None, _Aside()
    with contextlib.suppress(OSError, ValueError):
        kept = os.dup(1)
        os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(aside):
            yield
    finally:
        aside.end()
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


class Imported(NamedTuple):
    """An object that was imported, and what is to be said of its file; nothing mostly."""

    value: object
    note: str


def found(target: Target) -> object:
    """The object that a target names, its module imported; see `imported`."""
    return imported(target).value


def imported(target: Target) -> Imported:
    """The object that a target names, its module imported; not called yet.

    Raises:
        DataError: the file or module cannot be imported, or has no such attribute.
    """
    if target.is_file and not os.path.isfile(target.where):
        raise DataError(f"cannot read '{printable(target.where)}': No such file or directory")
    with guarded(target, "importing it"):
        module, note = _run_file(target) if target.is_file else _installed(target)
    value: object = module
    for name in target.path:
        if not hasattr(value, name):
            hint = _nearest(name, [known for known in dir(value) if known[:1] != "_"])
            where = printable(target.where, 100)
            raise DataError(f"'{where}' has nothing called '{printable(name, 60)}'{hint}")
        value = getattr(value, name)
    return Imported(value, note)


def _nearest(name: str, known: list[str]) -> str:
    """The hint for a misspelt name, which may be one in other letters: net for Net."""
    exact = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.6)
    if exact:
        return f"; did you mean '{exact[0]}'?"
    names = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower()[:60], names, n=1, cutoff=0.6)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def _installed(target: Target) -> tuple[ModuleType, str]:
    return importlib.import_module(target.where), ""


def _run_file(target: Target) -> tuple[ModuleType, str]:
    """The module of a file, and a note where it was given names that it does not import."""
    name = os.path.splitext(os.path.basename(target.where))[0]
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"_imported_{name}"
    path = os.path.abspath(target.where)
    loader = SourceFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up
    given = usual_names(loader.get_data(path))
    vars(module).update(given.names)
    loader.exec_module(module)
    return module, names_note(target.where, module, given)


def check_arguments(target: Target, value: Callable[..., object]) -> None:
    """The arguments that are given must be those that a class or function takes.

    Raises:
        DataError: they are not; the message shows its signature.
    """
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return
    wrong, missing = _misfits(signature, target)
    if not wrong and not missing:
        return
    name = ".".join(target.path)
    told = f"cannot be called so: {printable(wrong)}"
    if missing:
        names = ", ".join(one.name for one in missing)
        told = f"needs arguments that are not given: {printable(names)}"
    raise DataError(
        f"{printable(name, 60)} {told}\n"
        f"  it is {printable(f'{name}{signature}', 300)}; give them as "
        f"{_with_arguments(target, missing)}"
    )


def _misfits(signature: inspect.Signature, target: Target) -> tuple[str, list[inspect.Parameter]]:
    """What is wrong with the arguments that are given, or else those that are needed, too."""
    try:
        bound = signature.bind_partial(*target.positional, **target.named).arguments
    except TypeError as error:
        return str(error), []
    return "", [
        one
        for one in signature.parameters.values()
        if one.default is one.empty
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        if one.name not in bound
    ]


def _with_arguments(target: Target, missing: Sequence[inspect.Parameter]) -> str:
    """How the arguments that are missing are given beside the others; `(...)` if none is."""
    unnamed = [one for one in missing if one.kind is one.POSITIONAL_ONLY]
    given = [*map(repr, target.positional), *("..." for _ in unnamed)]
    given += [f"{name}={value!r}" for name, value in target.named.items()]
    given += [f"{one.name}=..." for one in missing if one not in unnamed]
    written = ", ".join(given) if missing else "..."
    name = printable(".".join(target.path), 60)
    return quoted(f"{printable(target.where, 100)}:{name}({printable(written, 200)})")


def failed_there(error: BaseException, target: Target, doing: str) -> DataError:
    """The error of a user's code that raised, with its place.

    Args:
        error: What it raised.
        target: Whose code was run.
        doing: What was done: "importing it".
    """
    return DataError(_told(error, target, doing, target.folder))


def _told(error: BaseException, target: Target, doing: str, folder: str) -> str:
    """What happened, at which line of the user's own, in two lines."""
    where = printable(target.where, 100)
    line = _own_line(error, folder)
    if target.is_script and line is not None and not script_place(str(error)):
        line = None  # of torch's own
    if isinstance(error, SystemExit):
        what = "it ended the program (sys.exit)"
    elif _asked_for_input(error):
        what = "it asked for input, which nobody answers here"
    else:
        first = without_alternatives(script_reason(str(error)))
        what = f"{type(error).__name__}: {printable(first, 300)}".removesuffix(": ")
        what += package_hint(error)
    place = f"{printable(line[0], 100)}, line {line[1]}" if line else where
    module = printable(getattr(error, "__notes__", [""])[0], 100)
    doing += f", in {module}" if module else ""
    shown = f"\n  {printable(line[2], 160)}" if line and line[2] else ""
    doing += "" if line is None or line[0] == where else f" ({where})"
    return f"{place}, while {doing}: {what}{shown}"


def _asked_for_input(error: BaseException) -> bool:
    """Whether input() was called, and not a file read that ends too early."""
    return isinstance(error, EOFError) and str(error) == "EOF when reading a line"


def _own_line(error: BaseException, folder: str) -> tuple[str, int, str] | None:
    """File, number and text of the last line that is the user's own; None if there is none.

    Of a program of TorchScript that is a line of the Python that it was made of.
    """
    in_script = script_place(str(error))
    if in_script is not None:
        file, _, number = in_script[0].rpartition(":")
        return file, int(number), in_script[1]
    if isinstance(error, SyntaxError) and error.filename:
        return _short(error.filename), error.lineno or 0, (error.text or "").strip()
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _is_ours(f.filename)]
    theirs = [f for f in frames if f.filename.startswith(os.path.join(folder, ""))]
    outside = [f for f in theirs if "site-packages" not in f.filename] or theirs or frames
    if not outside:
        return None
    return _short(outside[-1].filename), outside[-1].lineno or 0, outside[-1].line or ""


def _is_ours(name: str) -> bool:
    return name.startswith((_OURS, "<")) or name == importlib.__file__


def _short(path: str) -> str:
    """A path as one would type it: from here, if it is below."""
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here)
