"""What the tests of real clients share: a machine of Debian's, see debian_machine.py.

With RUNWELL_CLIENTS=debian in the environment the machine keeps Debian's own programs: what the tests say of a machine
must hold for them, too.
"""

import os

import debian_machine
import harness
import pytest


@pytest.fixture(scope="session")
def suite():
    return None if os.environ.get("RUNWELL_CLIENTS") == "debian" else harness.ours()


@pytest.fixture(scope="session")
def layer(suite, tmp_path_factory, worker_id):
    """Debian's runit, installed, with our programs in their places: once for all the processes of pytest."""
    if why := debian_machine.unsupported():
        pytest.skip(f"NOTE: {why}: what acts on a whole machine is not tested")
    base = tmp_path_factory.getbasetemp()
    directory = (base if worker_id == "master" else base.parent) / "debian"
    directory.mkdir(exist_ok=True)
    return debian_machine.layer(directory, suite)


@pytest.fixture
def debian(world, layer):
    """A machine that has not booted yet."""
    return debian_machine.Debian(world, harness.ours(), layer)
