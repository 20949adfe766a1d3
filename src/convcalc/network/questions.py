"""What a network can be asked; the rooms above that answer are imported when they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy as np
    import torch  # noqa: TID251 - a name for type checkers

    from convcalc.analysis import MemoryReport, Reconciliation, Report, Roofline, RooflineMachine
    from convcalc.analysis.compare import Comparison
    from convcalc.layers import Shape
    from convcalc.network import Network


class Questions:
    """The methods of a network that ask for more than its graph."""

    @property
    def _network(self) -> Network:
        """The network itself, the only class that derives from this one."""
        return cast("Network", self)

    def analyze(
        self,
        input_shape: Sequence[int] | None = None,
        batch: int = 1,
        convention: str = "macs",
    ) -> Report:
        """Shapes, parameters, costs and receptive fields of every layer.

        Args:
            input_shape: (channels, *spatial sizes) of one sample, without a batch in front; None is
                the one that the network's text names, or else a usual one.
            batch: Samples; it multiplies the costs and not the parameters.
            convention: Whose way of counting `total` follows: macs (our own), torch, fvcore,
                torchinfo, ptflops or thop.

        Raises:
            ShapeError: a layer does not fit the shape that arrives at it, or the input has another
                number of axes than the one that the network's text names.
            SpecError: a layer does not fit, in a network that was read from a text.
            UsageError: there is no such convention.

        Example:
            >>> import convcalc
            >>> report = convcalc.parse("conv:64,k7,s2,p3").analyze((3, 224, 224))
            >>> report.layers[-1].output_shape, report.totals.macs
            ((64, 112, 112), 118013952)
        """
        from convcalc.analysis import analyze

        return analyze(self._network, self._input(input_shape), batch, convention)

    def memory(
        self,
        input_shape: Sequence[int] | None = None,
        batch: int = 1,
        *,
        dtype: str = "float32",
        in_place: bool = False,
        optimizer: str = "adam",
    ) -> MemoryReport:
        """Bytes of weights, of activations that are alive at once, and of training.

        Args:
            input_shape: As of `analyze`; so is `batch`.
            dtype: Of weights and activations: float32, float16, bfloat16, int8 or int4.
            in_place: Let layers write over inputs that nobody needs later.
            optimizer: What trains it: adam, adamw, momentum or sgd.

        Raises:
            ParameterError: the dtype or the optimiser is unknown, or there are no layers.
            ShapeError, SpecError: as `analyze`.

        Example:
            >>> import convcalc
            >>> convcalc.parse("conv:8,k3,p1 relu").memory((3, 4, 4)).peak_bytes
            1024
        """
        from convcalc.analysis import analyze_memory

        shape = self._input(input_shape)
        return analyze_memory(
            self._network, shape, batch, dtype=dtype, in_place=in_place, optimizer=optimizer
        )

    def roofline(
        self,
        device: str | RooflineMachine,
        input_shape: Sequence[int] | None = None,
        batch: int = 1,
        *,
        dtype: str = "float32",
    ) -> Roofline:
        """The least time of every layer on a machine, and what limits it.

        Args:
            device: A name that `convcalc devices` lists, or a `convcalc.analysis.RooflineMachine`.
            input_shape: As of `analyze`; so is `batch`.
            dtype: Of all elements.

        Raises:
            ParameterError: there is no such device, or none of that dtype.
            ShapeError, SpecError: as `analyze`.

        Example:
            >>> import convcalc
            >>> found = convcalc.parse("conv:512,k3,p1").roofline("t4", (512, 14, 14))
            >>> found.layers[0].bound
            'compute'
        """
        from convcalc.analysis import RooflineMachine, device_machine, report_roofline

        machine = device if isinstance(device, RooflineMachine) else device_machine(device, dtype)
        return report_roofline(self.analyze(input_shape, batch), machine, dtype)

    def compare(
        self,
        variants: str | Sequence[str],
        input_shape: Sequence[int] | None = None,
        batch: int = 1,
    ) -> Comparison:
        """Every convolution beside what could stand in its place.

        Args:
            variants: "separable,grouped:4", or the variants one by one.
            input_shape: As of `analyze`; so is `batch`.

        Raises:
            UsageError: a variant is unknown, or none can replace any layer.
            ShapeError, SpecError: as `analyze`.

        Example:
            >>> import convcalc
            >>> found = convcalc.parse("conv:512,k3,p1,nobias").compare("separable", (512, 14, 14))
            >>> found.outcomes[0].changes[0].ratio
            Fraction(521, 4608)
        """
        from convcalc.analysis.compare import compare

        return compare(self._network, self._input(input_shape), variants, batch)

    def reconcile(self, input_shape: Sequence[int] | None = None, batch: int = 1) -> Reconciliation:
        """What every other tool counts of it, and why that differs from our count.

        Args:
            input_shape: As of `analyze`; so is `batch`.

        Raises:
            ShapeError, SpecError: as `analyze`.

        Example:
            >>> import convcalc
            >>> convcalc.parse("conv:64,k3,p1 bn").reconcile((3, 8, 8)).tools[-1].total
            126976
        """
        from convcalc.analysis import reconcile

        return reconcile(self._network, self._input(input_shape), batch)

    def _input(self, given: Sequence[int] | None) -> Shape:
        """The input that is asked about: what is given, or else the network's own."""
        from convcalc.network import asked_input

        return asked_input(self._network, given)

    def to_torch(
        self,
        input_shape: Sequence[int],
        functions: Sequence[str] | None = None,
        weights: Mapping[str, np.ndarray | torch.Tensor] | str | os.PathLike[str] | None = None,
    ) -> torch.fx.GraphModule:
        """The network as a torch model: ordinary modules under its labels, in eval mode.

        `print(model.code)` shows how data flows. `state_dict()` has the names and shapes of
        `tensor_shapes`, and a counter of batches for each `bn`. The weights are drawn by torch,
        the same after the same `torch.manual_seed`. A batch of any size passes through.

        Args:
            input_shape: (channels, *spatial sizes) of one sample.
            functions: What is called as a function instead of as a module, so that hooks do not
                see it: kinds as "relu", labels, or the first words of labels. None is what the
                network itself declares.
            weights: Arrays or tensors by their names, instead of drawn ones; or a file of them,
                .npz, .safetensors, .pth or .pt.

        Raises:
            UsageError: torch is not installed, or has no place for a label; or a name in
                `functions` is unknown, or means layers whose weights need a module.
            DataError: a weight is missing, unknown or of another shape; or the file is none.
            ShapeError, SpecError: as `analyze`.

        Example:
            >>> import convcalc
            >>> network = convcalc.parse("conv1=conv:8,k3,p1 relu residual{pw:8 | } gap flatten")
            >>> model = network.to_torch((3, 32, 32), functions=("relu",))
            >>> model.conv1
            Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
            >>> sum(p.numel() for p in model.parameters())
            296
            >>> import torch
            >>> model(torch.zeros(5, 3, 32, 32)).shape
            torch.Size([5, 8])
        """
        from convcalc.export import to_torch

        chosen = self._network.functions if functions is None else functions
        return to_torch(self._network, self._input(input_shape), chosen, weights)
