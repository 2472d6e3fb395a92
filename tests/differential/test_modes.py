"""Every file that the programs create, under three umasks: kind, mode and name are those of runit's."""

import os
import re
import signal
import stat
import subprocess
import tempfile

import pytest

from harness import World, ours, reference, wait_for_words, wait_until

UMASKS = (0o000, 0o022, 0o077)
VERSIONS = ("2.1.2", "2.3.1")


def modes_below(directory):
    """All entries: ((name, "-rw-r--r--"), …), with the numbers in names masked."""
    found = set()
    for path in directory.rglob("*"):
        name = re.sub(r"@[0-9a-f]{24}", "@N", str(path.relative_to(directory)))
        found.add((name, stat.filemode(path.lstat().st_mode)))
    return sorted(found)


def told(suite, umask, story):
    world = World(tempfile.mkdtemp(prefix="runwell-", dir=os.environ.get("TMPDIR", "/tmp")), suite)
    try:
        (world.directory / "place").mkdir()
        return story(world, world.directory / "place", umask)
    finally:
        world.close()


def supervised(world, place, umask):
    """A service and its logger: started, stopped, started, left."""
    directory = world.service("place/s", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    process = world.runsv("place/s", umask=umask)
    wait_for_words(directory, "run")
    wait_for_words(directory / "log", "run")
    seen = [modes_below(place)]
    process.terminate()
    assert process.wait(timeout=30) == 0
    return [*seen, modes_below(place)]


def logged(world, place, umask):
    """A log directory: while it is written, while its processor works, after that, and after the end."""
    world.write("place/config", "s0\nn5\n!cat; while test ! -e go; do sleep 0.01; done; echo state >&5\n")
    process = world.start("svlogd", "place", stdin=subprocess.PIPE, umask=umask)
    process.stdin.write(b"a line\n")
    process.stdin.flush()
    wait_until(lambda: (place / "current").exists() and (place / "current").stat().st_size, "it is logged")
    seen = [modes_below(place)]
    process.send_signal(signal.SIGALRM)
    wait_until(lambda: any(p.stat().st_size for p in place.glob("@*.t")), "the processor works")
    wait_until((place / "current").exists, "there is a new current")
    seen.append(modes_below(place))
    (place / "go").touch()
    wait_until(lambda: list(place.glob("@*.s")) and not (place / "newstate").exists(), "it is done")
    process.stdin.write(b"another line\n")
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    return [*seen, modes_below(place)]


def crashed(world, place, umask):
    """What a svlogd that was killed has left behind is kept under another name."""
    process = world.start("svlogd", "place", stdin=subprocess.PIPE, umask=umask)
    process.stdin.write(b"a line\n")
    process.stdin.flush()
    wait_until(lambda: (place / "current").exists() and (place / "current").stat().st_size, "it is logged")
    process.kill()
    process.wait()
    assert world.run("svlogd", "place", umask=umask).returncode == 0
    return [modes_below(place)]


def locked(world, place, umask):
    assert world.run("chpst", "-l", "place/lock", "true", umask=umask).returncode == 0
    return [modes_below(place)]


def linked(world, place, umask):
    for name in ("a", "b"):
        (place / name).mkdir()
    (place / "current").symlink_to("a")
    environment = world.suite.environment(RUNSVDIR=place)
    assert world.run("runsvchdir", "b", env=environment, umask=umask).returncode == 0
    return [modes_below(place)]


STORIES = [supervised, logged, crashed, locked, linked]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("umask", UMASKS, ids="{:03o}".format)
@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.__name__)
def test_files_have_the_modes_of_runit(version, umask, story):
    suite = reference(version)
    if suite is None:
        pytest.skip(f"runit {version} is not here")
    if story is linked and version == "2.1.2":
        pytest.skip("runit 2.1.2 has one place for its directories")
    assert told(ours(), umask, story) == told(suite, umask, story)
