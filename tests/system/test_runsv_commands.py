"""runsv(8): the commands that supervise/control takes, and control scripts."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from harness import DEADLINE, Status, children, control, pid_of, stat_words, stays, wait_for_words, wait_until
from runsv_scenes import (  # noqa: F401
    ALONE, CAT, STUBBORN, TRACER, UNTIL_GO, leaves, lines, running, sane, signal_sets, traces,
)


@pytest.mark.parametrize("handled", [True, False])
def test_kill_never_lies(world, handled):
    """R26, bug 2: after k and u there is one copy, and the old one is gone before the new one starts"""
    directory = world.service("s", ALONE.replace("exec 9", "trap '' TERM\nexec 9"))
    if handled:
        world.write(directory / "control/k", "#!/bin/sh\nexit 0\n")
    process, _ = running(world)
    old = pid_of(directory)
    for _ in range(10):
        control(directory, "ku")
    if handled:
        control(directory, "p")
        wait_for_words(directory, "run, paused")  # all commands before it have been taken
        assert children(process.pid) == [old]
        assert pid_of(directory) == old
    else:
        wait_until(lambda: pid_of(directory) not in (0, old), "a new process")
        assert len(children(process.pid)) == 1
    assert not (directory / "two").exists()


def test_a_storm_of_commands_never_makes_two_copies(world):
    """bug 2: one process per run at any moment"""
    directory = world.service("s", ALONE, finish="#!/bin/sh\nexec 9>>alone\nflock -n 9 || echo two >>two\n",
                              control__u="#!/bin/sh\nsleep 0.01\n", control__k="#!/bin/sh\nexit $(($$ % 2))\n")
    process, _ = running(world)
    wait_until(lambda: len(lines(directory / "pids")) == 1, "the first start")
    dice = random.Random(7)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        control(directory, "".join(dice.choice("uuuodtkkpc1") for _ in range(dice.randrange(1, 6))))
        time.sleep(dice.random() * 0.1)
        assert len(children(process.pid)) <= 2  # ./run or ./finish, and a control script
    control(directory, "cu")
    wait_until(lambda: str(pid_of(directory)) in lines(directory / "pids")[1:], "a later start")
    control(directory, "x")
    leaves(process)
    assert not (directory / "two").exists()


def test_down_asks_sends_and_tells_in_order(world):
    """R27"""
    note = "#!/bin/sh\necho {0} >>trace\nexit {1}\n"
    directory = world.service(
        "s", TRACER, control__t=note.format("t", 1), control__c=note.format("c", 0),
        control__d="#!/bin/sh\nuntil grep -q CONT trace && grep -q TERM trace; do sleep 0.02; done\necho d >>trace\nexit 1\n")
    running(world)
    traces(directory, "run")
    control(directory, "d")
    traces(directory, "t", "TERM", "CONT", "d")
    noted = lines(directory / "trace")
    assert noted[:2] == ["run", "t"] and noted[-1] == "d" and "c" not in noted
    wait_for_words(directory, "run, got TERM, want down")


def test_down_without_term_when_the_script_has_handled_it(world):
    """R27: CONT always; "got TERM" only when it was sent"""
    directory = world.service("s", TRACER, control__t="#!/bin/sh\necho t >>trace\n",
                              control__d="#!/bin/sh\necho d >>trace\n")
    running(world)
    traces(directory, "run")
    control(directory, "d")
    traces(directory, "t", "CONT", "d")
    wait_for_words(directory, "run, want down")
    assert "TERM" not in lines(directory / "trace")


def test_exit_leaves_when_all_is_down(world):
    """R28, R51"""
    directory = world.service("s", control__t="#!/bin/sh\necho t >>trace\nexit 1\n", control__x="#!/bin/sh\necho x >>trace\n",
                              control__d="#!/bin/sh\necho d >>trace\n", log__run=CAT)
    process, _ = running(world)
    control(directory, "x")
    leaves(process)
    assert lines(directory / "trace") == ["t", "x"]
    for path in (directory, directory / "log"):
        assert (path / "supervise/stat").read_text() == "down\n"
        last = Status(path)
        assert (last.pid, last.want, last.now, last.paused, last.got_term) == (0, "d", "down", 0, 0)
        assert sorted(os.listdir(path / "supervise")) == ["control", "lock", "ok", "pid", "stat", "status"]
        assert (path / "supervise/pid").read_bytes() == b""


def test_exit_waits_for_a_run_that_ignores_term(world):
    """R28"""
    directory = world.service("s", STUBBORN)
    process, _ = running(world)
    traces(directory, "deaf")
    control(directory, "x")
    wait_for_words(directory, "run, got TERM, want exit")
    assert stays(lambda: process.poll() is None, 0.3)
    control(directory, "k")
    leaves(process)


def test_exit_when_it_is_down_already(world):
    """R28"""
    directory = world.service("s", down="", control__x="#!/bin/sh\necho x >>trace\n", control__t="#!/bin/sh\necho t >>trace\n")
    process = world.runsv("s")
    control(directory, "x")
    leaves(process)
    assert not (directory / "trace").exists(), "nothing runs, so nothing is asked"


def test_up_after_exit_is_obeyed(world):
    """R28: the last command counts"""
    directory = world.service("s", STUBBORN)
    process, _ = running(world)
    traces(directory, "deaf")
    control(directory, "x")
    wait_for_words(directory, "run, got TERM, want exit")
    control(directory, "uk")
    wait_for_words(directory, "run")
    assert process.poll() is None


@pytest.mark.parametrize("code", [0, 1, 100])
def test_a_script_is_asked_before_every_start(world, code):
    """R29"""
    directory = world.service("s", "#!/bin/sh\necho run >>trace\n", control__u=f"#!/bin/sh\necho u >>trace\nexit {code}\n",
                              control__o="#!/bin/sh\necho o >>trace\n")
    world.runsv("s")
    wait_until(lambda: len(lines(directory / "trace")) >= 4, "two starts")
    control(directory, "d")
    wait_until(lambda: Status(directory).want == "d" and Status(directory).now == "down", "down")
    before = lines(directory / "trace")
    control(directory, "o")
    wait_until(lambda: len(lines(directory / "trace")) == len(before) + 2, "once")
    assert lines(directory / "trace") == ["u", "run"] * (len(before) // 2 + 1)


def test_a_script_that_is_not_executable_is_none(world):
    """R30"""
    directory = world.service("s", TRACER, control__h="echo h >>trace\n")
    running(world)
    traces(directory, "run")
    control(directory, "h")
    traces(directory, "HUP")
    assert world.errors("runsv") == ""


def test_a_script_that_is_executable_for_others_only_is_none(world):
    """R30: only the owner's bit counts"""
    directory = world.service("s", TRACER, control__h="#!/bin/sh\necho h >>trace\n")
    (directory / "control/h").chmod(0o655)
    running(world)
    traces(directory, "run")
    control(directory, "h")
    traces(directory, "HUP")


