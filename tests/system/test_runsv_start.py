"""runsv(8): how it begins: the directory, the lock, the files of supervise/.

A docstring that begins with R and a number names a row of docs/contract.md; so do those of the other test_runsv_*.py.
"""

import fcntl
import os
import stat

import pytest
from harness import control, mode_of, wait_for_words, wait_until
from runsv_scenes import CAT, Stranger, fatal, leaves, running, sane, says  # noqa: F401


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["-h", "x", "y"]])
def test_the_usage_is_shown_when_there_is_not_one_argument(world, arguments):
    """R1"""
    got = world.run("runsv", *arguments)
    assert (got.returncode, got.stdout, got.stderr) == (1, "", "usage: runsv dir\n\n")


@pytest.mark.parametrize("name", ["nonexist", "", "a/b", "with space"])
def test_a_directory_that_does_not_exist(world, name):
    """R2"""
    if name:
        fatal(world, name, "unable to change to directory: file does not exist")
    else:
        assert world.run("runsv", name).returncode == 111


def test_a_file_where_a_directory_should_be(world):
    """R2: the other words"""
    world.write("f", "")
    fatal(world, "f", "unable to change to directory: not a directory")
    os.symlink("loop", world.directory / "loop")
    fatal(world, "loop", "unable to change to directory: symbolic link loop")
    fatal(world, "x" * 256, "unable to change to directory: file name too long")


def test_a_second_runsv_leaves_at_once(world):
    """R3"""
    world.service("l")
    running(world, "l")
    fatal(world, "l", "unable to lock supervise/lock: temporary failure")


