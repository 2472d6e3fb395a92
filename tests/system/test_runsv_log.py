"""runsv(8): log/: the pipe between a service and its logger, and which of them exits last."""

import os
import signal
import time
from pathlib import Path

import pytest
from harness import alive, control, pid_of, stat_words, stays, wait_for_words, wait_until
from runsv_scenes import (  # noqa: F401
    ALONE, CAT, TRACER, UNTIL_GO, leaves, lines, running, sane, says, spins, starts_of, told, traces,
)


def test_a_log_that_is_no_directory(world):
    """R39"""
    directory = world.service("l1", log="no directory\n")
    running(world, "l1")
    assert world.errors("runsv") == "runsv l1: warning: ./log: not a directory.\n"
    assert (directory / "log").is_file()


def test_a_log_that_leads_nowhere_is_none(world):
    """R39"""
    directory = world.service("s")
    os.symlink("nowhere", directory / "log")
    running(world)
    assert world.errors("runsv") == ""


def test_the_logger_gets_the_pipe_and_nothing_else(world):
    """R40, R46: no finish and no control scripts are run for it"""
    note = "#!/bin/sh\necho {} >>trace\n"
    directory = world.service("s", log__run="#!/bin/sh\nexec sleep 1000\n", log__finish=note.format("finish"),
                              **{f"log__control__{c}": note.format(c) for c in "utdxh"})
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    link = lambda pid, fd: os.readlink(f"/proc/{pid}/fd/{fd}")
    logger = pid_of(directory / "log")
    assert link(logger, 0).startswith("pipe:")
    assert link(logger, 0) == link(pid_of(directory), 1)
    for fd in (1, 2):
        assert link(logger, fd) == link(process.pid, fd)
    control(directory / "log", "h")
    wait_until(lambda: pid_of(directory / "log") not in (0, logger), "a new logger")
    control(directory / "log", "td")
    wait_for_words(directory / "log", "down")
    assert not (directory / "log/trace").exists()


def test_the_logger_has_its_own_directory(world):
    """runsv(8): runsv switches to service/log"""
    directory = world.service("s", log__run="#!/bin/sh\nexec sleep 1000\n")
    running(world)
    wait_for_words(directory / "log", "run")
    assert os.readlink(f"/proc/{pid_of(directory / 'log')}/cwd") == str(directory / "log")


def test_the_logger_does_not_know_exit(world):
    """R41"""
    directory = world.service("s", log__run=CAT)
    running(world)
    wait_for_words(directory / "log", "run")
    control(directory / "log", "xp")
    wait_for_words(directory / "log", "run, paused")


def test_nothing_is_lost_while_the_logger_is_down(world):
    """R42"""
    directory = world.service("s", "#!/bin/sh\n" + UNTIL_GO + "seq 1 2000\necho done >done\nexec sleep 1000\n",
                              log__run=CAT)
    running(world)
    wait_for_words(directory / "log", "run")
    control(directory / "log", "d")
    wait_for_words(directory / "log", "down")
    (directory / "go").touch()
    wait_until(lambda: (directory / "done").exists(), "it has written")
    control(directory / "log", "u")
    wait_until(lambda: len(lines(directory / "log/out")) == 2000, "all lines")
    assert lines(directory / "log/out") == [str(n) for n in range(1, 2001)]


def test_who_writes_more_than_a_pipe_holds_waits_for_the_logger(world):
    """R42"""
    directory = world.service("s", "#!/bin/sh\nseq 1 20000\necho done >done\nexec sleep 1000\n", log__run=CAT, log__down="")
    running(world)
    assert stays(lambda: not (directory / "done").exists(), 0.5)
    control(directory / "log", "u")
    wait_until(lambda: len(lines(directory / "log/out")) == 20000, "all lines")
    assert (directory / "done").exists()


def test_a_logger_that_ends_is_started_again_and_loses_nothing(world):
    """R43"""
    directory = world.service("s", "#!/bin/sh\nseq 1 3\nexec sleep 1000\n",
                              log__run="#!/bin/sh\nread line\necho $line >>out\nsleep 0.1\n")
    running(world)
    starts = starts_of(directory / "log", 3)
    assert all(b - a > 0.999e9 for a, b in zip(starts, starts[1:]))
    wait_until(lambda: lines(directory / "log/out") == ["1", "2", "3"], "all lines")


