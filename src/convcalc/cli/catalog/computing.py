"""Commands that compute arrays."""

from __future__ import annotations

from convcalc.cli.catalog.command import Command
from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.computing_options import DEMO, RUN, WALK, WEIGHTS
from convcalc.cli.parsing.document_options import DOCUMENT_FILE

CALIBRATE_DETAILS = """Some ten seconds of convolutions and transforms, in rounds until two of them
agree; on a busy machine it takes longer, and says so. The rates are kept in
XDG_CACHE_HOME/convcalc/machine.json (~/.cache by default) and used by every plan from then on.
Without them plans assume an ordinary processor with two cores."""

RUN_DETAILS = """PyTorch's semantics: cross-correlation of (N, C, H, W) with a kernel (O, C/groups,
kh, kw); leading axes may be missing, and one to three spatial axes work alike. '-' reads standard
input, or writes standard output. Integers are computed and returned exactly, as int64."""

WALK_DETAILS = """The input with the window marked, the kernel, the products, the sum of each input
channel, the sum over channels, the bias and the result, for the output at --at, counted from 0;
of a network an output of each layer that it depends on. [4] is read, (4) lies in a hole of a
dilated kernel, . is padding, ~4 a copy that padding made. For layers without an array
small whole numbers are made up."""

WEIGHTS_DETAILS = """Kernels and matrices are drawn evenly within sqrt(3 * gain / products of an
output), gain 2 before relu and its like, else 1 (He et al., 2015); biases are 0, normalisation does
nothing yet. The same seed gives the same numbers, here and in run --random-weights."""

DEMO_DETAILS = "Its files go into convcalc-demo/, so that every command can be typed again."

COMMANDS: dict[str, Command] = {
    "calibrate": Command(
        module="convcalc.cli.commands.calibrate",
        function="calibrate",
        options={**APPEARANCE, **DOCUMENT_FILE},
        about="Measure this machine, so that plans fit it.",
        examples=("convcalc calibrate",),
        details=CALIBRATE_DETAILS,
        imports_numpy=True,
    ),
    "run": Command(
        module="convcalc.cli.commands.run.run",
        function="run",
        options=RUN,
        about="The real convolution of an array in a .npy file.",
        examples=(
            "convcalc run image.npy --kernel kernel.npy --padding same",
            "convcalc run image.npy --kernel kernel.npy --stride 2 -o result.npy",
            'convcalc run image.npy --network "dw:k3 pw:4" --random-weights 7',
            'convcalc run image.npy --network "relu maxpool:2" --save-all maps',
            "convcalc run image.npy mask=mask.npy --network net.onnx -o masked.npy",
            "convcalc run image.zarr --kernel kernel.npy -o result.zarr --scheduler local",
        ),
        details=RUN_DETAILS,
        imports_numpy=True,
    ),
    "explain": Command(
        module="convcalc.cli.commands.explain.explain",
        function="explain",
        options=WALK,
        about="One output step by step: what is read, products, sums, bias.",
        examples=(
            "convcalc explain conv:8,k3,s2,p1 -i 3x7x7 --at 0,1,1",
            "convcalc explain image.npy --kernel kernel.npy --padding same --at 0,0,0",
            "convcalc explain 'residual{conv:2,k3,p1 | }' -i 2x4x4",
            "convcalc explain conv:2,k3,p1 -i 3x5x5 --html out.html",
        ),
        details=WALK_DETAILS,
        imports_numpy=True,
    ),
    "weights": Command(
        module="convcalc.cli.commands.weights",
        function="weights",
        options=WEIGHTS,
        about="The weights of a network: names and shapes, or a file of them to start from.",
        examples=(
            "convcalc weights resnet18",
            "convcalc weights resnet18 --init 7 -o w.npz",
            "convcalc weights -i 1x8x8 conv:8,k3 flatten linear:10 --init zeros -o z.npz",
        ),
        details=WEIGHTS_DETAILS,
        imports_numpy=True,
    ),
    "demo": Command(
        module="convcalc.cli.demo",
        function="demo",
        options=DEMO,
        about="The first minute: a few commands on a photograph that comes along.",
        examples=("convcalc demo",),
        details=DEMO_DETAILS,
        imports_numpy=True,
    ),
}