def test_a_held_log_lock_is_waited_for_and_said_once(world):
    """R4, bug 31: nothing but the locks exists until the log's lock is free"""
    directory = world.service("s", log__run=CAT)
    (directory / "log/supervise").mkdir()
    with open(directory / "log/supervise/lock", "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = world.start("runsv", "s")
        says(world, "log/supervise/lock")
        assert world.errors("runsv") == (
            "runsv s: warning: log/supervise/lock is held by another process, waiting for it\n")
        assert sorted(os.listdir(directory / "supervise")) == ["lock"]
        assert os.listdir(directory / "log/supervise") == ["lock"]
        assert process.poll() is None
    wait_for_words(directory, "run")
    wait_for_words(directory / "log", "run")


@pytest.mark.parametrize("umask, public", [(0o022, 0o644), (0o077, 0o600), (0o002, 0o644)])
def test_what_supervise_is_made_of(world, umask, public):
    """R5"""
    world.service("s", log__run=CAT)
    _, directory = running(world, umask=umask)
    wait_for_words(directory / "log", "run")
    for supervise in (directory / "supervise", directory / "log/supervise"):
        wait_until(lambda: (supervise / "status").exists(), "status")
        assert mode_of(supervise) == 0o700
        assert {n: mode_of(supervise / n) for n in os.listdir(supervise)} == {
            "lock": 0o600, "control": 0o600, "ok": 0o600, "pid": public, "stat": public, "status": public}
        assert stat.S_ISFIFO((supervise / "control").stat().st_mode)
        assert stat.S_ISFIFO((supervise / "ok").stat().st_mode)


def test_what_an_administrator_has_made_of_supervise_stays(world):
    """R6"""
    directory = world.service("s")
    process, _ = running(world)
    control(directory, "x")
    leaves(process)
    supervise = directory / "supervise"
    supervise.chmod(0o755)
    os.chown(supervise, 0, 1000)
    os.chown(supervise / "control", 1000, 1000)
    (supervise / "ok").chmod(0o666)
    os.chown(supervise / "status", 1000, 1000)
    (supervise / "lock").chmod(0o640)
    facts = lambda n: [getattr((supervise / n).stat(), f"st_{k}") for k in ("mode", "uid", "gid", "ino")]
    kept = {n: facts(n) for n in (".", "control", "ok", "lock")}
    running(world)
    assert {n: facts(n) for n in kept} == kept
    assert facts("status")[1:3] == [0, 0]


def test_supervise_may_be_a_link_to_what_does_not_exist_yet(world):
    """R7"""
    directory = world.service("s", log__run=CAT)
    os.symlink("../elsewhere", directory / "supervise")
    os.symlink("../../elsewhere-log", directory / "log/supervise")
    running(world)
    wait_for_words(directory / "log", "run")
    assert mode_of(world.directory / "elsewhere") == 0o700
    assert (world.directory / "elsewhere/status").exists()
    assert (world.directory / "elsewhere-log/status").exists()


def test_supervise_may_be_an_absolute_link(world):
    """R7"""
    directory = world.service("s")
    os.symlink(world.directory / "absolute", directory / "supervise")
    running(world)
    assert (world.directory / "absolute/ok").exists()


def test_a_link_below_a_directory_that_does_not_exist(world):
    """R8"""
    os.symlink("no/such", world.service("s2") / "supervise")
    fatal(world, "s2", "unable to open supervise/lock: file does not exist")


@pytest.mark.parametrize("length", [256, 300])
def test_a_link_that_is_too_long(world, length):
    """R9"""
    target = ("../" * 200)[: length - 1] + "x"
    os.symlink(target, world.service("s3") / "supervise")
    fatal(world, "s3", "unable to readlink ./supervise: name too long")


def test_a_link_of_255_bytes_is_followed(world):
    """R9: the longest that works"""
    target = "./" * 127 + "t"
    os.symlink(target, world.service("s") / "supervise")
    running(world)
    assert (world.directory / "s/t/lock").exists()


def test_supervise_is_a_file(world):
    """R10"""
    world.write(world.service("s4") / "supervise", "")
    fatal(world, "s4", "unable to open supervise/lock: not a directory")


@pytest.mark.parametrize("where", ["", "log/"])
def test_control_is_a_file(world, where):
    """R11"""
    directory = world.service("e", log__run=CAT)
    world.write(directory / where / "supervise/control", "")
    fatal(world, "e", f"{where}supervise/control exists but is not a fifo")
    assert not (directory / "supervise/status").exists()


def test_control_is_a_directory_or_a_device(world):
    """R11: what else it could be"""
    directory = world.service("e")
    (directory / "supervise/control").mkdir(parents=True)
    fatal(world, "e", "unable to open supervise/control: is a directory")
    (directory / "supervise/control").rmdir()
    os.symlink("/dev/null", directory / "supervise/control")
    fatal(world, "e", "supervise/control exists but is not a fifo")


def test_ok_may_be_a_file(world):
    """R12"""
    directory = world.service("s")
    world.write(directory / "supervise/ok", "")
    process = world.start("runsv", "s")
    wait_for_words(directory, "run")
    process.terminate()
    leaves(process)


def test_a_directory_that_is_not_ours_to_write_in(world):
    """R13"""
    stranger = Stranger(world)
    world.service("g").chmod(0o755)
    fatal(world, "g", "unable to open supervise/lock: file does not exist", **stranger.options)


def test_a_directory_that_may_be_entered_but_not_read(world):
    """Execute permission is all that is asked for, of the service directory and of log/"""
    stranger = Stranger(world)
    directory = stranger.owns(world.service("s", log__run=CAT))
    (directory / "log").chmod(0o300)
    directory.chmod(0o300)
    running(world, **stranger.options)
    wait_for_words(directory / "log", "run")


def test_a_directory_that_may_not_be_entered(world):
    """R2: access denied"""
    stranger = Stranger(world)
    stranger.owns(world.service("s")).chmod(0o600)
    fatal(world, "s", "unable to change to directory: access denied", **stranger.options)


@pytest.mark.parametrize("name", ["with space", "new\nline", "-x", "x" * 255, "tab\t*?[", "sl/as/hes", "caf\udce9", "x/."])
def test_any_name_is_served(world, name):
    """Names are bytes"""
    world.service(name)
    process, directory = running(world, name)
    control(directory, "d")
    wait_for_words(directory, "down")
    control(directory, "x")
    leaves(process)
    assert world.errors("runsv") == ""