def test_a_script_that_cannot_be_executed(world):
    """R31"""
    directory = world.service("c3", TRACER)
    world.write(directory / "control/h", "echo h >>trace\n", 0o755)
    running(world, "c3")
    traces(directory, "run")
    control(directory, "h")
    traces(directory, "HUP")
    assert world.errors("runsv") == "runsv c3: fatal: unable to run control/?: exec format error\n"


def test_a_slow_script_blocks_nobody_but_the_commands(world):
    """R32: children are reaped, the logger is restarted, the commands wait in order"""
    directory = world.service(
        "s", ALONE, log__run="#!/bin/sh\necho >>starts\nexec cat\n", control__h="#!/bin/sh\necho begin >>trace\n" + UNTIL_GO,
        **{f"control__{c}": f"#!/bin/sh\necho {c} >>trace\n" for c in "12a"})
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    control(directory, "h12a")
    traces(directory, "begin")
    logger, main = pid_of(directory / "log"), pid_of(directory)
    os.kill(logger, signal.SIGKILL)
    wait_until(lambda: pid_of(directory / "log") not in (0, logger), "a new logger")
    os.kill(main, signal.SIGKILL)
    wait_for_words(directory, "down")
    assert lines(directory / "trace") == ["begin"]
    assert stays(lambda: stat_words(directory) == "down", 1.2), "nothing starts while the script runs"
    control(directory / "log", "d")
    wait_for_words(directory / "log", "down")
    control(directory / "log", "u")
    (directory / "go").touch()
    wait_for_words(directory, "run")
    control(directory, "1")
    wait_until(lambda: "1" in lines(directory / "trace"), "1")
    assert process.poll() is None


def test_commands_behind_a_slow_script_are_obeyed_in_order(world):
    """R32: none is lost"""
    directory = world.service("s", control__h="#!/bin/sh\necho begin >>trace\n" + UNTIL_GO,
                              **{f"control__{c}": f"#!/bin/sh\necho {c} >>trace\n" for c in "12ai"})
    running(world)
    control(directory, "h1")
    traces(directory, "begin")
    control(directory, "2")
    control(directory, "ai")
    control(directory, "21")
    (directory / "go").touch()
    wait_until(lambda: len(lines(directory / "trace")) >= 7, "all")
    assert lines(directory / "trace") == ["begin", "1", "2", "a", "i", "2", "1"]


