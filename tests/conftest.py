import os
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import harness  # noqa: E402


@pytest.fixture
def world():
    """A fresh directory and the programs under test; everything started in it is ended with the test."""
    made = harness.World(tempfile.mkdtemp(prefix="runwell-", dir=os.environ.get("TMPDIR", "/tmp")), harness.ours())
    yield made
    made.close()
