"""How Hypothesis searches: without time limits, and in CI the same examples every time.

EXAMPLES says how many of each property; `make test-slow` draws five times as many.
"""

import codecs
import os

from hypothesis import settings

# Some tests are a user for a while who may not read Python's own modules: a codec that is first
# looked up then would be missing for the rest of the process.
for _name in ("ascii", "latin-1", "utf-8", "utf-16", "idna", "unicode_escape"):
    codecs.lookup(_name)

settings.register_profile(
    "local", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "100"))
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
