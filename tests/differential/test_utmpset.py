"""utmpset: the same accounts given to Debian's runit and to us; only the moment of the logout may differ."""

import os
import shutil

import login_records
import harness
import pytest
from login_records import DEAD, LOGIN, record

FULL = "x" * 32
UTMP = [
    record("tty1", "", kind=LOGIN),
    record("tty1", "joe"),
    record("tty1", "ann"),
    record("tty2", "bob", kind=LOGIN),
    record("tty10", "kim"),
    record("dead", "was", kind=DEAD),
    record(FULL, "u" * 32, host="h" * 256),
]

COMMANDS = [
    [], ["-x"], ["-w"], ["-wx", "tty1"], ["--", "tty1"], ["--foo", "tty1"], ["-"], ["tty1"], ["-w", "tty1"], ["-ww", "tty1"],
    ["tty1", "extra"], ["tty2"], ["tty10"], ["tty"], ["dead"], [FULL], ["-w", FULL], [FULL + "y"], [""], ["-w", "nosuch"],
]  # fmt: skip

# the last argument → why 2.1.2 differs where the accounts have something to say about it
DIFFERENCES = [
    [FULL],  # 2.1.2 reads a line that fills its field together with what follows the field
    [FULL + "y"],  # 2.1.2 does not measure the line
]

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root for mounts of its own")


def observe(world, suite, arguments, utmp, name):
    directory = world.directory / name
    directory.mkdir()
    machine = login_records.Machine(directory)
    if utmp is not None:
        machine.utmp.write_bytes(utmp)
    done = machine.run(suite.path("utmpset"), *arguments)
    files = {}
    for path in (machine.utmp, machine.wtmp):
        if path.exists():
            found = login_records.records(path.read_bytes())
            for one in found:
                one["seconds"] = "now" if one["seconds"] > 1_000_000_000 else one["seconds"]
            files[path.name] = (found, path.stat().st_size, harness.mode_of(path))
    shutil.rmtree(directory)
    return done.returncode, done.stdout, done.stderr, files


@pytest.mark.parametrize("version", ["2.1.2", "2.3.1"])
@pytest.mark.parametrize("utmp", [b"".join(UTMP), b"".join(UTMP) + b"half", b"", None], ids=["full", "ragged", "empty", "none"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=str)
def test_every_line_is_logged_out_as_runit_does(world, version, utmp, arguments):
    runit = harness.reference(version) or pytest.skip(f"runit {version} is not there")
    theirs = observe(world, runit, arguments, utmp, "theirs")
    ours = observe(world, harness.ours(), arguments, utmp, "ours")
    differs = version == "2.1.2" and arguments[-1:] in DIFFERENCES and (utmp or arguments[-1:] == [FULL + "y"])
    assert (theirs != ours) == bool(differs), f"runit: {theirs}\nrunwell: {ours}"
