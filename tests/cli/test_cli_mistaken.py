"""Words that mean something in another place are told what they are there."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("words", [("resnet18",), ("resnet18", "--depth", "1"), ("net.spec",)])
def test_a_network_alone_is_summarised(inside, folder, words):
    (folder / "net.spec").write_text("conv:8,k3\n")
    done, asked = inside(*words), inside("summary", *words)
    assert (0, asked.out) == (done.code, done.out)
    note = f"convcalc: note: '{words[0]}' is a network: convcalc summary {words[0]}\n"
    assert note + asked.err == done.err


@pytest.mark.parametrize("words", [("flops",), ("rf", "--depth", "1")])
def test_a_command_behind_its_network_is_taken(inside, words):
    done, asked = inside("alexnet", *words), inside(words[0], "alexnet", *words[1:])
    assert (0, asked.out) == (done.code, done.out)
    assert f"convcalc: note: a command comes first: convcalc {words[0]} alexnet\n" in done.err


def test_a_quiet_one_says_nothing(inside):
    done = inside("squeezenet1_1", "-q", "--format", "csv")
    assert (0, "") == (done.code, done.err)
    assert done.out.startswith("index,label,spec")


def test_its_help_is_that_of_summary(inside):
    assert inside("summary", "--help").out == inside("unet", "--help", "-q").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("sumary unet", "no command 'sumary'; did you mean 'summary'?"),
        ("resnt18", "no command and no network 'resnt18'; did you mean 'resnet18'?"),
        ("conv:8,k3", "no command 'conv:8,k3'; a command comes first, as convcalc summary "),
        ("xyzzy", "no command 'xyzzy'\n"),
        ("help sumary", "no command 'sumary'; did you mean 'summary'?"),
        ("run x.npy -n 3", "-n is --out-channels of shape: Channels of the result\n"),
        ("run x.npy -i 3x8x8", "-i is --input of shape: Shape of one sample\n"),
        ("flops -D 3", "-D is --define of sweep: Values of a $parameter\n"),
        ("run x.npy --kernel-size 3", "--kernel-size is an option of shape: Taps"),
        ("flops --dry-run", "--dry-run is an option of run: Print the plan\n"),
        ("memory --kernel-s x", "No such option: --kernel-s (Possible options: --kernel-size"),
        ("flops --kernel 7", "No such option: --kernel; did you mean --kernel-size?\n"),
        ("check unet --weight 7", "No such option: --weight; did you mean --weight-memory?\n"),
        ("memory --each-channel", "--each-channel is an option of run: The kernel (kh, kw) on"),
        ("flops unet vgg11", "one network is taken here; for several: convcalc compare unet vgg11"),
        ("flops unet relu", "a reference network stands alone: 'unet' has layers beside it"),
        ("shape 3x8x8 conv:8,k3", "'3x8x8' is no layer; the shape of the input is given as -i 3x"),
        ("flops vit_b_16", "'vit_b_16'; models of other libraries are torchvision:vit_b_16 or"),
        ("layers mha", "no kind of layer is called 'mha'; did you mean 'multiheadattention'?"),
        ("flops unet --kind BatchNorm2d", "--kind: no kind 'batchnorm2d'; did you mean 'bn'?"),
        ("shape --nonsense", "No such option: --nonsense\n"),
        ("diff relu relu --top 3", "No such option: --top; --top is an option of shape: Only the"),
        ("shape relu --depth", "an argument.\nsee 'convcalc shape --help'\n"),
    ],
)  # fmt: skip
def test_what_is_elsewhere_is_named(inside, words, told):
    done = inside(*words.split())
    assert (2, "") == (done.code, done.out)
    assert told in done.err


def test_a_model_without_the_ending_of_its_file_is_told_it(inside, folder):
    (folder / "net.py").write_text("class Net: pass\n")
    done = inside("summary", "net:Net")
    assert (2, "") == (done.code, done.out)
    assert "no kind is called 'net'; of 'net.py' it is net.py:Net\n" in done.err


@pytest.mark.parametrize(
    ("word", "meant"),
    [("fp16", "float16"), ("bf16", "bfloat16"), ("half", "float16"), ("I8", "int8")],
)
def test_a_dtype_by_another_name_is_told_its_own(inside, word, meant):
    assert f"did you mean '{meant}'?\n" in inside("memory", "relu", "--dtype", word).err


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("size", ["3", "3x5", "3,3"])
@pytest.mark.parametrize("command", [("run", "image.npy"), ("explain", "conv:8,k3")])
def test_a_size_is_no_kernel(inside, command, size):
    done = inside(*command, "-k", size)
    assert (2, "", 1) == (done.code, done.out, done.err.count("\n"))
    assert (
        f"--kernel: '{size}' is a size, as -k of shape and flops; here -k is the kernel" in done.err
    )
    assert f"box:3; for random weights give --network conv:8,k{size.replace(',', 'x')} " in done.err


def test_a_file_called_3_is_a_kernel(inside, image, folder):
    (folder / "kernel.npy").rename(folder / "3")
    assert 0 == inside("run", "image.npy", "-k", "3").code


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_the_version(convcalc, word):
    done = convcalc(word)
    assert (0, "convcalc 0.1.0\n", "") == (done.code, done.out, done.err)
