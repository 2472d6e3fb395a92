"""runsv(8): ./run: how it is started, and when again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness import Status, children, control, pid_of, stat_words, stays, wait_for_words, wait_until
from runsv_scenes import (  # noqa: F401
    ALONE, CAT, STUBBORN, UNTIL_GO, leaves, lines, running, sane, says, spins, starts_of, told, traces,
)


@pytest.mark.parametrize("content, mode, words", [
    (None, 0, "file does not exist"),
    ("#!/bin/sh\n", 0o644, "access denied"),
    ("exit 0\n", 0o755, "exec format error"),
    ("", 0o755, "exec format error"),
    ("#!/no/such/interpreter\n", 0o755, "file does not exist"),
    ("\x7fELF", 0o755, "exec format error"),
])
def test_a_run_that_cannot_be_started_is_tried_every_second(world, content, mode, words):
    """R14, R15"""
    directory = world.service("s5", run=None, finish="#!/bin/sh\necho $* >>finished\n")
    if content is not None:
        world.write(directory / "run", content, mode)
    begin = time.monotonic()
    process = world.runsv("s5")
    says(world, f"runsv s5: fatal: unable to start ./run: {words}\n", 3)
    assert time.monotonic() - begin > 1.8
    assert set(world.errors("runsv").splitlines()) == {f"runsv s5: fatal: unable to start ./run: {words}"}
    wait_until(lambda: len(lines(directory / "finished")) >= 2, "finish")
    assert set(lines(directory / "finished")) == {"111 0"}
    assert not spins(process.pid)
    world.write(directory / "run", "#!/bin/sh\nexec sleep 1000\n")
    wait_for_words(directory, "run")


def test_a_run_that_is_a_directory(world):
    """R15"""
    (world.service("s", run=None) / "run").mkdir()
    world.runsv("s")
    says(world, "runsv s: fatal: unable to start ./run: access denied\n", 2)


def test_two_starts_are_a_second_apart(world):
    """R16"""
    directory = world.service("s", "#!/bin/sh\nsleep 0.15\n")
    world.runsv("s")
    starts = starts_of(directory, 4)
    assert all(b - a > 0.999e9 for a, b in zip(starts, starts[1:]))


def test_two_starts_are_a_second_apart_with_finish_between_them(world):
    """R16: the second counts from the start of ./run"""
    directory = world.service("s", "#!/bin/sh\nsleep 0.15\n", finish="#!/bin/sh\nsleep 0.3\n")
    world.runsv("s")
    starts = starts_of(directory, 4)
    gaps = [b - a for a, b in zip(starts, starts[1:])]
    assert min(gaps) > 0.999e9
    assert min(gaps) < 1.25e9, "the time that finish took is part of the second"


def test_who_lived_longer_than_a_second_is_restarted_at_once(world):
    """R16"""
    directory = world.service("s")
    running(world)
    took = []
    for _ in range(3):
        old = pid_of(directory)
        wait_until(lambda: time.time() - Status(directory).since > 2.1, "two seconds")
        killed = time.time()
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: pid_of(directory) not in (0, old), "a new process")
        now = wait_until(lambda: Status(directory) if Status(directory).pid == pid_of(directory) else None, "status")
        took.append(now.since + now.nanos / 1e9 - killed)
    assert min(took) < 0.5


def test_a_command_in_the_second_is_obeyed_in_the_second(world):
    """bug 6: the second is a timer"""
    directory = world.service("s", "#!/bin/sh\necho >>starts\n")
    world.runsv("s")
    for attempt in range(5):
        started = len(lines(directory / "starts"))
        wait_until(lambda: len(lines(directory / "starts")) > started and stat_words(directory) == "down", "a start")
        control(directory, "d")
        wait_until(lambda: Status(directory).want == "d", "want down")
        told = (directory / "supervise/stat").stat().st_mtime_ns
        started_at = (directory / "starts").stat().st_mtime_ns
        count = len(lines(directory / "starts"))
        if told - started_at < 0.9e9:
            break
        control(directory, "u")
    else:
        pytest.fail("down took the rest of the second, five times")
    assert stays(lambda: len(lines(directory / "starts")) == count, 1.3)


def test_term_in_the_second_leaves_without_another_start(world):
    """bug 6, R38"""
    directory = world.service("s", "#!/bin/sh\necho >>starts\n")
    process = world.runsv("s")
    wait_until(lambda: lines(directory / "starts") and stat_words(directory) == "down", "a start")
    count = len(lines(directory / "starts"))
    process.terminate()
    leaves(process)
    assert len(lines(directory / "starts")) <= count + 1


def test_down_and_up_in_the_second(world):
    """R50, bug 6: nothing is lost"""
    directory = world.service("s", ALONE)
    running(world)
    wait_until(lambda: lines(directory / "pids"), "the first")
    control(directory, "du")
    wait_until(lambda: len(lines(directory / "pids")) == 2, "the second")
    wait_for_words(directory, "run")
    assert not (directory / "two").exists()


def test_a_down_file_keeps_it_down(world):
    """R17"""
    directory = world.service("d1", down="", log__run=CAT, log__down="")
    world.runsv("d1")
    for path in (directory, directory / "log"):
        wait_for_words(path, "down")
        now = told(path)
        assert (now.want, now.now, now.pid) == ("d", "down", 0)
    control(directory, "u")
    wait_for_words(directory, "run")
    assert told(directory).want == "u"
    assert stat_words(directory / "log") == "down"


def test_down_may_be_anything(world):
    """R17: also a directory; a link that leads nowhere is nothing"""
    directory = world.service("s")
    (directory / "down").mkdir()
    world.runsv("s")
    wait_for_words(directory, "down")
    other = world.service("o")
    os.symlink("nowhere", other / "down")
    world.runsv("o")
    wait_for_words(other, "run")


def test_the_bytes_of_status(world):
    """R18"""
    directory = world.service("s", STUBBORN, finish="#!/bin/sh\n" + UNTIL_GO)
    before = time.time()
    process, _ = running(world)
    traces(directory, "deaf")
    now = told(directory)
    assert len(now.raw) == 20
    assert (now.paused, now.want, now.got_term, now.now) == (0, "u", 0, "run")
    assert before - 1 <= now.since <= time.time() and now.nanos < 10**9
    assert children(process.pid) == [now.pid]
    control(directory, "p")
    wait_until(lambda: Status(directory).paused == 1, "paused")
    control(directory, "c")
    wait_until(lambda: Status(directory).paused == 0, "continued")
    control(directory, "x")
    wait_until(lambda: Status(directory).got_term == 1, "TERM")
    assert Status(directory).want == "d", "exit is written as down"
    os.kill(now.pid, signal.SIGKILL)
    wait_until(lambda: Status(directory).now == "finish", "finish")
    end = told(directory)
    assert (end.since, end.nanos, end.got_term) == (now.since, now.nanos, 0)
    assert end.pid not in (0, now.pid)
    (directory / "go").touch()
    leaves(process)
    last = Status(directory)
    assert (last.pid, last.want, last.now) == (0, "d", "down")
    assert (last.since, last.nanos) > (now.since, now.nanos)


def test_the_pid_file(world):
    """R19"""
    directory = world.service("s", finish="#!/bin/sh\necho $$ >finishing\n" + UNTIL_GO)
    process, _ = running(world)
    assert (directory / "supervise/pid").read_text() == f"{children(process.pid)[0]}\n"
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    assert (directory / "supervise/pid").read_text().splitlines() == wait_until(lambda: lines(directory / "finishing"))
    (directory / "go").touch()
    wait_for_words(directory, "down")
    assert (directory / "supervise/pid").read_bytes() == b""


def test_the_words_of_stat(world):
    """R20"""
    directory = world.service("s", STUBBORN, finish="#!/bin/sh\n" + UNTIL_GO)
    process, _ = running(world)
    traces(directory, "deaf")
    for letter, words in [("p", "run, paused"), ("c", "run"), ("t", "run, got TERM"), ("p", "run, paused, got TERM"),
                          ("o", "run, paused, got TERM, want down"), ("c", "run, got TERM, want down"),
                          ("u", "run, got TERM"), ("d", "run, got TERM, want down"),
                          ("x", "run, got TERM, want exit"), ("k", "finish, want exit"), ("d", "finish, want down"),
                          ("u", "finish"), ("x", "finish, want exit")]:
        control(directory, letter)
        wait_for_words(directory, words)
    (directory / "go").touch()
    leaves(process)
    assert (directory / "supervise/stat").read_bytes() == b"down\n"


def test_who_reads_while_it_is_written_sees_the_old_or_the_new(world):
    """R20, bug 24"""
    directory = world.service("s")
    running(world)
    whole = {"down\n", "run\n", "run, paused\n"}
    for _ in range(2000):
        control(directory, "pc")
        assert (directory / "supervise/stat").read_text() in whole
        assert len((directory / "supervise/status").read_bytes()) == 20

CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
/* The wall clock, ahead by as many seconds as the file ./clock says. */
long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long);
    va_end(list);
    long (*real)(long, ...) = dlsym(RTLD_NEXT, "syscall");
    long answer = real(number, a, b);
    if (number == SYS_clock_gettime && a == CLOCK_REALTIME) {
        long ahead = 0;
        FILE* file = fopen(CLOCK_FILE, "r");
        if (file) {
            if (fscanf(file, "%ld", &ahead) != 1) ahead = 0;
            fclose(file);
        }
        ((struct timespec*)b)->tv_sec += ahead;
    }
    return answer;
}
"""


