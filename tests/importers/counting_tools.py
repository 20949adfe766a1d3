"""The tools whose counts are reproduced, asked directly."""

from __future__ import annotations

import contextlib
import io
import warnings

import torch

from installed_libraries import ptflops


def torch_total(make, shape, batch=1):
    from torch.utils.flop_counter import FlopCounterMode

    model = make().to("meta").requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(batch, *shape, device="meta"))
    return counter.get_total_flops()


def fvcore_total(make, shape, batch=1):
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(make(), torch.zeros(batch, *shape))
    return analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()


def torchinfo_total(make, shape, batch=1):
    import torchinfo

    model = make()
    return torchinfo.summary(model, (batch, *shape), verbose=0, device="cpu").total_mult_adds


def ptflops_total(make, shape, batch=1):
    total, _ = ptflops().get_model_complexity_info(
        make(), tuple(shape), as_strings=False, print_per_layer_stat=False, backend="pytorch"
    )
    return None if total is None else batch * total


def thop_total(make, shape, batch=1):
    import thop

    return thop.profile(make(), (torch.zeros(batch, *shape),), verbose=False)[0]


TOTALS = {
    "torch": torch_total,
    "fvcore": fvcore_total,
    "torchinfo": torchinfo_total,
    "ptflops": ptflops_total,
    "thop": thop_total,
}


def total_of(tool, make, shape, batch=1):
    """A tool's total of a model; None where it fails, as it says so in many ways."""
    quiet = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(quiet):
        warnings.simplefilter("ignore")
        try:
            with contextlib.redirect_stderr(quiet):
                return TOTALS[tool](lambda: make().eval(), shape, batch)
        except Exception:
            return None