@pytest.mark.parametrize("content", [None, "exit\n"])
def test_a_logger_that_cannot_be_started(world, content):
    """R14 for log/run: the words, the rhythm, and the data stay"""
    directory = world.service("s", "#!/bin/sh\necho kept\nexec sleep 1000\n", log__placeholder="")
    if content is not None:
        world.write(directory / "log/run", content, 0o755)
    process, _ = running(world)
    words = "file does not exist" if content is None else "exec format error"
    says(world, f"runsv s: fatal: unable to start log/./run: {words}\n", 2)
    assert not spins(process.pid)
    world.write(directory / "log/run", CAT)
    wait_until(lambda: lines(directory / "log/out") == ["kept"], "the log")


def test_exit_waits_for_a_logger_that_ignores_the_end_of_its_input(world):
    """R44, bug 27: no TERM is sent to it"""
    directory = world.service("s", log__run="#!/bin/sh\ntrap 'echo TERM >>trace' TERM\n" + UNTIL_GO)
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    control(directory, "x")
    wait_for_words(directory, "down")
    assert stays(lambda: process.poll() is None, 0.5)
    assert stat_words(directory / "log") == "run, want exit"
    (directory / "log/go").touch()
    leaves(process)
    assert not (directory / "log/trace").exists()


def test_up_while_the_logger_drains_is_obeyed_after_it(world):
    """R44: a deliberate difference, runit does not obey it"""
    directory = world.service("s", ALONE, log__run="#!/bin/sh\necho $$ >>pids\n" + UNTIL_GO + "exec cat >>out\n")
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    control(directory, "x")
    wait_for_words(directory, "down")
    control(directory, "u")
    assert stays(lambda: stat_words(directory) == "down", 0.3)
    (directory / "log/go").touch()
    wait_for_words(directory, "run")
    wait_for_words(directory / "log", "run")
    wait_until(lambda: len(lines(directory / "log/pids")) == 2, "another logger")
    control(directory, "x")
    leaves(process)
    assert not (directory / "two").exists()


def test_up_that_comes_with_the_end_of_the_logger_starts_nothing_that_nobody_looks_after(world):
    directory = world.service("s", ALONE, log__run="#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n")
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    logger = pid_of(directory / "log")
    control(directory, "x")
    wait_for_words(directory, "down")
    wait_until(lambda: time.time() > told(directory / "log").since + 2, "a start would be due at once")
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T", "stopped")
    os.kill(logger, signal.SIGTERM)
    wait_until(lambda: not alive(logger), "the logger has ended")
    control(directory, "u")
    process.send_signal(signal.SIGCONT)
    leaves(process)
    assert not [pid for pid in world.living() if pid != process.pid]


def test_a_logger_that_is_killed_while_it_drains_is_started_once_more(world):
    """A deliberate difference: the content of the pipe reaches the log"""
    directory = world.service("s", "#!/bin/sh\necho last\necho >said\nexec sleep 1000\n",
                              log__run="#!/bin/sh\n" + UNTIL_GO + "exec cat >>out\n")
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    wait_until((directory / "said").exists, "the line is in the pipe")
    first = pid_of(directory / "log")
    control(directory, "x")
    wait_for_words(directory, "down")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: pid_of(directory / "log") not in (0, first), "a new logger")
    (directory / "log/go").touch()
    leaves(process)
    assert lines(directory / "log/out") == ["last"]


def test_exit_with_the_logger_down(world):
    """R45"""
    directory = world.service("s", log__run=CAT, log__down="")
    process, _ = running(world)
    control(directory, "x")
    leaves(process)


def test_a_logger_can_be_controlled(world):
    """R40: signals reach it"""
    directory = world.service("s", log__run=TRACER)
    running(world)
    traces(directory / "log", "run")
    control(directory / "log", "ha1t")
    traces(directory / "log", "HUP", "ALRM", "USR1", "TERM")
    wait_for_words(directory / "log", "run, got TERM")
