"""A few processors with the peak rates and the bandwidth that their makers publish.

Peaks are operations per second (1 multiply-accumulate = 2 operations) of dense matrix products at
the boost clock; where a data sheet gives a figure "with sparsity", half of it stands here. float32
is ordinary float32 arithmetic, without TF32, which rounds its factors to 10 bits.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.dtypes import BITS
from convcalc.analysis.roofline.model import RooflineMachine
from convcalc.errors import ParameterError, nearest, printable
from convcalc.layers.arguments import checked_text, checked_word

if TYPE_CHECKING:
    from collections.abc import Mapping

GIGA, TERA = 10**9, 10**12


class Device(NamedTuple):
    """One processor and its memory.

    Attributes:
        title: Its name in full.
        bandwidth: Bytes per second between it and its memory.
        peaks: Operations per second by the name of the dtype, as far as they are published.
        source: The document that the figures are from.
    """

    title: str
    bandwidth: int
    peaks: Mapping[str, int]
    source: str


def _tera(**rates: str) -> dict[str, int]:
    """Rates in units of 10^12 per second, written as decimals."""
    return {dtype: int(Fraction(rate) * TERA) for dtype, rate in rates.items()}


_A100 = _tera(float32="19.5", float16="312", bfloat16="312", int8="624", int4="1248")
_A100_SOURCE = "NVIDIA A100 Tensor Core GPU data sheet"
_H100_SXM = _tera(float32="67", float16="989.5", bfloat16="989.5", int8="1979")
_H100_PCIE = _tera(float32="51", float16="756.5", bfloat16="756.5", int8="1513")
_H100_SOURCE = "NVIDIA H100 Tensor Core GPU data sheet"

DEVICES: Mapping[str, Device] = {
    "a100-40gb": Device("NVIDIA A100 40 GB", 1555 * GIGA, _A100, _A100_SOURCE),
    "a100-80gb-pcie": Device("NVIDIA A100 80 GB PCIe", 1935 * GIGA, _A100, _A100_SOURCE),
    "a100-80gb-sxm": Device("NVIDIA A100 80 GB SXM", 2039 * GIGA, _A100, _A100_SOURCE),
    "h100-pcie": Device("NVIDIA H100 80 GB PCIe", 2000 * GIGA, _H100_PCIE, _H100_SOURCE),
    "h100-sxm": Device("NVIDIA H100 80 GB SXM", 3350 * GIGA, _H100_SXM, _H100_SOURCE),
    "h200-sxm": Device(
        "NVIDIA H200 SXM", 4800 * GIGA, _H100_SXM, "NVIDIA H200 Tensor Core GPU data sheet"
    ),
    "l4": Device(
        "NVIDIA L4",
        300 * GIGA,
        _tera(float32="30.3", float16="121", bfloat16="121", int8="242.5"),
        "NVIDIA L4 Tensor Core GPU data sheet",
    ),
    "t4": Device(
        "NVIDIA T4",
        320 * GIGA,
        _tera(float32="8.1", float16="65", int8="130", int4="260"),
        "NVIDIA T4 Tensor Core GPU data sheet",
    ),
    "v100-sxm2": Device(
        "NVIDIA V100 SXM2",
        900 * GIGA,
        _tera(float32="15.7", float16="125"),
        "NVIDIA V100 Tensor Core GPU data sheet",
    ),
}
"""The devices by their short names."""


def device_machine(name: str, dtype: str) -> RooflineMachine:
    """The peak of one dtype and the bandwidth of a device.

    Raises:
        ParameterError: there is no such device, or no peak of that dtype is published for it.

    Example:
        >>> float(device_machine("a100-40gb", "float32").ridge)  # 19,500 / 1,555
        12.540192926045016
    """
    checked_text("device", name, "the name of one, as t4, or a RooflineMachine")
    checked_word("dtype", dtype, BITS)
    device = DEVICES.get(name.lower())
    if device is None:
        hint = nearest(name, DEVICES) or "; `convcalc devices` lists those that are known"
        raise ParameterError("device", f"no device is called '{printable(name, 60)}'{hint}")
    if dtype not in device.peaks:
        raise ParameterError(
            "device",
            f"the {device.source} has no peak in {dtype}; "
            f"{name.lower()} has {', '.join(device.peaks)}",
        )
    peak = Fraction(device.peaks[dtype])
    return RooflineMachine(peak, Fraction(device.bandwidth), name.lower(), device.source)
