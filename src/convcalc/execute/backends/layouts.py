"""Which convolutions torch may be given with the channels side by side in memory, and be right.

With the channels last torch 2.13 calls oneDNN 3.12's `brg_conv_fwd`, which on processors with
AVX-512 was caught reading and writing outside its memory, with results that are garbage, other
garbage each time, or the end of the process. Seen in float32:

1. One input channel, an output one element wide, a stride along that axis (the one before it
   without): rows of windows are taken for one long row of steps, and what follows them is read.
   In `jit_brgemm_conv_utils.cpp`: `is_os_blocking` where `ow == 1`.
2. One input channel, or a kernel and an output one element wide, and a stride along an axis that is
   longer than the kernel: the input is copied into memory that is sized as if no stride were
   longer than the kernel, and what lies behind is written over. Source: oneDNN, pull request 5494.
3. Windows that lie in the padding along the last axis with all their taps: the kernel that should
   leave them out is missing. Not seen here; source: oneDNN, pull request 5944.

Of 28,000 random shapes beyond these three none was wrong, with 1, 2 and 4 threads. Where both
orders are the same, as for a single channel, torch tells them apart by the strides of the axes of
one element, which mean nothing: so that an array from elsewhere may ask for the order without a
word. Weights in groups with such a stride that no order has were wrong by themselves. Therefore
torch is given its own strides, always: `torch_conv`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.window import Window


def channels_may_be_last(
    in_channels_per_group: int, groups: int, windows: Sequence[Window], sizes: Sequence[int]
) -> bool:
    """Whether torch is right about a convolution whose channels lie side by side in memory.

    Args:
        in_channels_per_group: Input channels of each group.
        groups: Groups.
        windows: One per spatial axis.
        sizes: Elements of each spatial axis of the input.
    """
    last = windows[-1]
    if last.out_size(sizes[-1]) == 1 or max(last.before, last.after) >= last.extent:
        return False
    # A stride may only leave elements out where there are channels to fill a register with.
    return in_channels_per_group > 1 or groups > 1 or all(w.stride <= w.kernel for w in windows)
