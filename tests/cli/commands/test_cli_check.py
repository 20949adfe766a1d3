"""`check` as a user, a script and a server of CI meet it."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import pytest
from cli_support import COMMAND, environment, loaded_by, strict

from unix import unix_files

SPEC = "# input 3x8x8\n# budget macs <= {macs}, params <= 1k\nconv:8,k3,p1 relu\n"
# 64 * 8 * 27 multiply-accumulates.
KEPT, MISSED = SPEC.format(macs=13_824), SPEC.format(macs=13_823)


def test_a_budget_in_the_spec(inside, folder):
    (folder / "net.spec").write_text(KEPT)
    assert (0, "") == (inside("check", "net.spec").code, inside("check", "net.spec").err)
    (folder / "net.spec").write_text(MISSED)
    done = inside("check", "net.spec")
    assert (1, "convcalc: error: 1 of 2 limits is not kept: macs\n") == (done.code, done.err)
    told = [line.split() for line in done.out.splitlines()]
    assert ["macs", "<=", "13823", "13,824", "-1", "(-0.0", "%)", "NO", "0:", "13,824"] in told
    assert ["params", "<=", "1k", "224", "776", "(77.6", "%)", "yes", "0:", "224"] in told
    assert "most macs: 0: 13,824" in done.out.splitlines()


LIMITS = {
    "--macs": 13_824,
    "--params": 224,
    "--weight-memory": 896,
    "--peak-memory": 4096,
    "--field": 3,
    "--activations": 1024,
}


@pytest.mark.parametrize("option", LIMITS)
def test_a_limit_is_kept_to_the_last_element_or_byte(inside, folder, option):
    (folder / "net.spec").write_text("# input 3x8x8\nconv:8,k3,p1 relu\n")
    unit = "B" if "memory" in option else ""
    codes = [
        inside("check", "net.spec", option, f"<= {LIMITS[option] + off}{unit}").code
        for off in (0, -1)
    ]
    assert [0, 1] == codes


@pytest.mark.parametrize(("limit", "code"), [("== 13824", 0), ("= 13824", 0), ("== 13823", 1)])
def test_a_limit_may_be_one_number(inside, folder, limit, code):
    (folder / "net.spec").write_text("# input 3x8x8\nconv:8,k3,p1 relu\n")
    assert code == inside("check", "net.spec", "--macs", limit).code
    assert code == inside("check", "net.spec", f"--macs={limit}").code


@unix_files
def test_a_shell_script_hears_0_and_1(folder):
    (folder / "net.spec").write_text("# input 3x8x8\nconv:8,k3,p1 relu\n")
    lines = []
    for limit in (13_824, 13_823):
        command = f"check net.spec --macs '<= {limit}' -q >/dev/null 2>&1"
        lines.append(f"$CONVCALC {command}; printf '%s' $?")
    done = subprocess.run(
        ["sh", "-c", "\n".join(lines)],
        env=environment(CONVCALC=" ".join(COMMAND)),
        capture_output=True,
        check=True,
    )
    assert "01" == done.stdout.decode()
    assert sys.executable in COMMAND


def test_what_the_command_line_says_counts(inside, folder):
    (folder / "net.spec").write_text(MISSED)
    assert 0 == inside("check", "net.spec", "--macs", "<= 20k").code
    (folder / "limits.toml").write_text('[budget]\nmacs = "<= 20k"\n')
    assert 0 == inside("check", "net.spec", "--budget", "limits.toml").code
    done = inside("check", "net.spec", "--budget", "limits.toml", "--macs", "<= 10k")
    assert 1 == done.code


def test_a_batch_and_a_device_may_be_in_the_budget(inside, folder):
    (folder / "net.spec").write_text(
        "# input 3x8x8\n# budget macs <= 20k, batch 2\n"
        "# budget time <= 1s, device t4\nconv:8,k3,p1\n"
    )
    done = inside("check", "net.spec", "--format", "csv")
    assert 1 == done.code
    assert "macs,<= 20k,27648," in done.out
    assert 0 == inside("check", "net.spec", "--batch", "1").code


def test_annotations_of_github(inside, folder):
    (folder / "net.spec").write_text(MISSED)
    done = inside("check", "net.spec", "--report", "github")
    assert 1 == done.code
    assert [
        "::error file=net.spec,line=2,title=convcalc check net.spec::macs is 13,824, limit "
        "<= 13823: 1 off; most: 0: 13,824",
        "::notice file=net.spec,line=2,title=convcalc check net.spec::params is 224, limit <= 1k",
    ] == done.out.splitlines()


def test_annotations_hold_no_commands_of_others(inside, folder):
    name = "a::error ::x,y.spec"
    (folder / name).write_text(MISSED)
    done = inside("check", f"./{name}", "--report", "github")
    assert all(line.count("::") == 2 for line in done.out.splitlines())
    assert "a%3A%3Aerror %3A%3Ax%2Cy.spec" in done.out


def test_junit(inside, folder):
    (folder / "<n&t>.spec").write_text(MISSED)
    done = inside("check", "./<n&t>.spec", "--report", "junit")
    assert 1 == done.code
    suite = ElementTree.fromstring(done.out)[0]
    assert ("2", "1", "convcalc check ./<n&t>.spec") == (
        suite.get("tests"),
        suite.get("failures"),
        suite.get("name"),
    )
    assert ["macs <= 13823", "params <= 1k"] == [case.get("name") for case in suite]
    assert ["macs is 13,824, limit <= 13823: 1 off; most: 0: 13,824"] == [
        failure.get("message") for failure in suite.iter("failure")
    ]


def test_its_json(inside, folder):
    (folder / "net.spec").write_text(MISSED)
    data = strict(inside("check", "net.spec", "--format", "json").out)
    assert ("check", False) == (data["command"], data["holds"])
    assert (13824, -1, 2) == tuple(data["limits"][0][key] for key in ("value", "margin", "line"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("resnet18", "there is no limit: give one, as --macs '<= 600M'"),
        ("relu -i 3x8x8 --macs 600M", "--macs: which way? write '<= 600M' for at most"),
        ("relu -i 3x8x8 --peak-memory <=512", "--peak-memory: the limit '<=512' needs a unit"),
        ("relu -i 3x8x8 --weight-memory <=512", "--weight-memory: the limit"),
        ("relu -i 3x8x8 --time <=2ms", "time: say on what, as --device t4"),
        ("relu -i 3x8x8 --time <=2ms --device t5", "no device is called 't5'"),
        ("relu -i 3x8x8 --field >=9,<=3", "field: nothing is both '>=9' and '<=3'"),
        ("relu -i 784 --field >=9", "without spatial axes has no receptive field"),
        ("relu -i 3x8x8 --macs <=1 --report html", "--report: expected one of table, github"),
        ("relu -i 3x8x8 --macs <=1 --dtype int3", "--dtype: expected one of float32"),
    ],
)
def test_wrong_arguments_are_told_in_a_line_or_two(inside, words, told):
    done = inside("check", *words.split(), "-q")
    assert (2, "") == (done.code, done.out)
    assert told in done.err
    assert len(done.err.splitlines()) <= 3


def test_a_missing_budget_file(inside):
    done = inside("check", "relu", "-i", "3x8x8", "--budget", "no.toml")
    assert (3, "convcalc: error: cannot read 'no.toml': No such file or directory\n") == (
        done.code,
        done.err,
    )


def test_it_needs_no_library():
    words = ("check", "conv:8,k3", "-i", "3x8x8", "--macs", "<= 1M")
    assert set() == loaded_by(*words) & {"numpy", "torch", "rich"}