def test_term_behind_a_slow_script_is_kept(world):
    """R32, R38"""
    directory = world.service("s", control__h="#!/bin/sh\necho begin >>trace\n" + UNTIL_GO)
    process, _ = running(world)
    control(directory, "h")
    traces(directory, "begin")
    process.terminate()
    assert stays(lambda: process.poll() is None, 0.2)
    (directory / "go").touch()
    leaves(process)


def test_a_script_that_is_killed_has_not_handled_it(world):
    """R27: only exit code 0 counts"""
    directory = world.service("s", TRACER, control__h="#!/bin/sh\nkill -9 $$\n")
    running(world)
    traces(directory, "run")
    control(directory, "h")
    traces(directory, "HUP")


def test_what_a_script_is_given(world):
    """R33: the pid as $1, empty when there is none; the service directory; the log"""
    show = "#!/bin/sh\necho \"$0 $# [$1] $(pwd)\"\necho \"$0\" >&2\n"
    directory = world.service("s", down="", control__u=show, control__h=show, log__run=CAT)
    world.runsv("s")
    wait_for_words(directory / "log", "run")
    control(directory, "u")
    wait_for_words(directory, "run")
    control(directory, "h")
    wait_until(lambda: len(lines(directory / "log/out")) == 2, "both in the log")
    assert lines(directory / "log/out") == [f"control/u 1 [] {directory}", f"control/h 1 [{pid_of(directory)}] {directory}"]
    assert world.errors("runsv") == "control/u\ncontrol/h\n"


def test_what_a_script_says_before_the_first_start_reaches_the_log(world):
    """R33: also when the logger is down, and comes up later"""
    directory = world.service("s", control__u="#!/bin/sh\necho early\n", log__run=CAT, log__down="")
    running(world)
    control(directory / "log", "u")
    wait_until(lambda: lines(directory / "log/out") == ["early"], "the log")


def test_a_script_sees_the_true_status(world):
    """What control/? reads in supervise/ is what is so"""
    directory = world.service("s", control__h="#!/bin/sh\ncat supervise/stat supervise/pid >seen\n")
    running(world)
    control(directory, "ph")
    wait_until(lambda: len(lines(directory / "seen")) == 2, "both files")
    assert lines(directory / "seen") == ["run, paused", str(pid_of(directory))]


def test_a_script_that_is_asked_before_the_first_start_finds_the_files(world):
    """control/u can read supervise/ in the very first start"""
    directory = world.service("s", control__u="#!/bin/sh\ncat supervise/stat >seen\n")
    running(world)
    assert lines(directory / "seen") == ["down"]


def test_every_child_has_a_clean_mask_and_default_dispositions(world):
    """R34, R35, bug 13"""
    # By the shell itself: dash empties the mask of what it starts.
    show = "#!/bin/sh\nwhile read key value; do case $key in Sig*) echo $key $value; esac; done </proc/$$/status >{}\n"
    directory = world.service("s", show.format("of-run") + UNTIL_GO, finish=show.format("of-finish"),
                              control__u=show.format("of-control"), log__run=show.format("of-log") + "exec cat\n")

    def hostile():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP, signal.SIGPIPE})
        for ignored in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT):
            signal.signal(ignored, signal.SIG_IGN)

    process, _ = running(world, preexec_fn=hostile)
    wait_until(lambda: "SigCgt" in "".join(lines(directory / "of-run")), "run")
    (directory / "go").touch()
    control(directory, "x")
    leaves(process)
    for who in ("of-run", "of-finish", "of-control", "log/of-log"):
        sets = signal_sets(directory / who)
        assert sets["SigBlk"] == 0, who
        assert sets["SigIgn"] == 1 << (signal.SIGINT - 1), f"{who}: what was inherited, less what runsv listens to"