@pytest.fixture
def jumping(world):
    """The build with the system's C library, and a wall clock that can be moved: (environment, program, set)."""
    runsv = Path(__file__).resolve().parents[2] / "build/glibc/bin/runsv"
    if not runsv.exists():
        pytest.skip("the wall clock can only be moved for the build with the system's C library: cmake --preset glibc")
    clock = world.directory / "clock"
    source, shim = world.write("clock.c", CLOCK), world.directory / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", f'-DCLOCK_FILE="{clock}"', "-o", shim, source, "-ldl"], check=True)
    return {**world.suite.environment(), "LD_PRELOAD": str(shim)}, runsv, lambda s: clock.write_text(str(s))


@pytest.mark.parametrize("jump", [-100_000, 100_000, -1_700_000_000, 4_000_000_000])
@pytest.mark.shipped  # sanitizers do not go together with a preloaded clock
def test_a_wall_clock_that_jumps_delays_and_hurries_nothing(world, jumping, jump):
    """Every interval is monotonic; only the status file has the wall clock"""
    environment, runsv, set_clock = jumping
    directory = world.service("s", "#!/bin/sh\ndate +%s.%N >>starts\nsleep 0.1\n")
    world.start(runsv, "s", env={**environment, "SECONDS": "0"})
    wait_for_words(directory, "run")
    set_clock(jump)
    count = len(lines(directory / "starts"))
    wait_until(lambda: len(lines(directory / "starts")) >= count + 3, "three more starts", 10)
    starts = [float(s) for s in lines(directory / "starts")][count:]
    assert all(b - a > 0.8 for a, b in zip(starts, starts[1:])), "not hurried"
    wait_until(lambda: abs(Status(directory).since - time.time() - jump) < 100, "status has the wall clock")
