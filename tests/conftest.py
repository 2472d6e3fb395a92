import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import harness  # noqa: E402


def pytest_configure(config):
    """Registers the marker `shipped`, and restores signals: the programs under test would inherit what a background job of
    a shell ignores."""
    config.addinivalue_line("markers", "shipped: measures or looks at the programs as they are shipped, without sanitizers")
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_collection_modifyitems(config, items):
    """Programs with sanitizers skip the tests that only the shipped programs can pass."""
    if harness.SANITIZED:
        config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker("shipped")])
        items[:] = [i for i in items if not i.get_closest_marker("shipped")]


@pytest.fixture(autouse=True)
def nobody_but_who_is_meant(monkeypatch):
    """kill(2) with 0 or -1 would end the whole run: the pid of a service that has no process yet is 0."""
    kill = os.kill

    def guarded(pid, number):
        assert pid > 0, "there is no such process"
        kill(pid, number)

    monkeypatch.setattr(os, "kill", guarded)


@pytest.fixture
def world():
    """A fresh directory and the programs under test; everything started in it is ended with the test."""
    made = harness.World(tempfile.mkdtemp(prefix="runwell-", dir=os.environ.get("TMPDIR", "/tmp")), harness.ours())
    yield made
    made.close()