def test_pause_is_said_when_a_script_says_so(world):
    """R36: though no STOP was sent"""
    directory = world.service("s", control__p="#!/bin/sh\nexit 0\n")
    running(world)
    control(directory, "p")
    wait_for_words(directory, "run, paused")
    assert Path(f"/proc/{pid_of(directory)}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T"


def test_pause_stops_and_continue_continues(world):
    """runsv(8), CONTROL"""
    directory = world.service("s")
    running(world)
    state = lambda: Path(f"/proc/{pid_of(directory)}/stat").read_text().rsplit(")", 1)[1].split()[0]
    control(directory, "p")
    wait_until(lambda: state() == "T", "stopped")
    wait_for_words(directory, "run, paused")
    control(directory, "c")
    wait_until(lambda: state() != "T", "continued")
    wait_for_words(directory, "run")
    control(directory, "p")
    wait_for_words(directory, "run, paused")
    control(directory, "d")
    wait_for_words(directory, "down")


@pytest.mark.parametrize("letter, name", [("h", "HUP"), ("a", "ALRM"), ("i", "INT"), ("q", "QUIT"), ("1", "USR1"),
                                          ("2", "USR2"), ("t", "TERM"), ("c", "CONT")])
def test_every_letter_sends_its_signal(world, letter, name):
    """runsv(8), CONTROL"""
    directory = world.service("s", TRACER)
    running(world)
    traces(directory, "run")
    control(directory, letter)
    traces(directory, name)
    assert [w for w in lines(directory / "trace") if w not in ("run", name)] == []


def test_bytes_that_mean_nothing_are_passed_over(world):
    """R37"""
    directory = world.service("s", **{f"control__{c}": f"#!/bin/sh\necho {c} >>trace\n" for c in "12ahi"})
    running(world)
    noise = bytes(b for b in range(256) if chr(b) not in "udopchaiq12tkx")
    control(directory, b"1\0h\n" + noise + b"2?\xffa" + noise * 3 + b"i")
    wait_until(lambda: len(lines(directory / "trace")) >= 5, "all five")
    assert lines(directory / "trace") == ["1", "h", "2", "a", "i"]
    wait_for_words(directory, "run")
    assert world.errors("runsv") == ""


def test_four_writers_at_once(world):
    """No byte that is written to control is lost, with any number of writers"""
    directory = world.service("s", control__h="#!/bin/sh\necho h >>trace\n")
    process, _ = running(world)

    def write(data):
        with open(directory / "supervise/control", "wb", buffering=0) as to:
            while data:
                data = data[to.write(data[:4096]):]

    noise = b"\0z\n?Z" * 5000
    writers = [threading.Thread(target=write, args=(noise + b"h" * 25 + noise[:600],)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(DEADLINE)
    wait_until(lambda: len(lines(directory / "trace")) >= 100, "a hundred")
    control(directory, "p")
    wait_for_words(directory, "run, paused")
    assert len(lines(directory / "trace")) == 100
    control(directory, "x")
    leaves(process)


def test_a_flood_of_commands_delays_no_restart(world):
    """100 kB of commands, and a service that dies meanwhile"""
    directory = world.service("s")
    process, _ = running(world)
    old = pid_of(directory)
    flood = threading.Thread(target=lambda: (directory / "supervise/control").write_bytes(b"c" * 100_000))
    flood.start()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: pid_of(directory) not in (0, old), "a new process")
    flood.join(DEADLINE)
    control(directory, "x")
    leaves(process)


def test_term_to_runsv_is_exit(world):
    """R38"""
    directory = world.service("s", TRACER.replace("trap \"echo $s >>trace\" $s", "trap \"echo $s >>trace; exit 0\" $s"),
                              finish="#!/bin/sh\necho finish >>trace\necho last\n", log__run="#!/bin/sh\ncat >>out\necho eof >>out\n")
    process, _ = running(world)
    traces(directory, "run")
    process.terminate()
    leaves(process)
    assert lines(directory / "trace") == ["run", "TERM", "finish"]
    assert lines(directory / "log/out") == ["last", "eof"]


def test_once_runs_once(world):
    """runsv(8), CONTROL"""
    directory = world.service("s", "#!/bin/sh\necho >>starts\n" + UNTIL_GO, down="")
    world.runsv("s")
    control(directory, "o")
    wait_for_words(directory, "run, want down")
    (directory / "go").touch()
    wait_for_words(directory, "down")
    assert stays(lambda: stat_words(directory) == "down", 1.2)
    assert len(lines(directory / "starts")) == 1


@pytest.mark.parametrize("finish", [None, "#!/bin/sh\nexit 0\n"])
def test_once_right_after_kill_starts_it_once_more(world, finish):
    """As runit does, which reaps the process before it reads the next command."""
    directory = world.service("s", "#!/bin/sh\necho >>starts\nexec sleep 1000\n", finish=finish)
    running(world)
    wait_until(lambda: len(lines(directory / "starts")) == 1, "the first start")
    for starts in range(2, 5):
        control(directory, "ko")
        wait_until(lambda: len(lines(directory / "starts")) == starts, "the next start")  # noqa: B023
        wait_for_words(directory, "run, want down")
    control(directory, "k")
    wait_for_words(directory, "down")
    assert stays(lambda: stat_words(directory) == "down", 1.2)


def test_up_cancels_down(world):
    """runsv(8), CONTROL"""
    directory = world.service("s", STUBBORN)
    running(world)
    traces(directory, "deaf")
    control(directory, "d")
    wait_for_words(directory, "run, got TERM, want down")
    control(directory, "uk")
    wait_for_words(directory, "run")
