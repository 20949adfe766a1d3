"""Ten lines of Typer and Rich: the smallest program that prints a table like `convcalc shape`."""

import typer
from rich.console import Console
from rich.table import Table


def main() -> None:
    table = Table("#", "layer", "input", "output", "weights")
    table.add_row("0", "conv:64,k7,s2,p3", "3x224x224", "64x112x112", "weight 64x3x7x7, bias 64")
    Console().print(table)


typer.run(main)
