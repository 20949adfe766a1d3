"""What the tests of writing share: an array, its bytes, and a Python of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np

ARRAY = np.arange(24, dtype="f4").reshape(2, 3, 4)


def saved(array):
    """The bytes that NumPy itself would write."""
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def run(code, stdout=None, **environment):
    """Run a line in a Python of its own."""
    prelude = "import numpy as np\nfrom convcalc.arrayfile import *\n"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", prelude + code],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )
