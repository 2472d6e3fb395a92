"""runsvchdir: links that change at once, and obstacles."""

import os
import subprocess
import threading

import pytest


@pytest.fixture
def base(world):
    directory = world.directory / "base"
    for name in ("a", "b", "c"):
        (directory / name).mkdir(parents=True)
    (directory / "file").touch()
    (directory / "current").symlink_to("a")
    return directory


def change(world, base, *arguments):
    return world.run("runsvchdir", *arguments, env={"RUNSVDIR": str(base)})


def links(base):
    return tuple(os.readlink(base / name) if (base / name).is_symlink() else None for name in ("current", "previous"))


def test_current_and_previous_follow_the_change(world, base):
    done = change(world, base, "b")
    assert (done.returncode, done.stdout, done.stderr) == (0, "runsvchdir: b: now current.\n", "")
    assert links(base) == ("b", "a")
    assert change(world, base, "c").returncode == 0
    assert links(base) == ("c", "b")


def test_what_is_current_already_is_left_alone(world, base):
    done = change(world, base, "a")
    assert (done.returncode, done.stdout) == (0, "runsvchdir: a: current.\n")
    assert links(base) == ("a", None)


def test_the_name_is_stored_as_it_was_given(world, base):
    change(world, base, "a/../b")
    assert links(base)[0] == "a/../b"
    change(world, base, base / "c")
    assert links(base)[0] == str(base / "c")


def test_previous_leads_back_and_forth(world, base):
    change(world, base, "b")
    for expected in [("a", "b"), ("b", "a"), ("a", "b")]:
        assert change(world, base, "previous").stdout == "runsvchdir: previous: now current.\n"
        assert links(base) == expected


@pytest.mark.parametrize(
    "name, words",
    [
        ("nope", "nope: file does not exist"),
        (".x", ".x: must not start with a dot."),
        ("file", "file: not a directory."),
        ("", ": file does not exist"),
    ],
)
def test_what_is_no_services_directory_is_refused(world, base, name, words):
    done = change(world, base, name)
    assert (done.returncode, done.stdout, done.stderr) == (111, "", f"runsvchdir: fatal: {words}\n")
    assert links(base) == ("a", None)


def test_without_current_nothing_is_changed(world, base):
    (base / "current").unlink()
    done = change(world, base, "b")
    assert (done.returncode, done.stderr) == (111, "runsvchdir: fatal: unable to stat: current: file does not exist\n")


def test_a_base_directory_that_is_not_there(world, base):
    done = change(world, "/nonexist", "b")
    assert (done.returncode, done.stderr) == (
        111, "runsvchdir: fatal: unable to chdir: /nonexist: file does not exist\n",
    )  # fmt: skip


def test_without_runsvdir_it_is_the_directory_of_runit(world):
    if os.path.exists("/etc/runit/runsvdir"):
        pytest.skip("this machine has one")
    done = world.run("runsvchdir", "b", env={"PATH": "/bin"})
    assert done.stderr == "runsvchdir: fatal: unable to chdir: /etc/runit/runsvdir: file does not exist\n"


def test_no_argument_is_wrong_usage(world):
    done = world.run("runsvchdir", argv0="/x/runsvchdir")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "usage: /x/runsvchdir dir\n\n")


def test_a_directory_in_the_place_of_previous_leaves_current_as_it_is(world, base):
    (base / "previous").mkdir()
    done = change(world, base, "b")
    assert (done.returncode, done.stderr) == (111, "runsvchdir: fatal: unable to unlink: previous: is a directory\n")
    assert links(base)[0] == "a"


def test_current_that_is_a_directory_becomes_previous(world, base):
    (base / "current").unlink()
    (base / "current").mkdir()
    (base / "current/service").mkdir()
    assert change(world, base, "b").returncode == 0
    assert links(base) == ("b", None)
    assert (base / "previous/service").is_dir()


def test_current_is_never_missing(world, base):
    missing, done = [], threading.Event()

    def watch():
        while not done.is_set():
            try:
                os.readlink(base / "current")
            except OSError as error:
                missing.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for n in range(60):
        assert change(world, base, "abc"[n % 3]).returncode == 0
    done.set()
    watcher.join()
    assert missing == []


def test_an_answer_that_cannot_be_written_is_a_failure(world, base):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            ["runsvchdir", "b"], executable=world.suite.path("runsvchdir"), env={"RUNSVDIR": str(base)}, stdout=full
        )
    assert done.returncode == 111
