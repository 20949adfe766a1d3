"""How Hypothesis searches: without time limits, and in CI the same examples every time.

EXAMPLES says how many of each property; `make test-slow` draws five times as many.
"""

import os

from hypothesis import settings

settings.register_profile(
    "local", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "100"))
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
