"""The scripts: bash is asked itself, the others where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

BASH = shutil.which("bash")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`convcalc` as a program that a shell finds."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "convcalc").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m convcalc "$@"\n')
    (folder / "convcalc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "convcalc"


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_bash_fills_in_its_replies(program):
    script = """
        eval "$(convcalc completion bash)"
        complete -p convcalc
        offers() {
            COMP_WORDS=(convcalc "$@") COMP_CWORD=$#
            _convcalc convcalc
            echo "${COMPREPLY[*]}"
        }
        offers summ
        offers shape --format = c
        offers shape maxpo
        offers run x.npy --network resnet18 --until layer1.1.1
        offers run x.npy --nonsense
    """
    done = subprocess.run(
        [BASH, "--norc", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "complete -o default -F _convcalc convcalc",
        "summary",
        "csv",
        "maxpool:",
        "layer1.1.1",
        "",
    ]
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_read_by_its_shell(inside, shell):
    script = inside("completion", shell).out
    assert f"convcalc completion {shell}" in script
    assert "__complete" in script
    assert ":files" in script
    if installed := shutil.which(shell):
        done = subprocess.run([installed, "-n"], input=script.encode(), stderr=-1, check=False)
        assert (0, b"") == (done.returncode, done.stderr)


def test_another_shell_is_told_of_these(inside):
    done = inside("completion", "tcsh")
    assert (2, "") == (done.code, done.out)
    assert "expected one of bash, zsh, fish; got 'tcsh'" in done.err


def test_a_broken_request_prints_nothing(convcalc):
    for asked in ([], ["x", "", "convcalc"], ["3"]):
        done = convcalc("__complete", *asked)
        assert (1, "", "") == (done.code, done.out, done.err)
