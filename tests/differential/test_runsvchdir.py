"""runsvchdir: runs the same story with Debian's runit and with ours."""

import os
import shutil

import harness
import pytest

# A story is a list of arguments, one command each, in one directory; every command and every link is compared.
STORIES = [
    [[]],
    [["b"], ["b"], ["a"]],
    [["a", "b"]],
    [["nope"], [".hidden"], [".."], ["file"], [""], ["-x"], ["--"]],
    [["a/../b"], ["b"]],
    [["b/"], ["b"]],
    [["/dir/b"]],
    [["current"]],
    [["link"], ["b"]],
    [["dangling"]],
    [["b"], ["previous"]],
]

# Faults of the directory before the story, each with its story.
OBSTACLES = {
    "current.new is left over": lambda d: (d / "current.new").symlink_to("x"),
    "current.new is a directory": lambda d: (d / "current.new").mkdir(),
    "previous is a directory": lambda d: (d / "previous").mkdir(),
    "previous is a file": lambda d: (d / "previous").touch(),
    "current is not there": lambda d: (d / "current").unlink(),
    "current leads nowhere": lambda d: ((d / "current").unlink(), (d / "current").symlink_to("x")),
    "current is a directory": lambda d: ((d / "current").unlink(), (d / "current").mkdir()),
}

DIFFERENCES = {
    "['file']": "the separator that runit leaves out: `file: not a directory.`",
    "['previous']": "the way back leads to where `previous` led; runit makes a link to itself of it at the next change",
}


def build(directory):
    shutil.rmtree(directory, ignore_errors=True)
    for name in ("a", "b", ".hidden"):
        (directory / name).mkdir(parents=True)
    (directory / "file").touch()
    (directory / "link").symlink_to("b")
    (directory / "dangling").symlink_to("nowhere")
    (directory / "current").symlink_to("a")


def links(directory):
    return {
        e.name: os.readlink(e.path) if e.is_symlink() else "directory" if e.is_dir() else "file"
        for e in os.scandir(directory)
    }


def tell(world, suite, arguments, **options):
    directory = world.directory / "dir"
    arguments = [a.replace("/dir/", f"{directory}/") for a in arguments]
    done = world.run(
        suite.path("runsvchdir"), *arguments, argv0="runsvchdir", env={"RUNSVDIR": str(directory)}, **options
    )
    return done.returncode, done.stdout, done.stderr, links(directory)


@pytest.fixture
def runit():
    return harness.reference("2.3.1") or pytest.skip("runit 2.3.1 is not there")


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_every_change_is_made_as_runit_does(world, runit, story):
    seen = []
    for suite in (runit, harness.ours()):
        build(world.directory / "dir")
        seen.append([tell(world, suite, arguments) for arguments in story])
    for arguments, theirs, ours in zip(story, *seen):
        assert (theirs != ours) == (str(arguments) in DIFFERENCES), f"runit: {theirs}\nrunwell: {ours}"


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_an_obstacle_is_reported_in_the_same_words(world, runit, obstacle):
    seen = []
    for suite in (runit, harness.ours()):
        build(world.directory / "dir")
        OBSTACLES[obstacle](world.directory / "dir")
        seen.append([tell(world, suite, [name]) for name in ("b", "a")])
    assert seen[0] == seen[1]


def test_without_the_right_to_write_it_fails_in_the_same_words(world, runit):
    os.chmod(world.directory, 0o755)
    seen = []
    for suite in (runit, harness.ours()):
        build(world.directory / "dir")
        seen.append(tell(world, suite, ["b"], user=65534, group=65534, extra_groups=[]))
    assert seen[0] == seen[1]
    assert seen[0][0] == 111


@pytest.mark.parametrize("base", ["/nonexistent", ""])
def test_a_missing_base_directory_is_reported_in_the_same_words(world, runit, base):
    seen = []
    for suite in (runit, harness.ours()):
        done = world.run(suite.path("runsvchdir"), "b", argv0="runsvchdir", env={"RUNSVDIR": base})
        seen.append((done.returncode, done.stdout, done.stderr))
    assert seen[0] == seen[1]
    assert seen[0][0] == 111


@pytest.mark.parametrize("version", ["2.1.2", "2.3.1"])
def test_the_usage_is_the_same(world, version):
    suite = harness.reference(version) or pytest.skip(f"runit {version} is not there")
    theirs, ours = (world.run(s.path("runsvchdir"), argv0="x/runsvchdir") for s in (suite, harness.ours()))
    assert (theirs.returncode, theirs.stderr) == (ours.returncode, ours.stderr) == (1, "usage: x/runsvchdir dir\n\n")
