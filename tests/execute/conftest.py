"""What the tests of algorithms share: machines with OpenCV and without."""

from importlib.util import find_spec

import pytest

from convcalc.execute.backends import opencv as planes
from convcalc.execute.planning.machine import forget

needs_opencv = pytest.mark.skipif(find_spec("cv2") is None, reason="OpenCV is not installed")


@pytest.fixture(
    scope="module", params=[False, pytest.param(True, marks=needs_opencv)], ids=["", "opencv"]
)
def opencv(request):
    """Every test of the module runs as if OpenCV were not there, and with it where it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planes, "is_installed", lambda: request.param)
        forget()
        yield request.param
    forget()


@pytest.fixture(autouse=True, scope="module")
def _many_small_runs(memory_is_looked_at_once):
    """Of every property there are a hundred."""
