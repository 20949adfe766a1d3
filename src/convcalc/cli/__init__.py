"""The command line: options in, documents out, exit codes. Nothing else knows Typer."""
