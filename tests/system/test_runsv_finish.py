"""runsv(8): ./finish: when it runs, and with which arguments."""

import os
import time

import pytest
from harness import children, control, pid_of, wait_for_words, wait_until
from runsv_scenes import ALONE, CAT, UNTIL_GO, Stranger, lines, running, sane, says, spins, told  # noqa: F401


def test_finish_gets_the_exit_code(world):
    """R21"""
    finish = "#!/bin/sh\necho \"$0 $*\"\npwd\necho told >&2\n"
    directory = world.service("s", "#!/bin/sh\nexit 3\n", finish=finish, log__run=CAT)
    world.runsv("s")
    wait_until(lambda: len(lines(directory / "log/out")) >= 2, "finish in the log")
    assert lines(directory / "log/out")[:2] == ["./finish 3 0", str(directory)]
    assert "told\n" in world.errors("runsv")


@pytest.mark.parametrize("how", ["KILL", "SEGV", "TERM", "HUP"])
def test_finish_gets_the_signal(world, how):
    """R22: the low byte of the wait status, with the bit that says that core was dumped"""
    run = f"#!/bin/sh\nulimit -c unlimited 2>/dev/null\nkill -{how} $$\n"
    directory = world.service("s", run, finish="#!/bin/sh\necho $* >>finished\n")
    child = os.fork()
    if child == 0:
        os.chdir(directory)
        os.execv("./run", ["./run"])
    expected = os.waitpid(child, 0)[1] & 0xFF
    world.runsv("s")
    wait_until(lambda: lines(directory / "finished"), "finish")
    assert lines(directory / "finished")[0] == f"-1 {expected}"


def test_a_finish_that_is_not_executable(world):
    """R23"""
    directory = world.service("s", "#!/bin/sh\necho >>starts\n", finish="no program\n")
    begin = time.monotonic()
    process = world.runsv("s")
    says(world, "runsv s: fatal: unable to start ./finish: access denied\n", 3)
    assert time.monotonic() - begin > 1.8
    assert len(lines(directory / "starts")) >= 3
    assert not spins(process.pid)


def test_a_finish_that_cannot_be_read_is_none(world):
    """R23"""
    stranger = Stranger(world)
    directory = world.service("s", "#!/bin/sh\necho >>starts\n", finish="#!/bin/sh\n")
    stranger.owns(directory)
    (directory / "finish").chmod(0)
    world.runsv("s", **stranger.options)
    wait_until(lambda: len(lines(directory / "starts")) >= 3, "starts")
    assert world.errors("runsv") == ""


def test_signals_do_not_reach_finish(world):
    """R24"""
    finish = "#!/bin/sh\nfor s in TERM HUP ALRM INT QUIT USR1 USR2 CONT; do trap \"echo $s >>trace\" $s; done\n" + UNTIL_GO
    directory = world.service("s", finish=finish)
    running(world)
    started = told(directory)
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    control(directory, "thaiq12pc")
    control(directory, "u")
    wait_for_words(directory, "finish")
    now = told(directory)
    assert (now.since, now.nanos, now.paused, now.got_term) == (started.since, started.nanos, 0, 0)
    (directory / "go").touch()
    wait_for_words(directory, "run")
    assert not (directory / "trace").exists()


def test_kill_and_up_during_finish(world):
    """R25, bug 2: finish is ended, and not joined by run"""
    finish = "#!/bin/sh\necho >>begun\n" + UNTIL_GO + "echo whole >>finished\n"
    directory = world.service("s", ALONE, finish=finish)
    running(world)
    wait_until(lambda: lines(directory / "pids"), "the first")
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    control(directory, "u")
    wait_for_words(directory, "finish")
    control(directory, "k")
    wait_for_words(directory, "run")
    wait_until(lambda: len(lines(directory / "pids")) == 2, "the second start")
    assert lines(directory / "finished") == []
    assert not (directory / "two").exists()


def test_once_during_finish_is_kept(world):
    """A deliberate difference: runit forgets it"""
    directory = world.service("s", ALONE, finish="#!/bin/sh\n" + UNTIL_GO)
    running(world)
    wait_until(lambda: lines(directory / "pids"), "the first")
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    control(directory, "o")
    (directory / "go").touch()
    wait_until(lambda: len(lines(directory / "pids")) == 2, "once more")
    wait_for_words(directory, "run, want down")


def test_finish_is_looked_for_when_run_has_ended(world):
    """R23: not earlier"""
    directory = world.service("s", "#!/bin/sh\n" + UNTIL_GO)
    running(world)
    world.write(directory / "finish", "#!/bin/sh\necho $* >>finished\n")
    (directory / "go").touch()
    wait_until(lambda: lines(directory / "finished"), "finish")
