"""runsv, as a whole program: every promise of runsv(8), and what was measured on runit 2.1.2 and 2.3.1.

A docstring that starts with R and a number, or with "bug" and a number, names a row of docs/contract.md; the others are
promises of our own.
"""

import fcntl
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import (DEADLINE, Status, alive, children, control, fifo_has_reader, mode_of, pid_of, stat_words, stays,
                     wait_for_words, wait_until)

# A ./run that notes the signals it gets in the file `trace`, and lives on.
TRACER = """#!/bin/sh
for s in TERM HUP ALRM INT QUIT USR1 USR2 CONT; do trap "echo $s >>trace" $s; done
echo run >>trace
while :; do sleep 1000 >/dev/null & wait; kill $!; done
"""
STUBBORN = "#!/bin/sh\ntrap '' TERM\necho deaf >>trace\nwhile :; do sleep 1000; done\n"
# Ends when the file `go` is there.
UNTIL_GO = "while [ ! -e go ]; do sleep 0.02; done\n"
# Notes when a second copy lives beside it.
ALONE = "#!/bin/sh\nexec 9>>alone\nflock -n 9 || echo two >>two\necho $$ >>pids\nexec sleep 1000\n"
CAT = "#!/bin/sh\nexec cat >>out\n"


@pytest.fixture(autouse=True)
def sane(world):
    """No test may leave a complaint of a sanitizer behind."""
    yield
    for word in ("Sanitizer", "runtime error"):
        assert word not in world.errors("runsv")


def lines(path):
    try:
        return Path(path).read_text(errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def says(world, text, times=1):
    wait_until(lambda: world.errors("runsv").count(text) >= times, f"{times} times {text!r}")


def traces(directory, *expected):
    """Waits until every word has been noted by the service."""
    wait_until(lambda: set(expected) <= set(lines(directory / "trace")), f"{expected} in trace")


def running(world, name="s", **options):
    """Starts runsv on a service directory and waits until ./run runs; (the process, the directory)."""
    process = world.runsv(name, **options)
    directory = world.directory / name
    wait_for_words(directory, "run")
    if (directory / "run").read_text() == STUBBORN:
        wait_until(lambda: ignores_term(pid_of(directory)), "the trap")
    return process, directory


def ignores_term(pid):
    ignored = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("SigIgn:"))
    return int(ignored.split()[1], 16) >> (signal.SIGTERM - 1) & 1


def told(directory):
    """supervise/status, as soon as it says what supervise/stat says: the one is replaced after the other."""

    def agreed():
        try:
            words, now = stat_words(directory), Status(directory)
        except FileNotFoundError:
            return None
        said = now.now + ", paused" * now.paused + ", got TERM" * now.got_term
        said += ", want down" * (now.want == "d" and now.now != "down")
        return now if said == words.replace("exit", "down") else None

    return wait_until(agreed, "stat and status agree")


def leaves(process):
    assert process.wait(timeout=DEADLINE) == 0


def fatal(world, name, words, **options):
    got = world.run("runsv", name, **options)
    assert (got.returncode, got.stdout, got.stderr) == (111, "", f"runsv {name}: fatal: {words}\n")


def cpu_seconds(pid):
    """CPU time of one process, without its children."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def spins(pid, seconds=2.0):
    """Whether a process does not rest: what tries again every second takes a hundredth of the processor, however slow the
    machine is a tenth; what does not wait takes all that is left by others."""
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds > 0.1


def switches(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])


def falls_asleep(pid):
    """Waits until the process has done what there was to do."""

    def rests():
        before = switches(pid)
        return stays(lambda: switches(pid) == before, 0.3)

    wait_until(rests, "it falls asleep")


def signal_sets(path):
    """SigBlk, SigIgn and SigCgt as a script has copied them from its /proc/PID/status."""
    return {k: int(v, 16) for k, v in (line.split(":") for line in lines(path) if not line.startswith("SigQ"))}


class Stranger:
    """A user without rights, whose processes are nobody else's: for limits that root does not have."""

    def __init__(self, world):
        self.uid = 30_000 + os.getpid() % 20_000
        self.options = {"user": self.uid, "group": self.uid, "extra_groups": []}
        world.directory.chmod(0o755)

    def may_have(self, processes, pid):
        """From now on a process of this user, and all that it starts, find so many processes enough."""
        subprocess.run(["prlimit", "--pid", str(pid), f"--nproc={processes}:100"], check=True, **self.options)

    def owns(self, directory):
        for path in [directory, *directory.rglob("*")]:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)
        return directory


# -- how it begins -------------------------------------------------------------------------------------------------


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


# -- ./run ----------------------------------------------------------------------------------------------------------


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


def starts_of(directory, count):
    """The times of the next starts, as status tells them."""
    seen = []

    def collect():
        try:
            now = Status(directory)
        except FileNotFoundError:
            return False
        at = now.since * 10**9 + now.nanos
        if now.now == "run" and at not in seen:
            seen.append(at)
        return len(seen) >= count

    wait_until(collect, f"{count} starts")
    return seen


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


# -- ./finish -------------------------------------------------------------------------------------------------------


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
    control(directory, "thaiq12kpc")
    control(directory, "u")
    wait_for_words(directory, "finish")
    now = told(directory)
    assert (now.since, now.nanos, now.paused, now.got_term) == (started.since, started.nanos, 0, 0)
    (directory / "go").touch()
    wait_for_words(directory, "run")
    assert not (directory / "trace").exists()


def test_kill_and_up_during_finish(world):
    """R25, bug 2: finish is neither cut short nor joined by run"""
    finish = "#!/bin/sh\n" + UNTIL_GO + "echo whole >>finished\n"
    directory = world.service("s", ALONE, finish=finish)
    process, _ = running(world)
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    pid = pid_of(directory)
    control(directory, "ku")
    wait_for_words(directory, "finish")
    assert children(process.pid) == [pid]
    (directory / "go").touch()
    wait_for_words(directory, "run")
    assert lines(directory / "finished") == ["whole"]
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


# -- commands -------------------------------------------------------------------------------------------------------


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
    dice = random.Random(7)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        control(directory, "".join(dice.choice("uuuodtkkpc1") for _ in range(dice.randrange(1, 6))))
        time.sleep(dice.random() * 0.1)
        assert len(children(process.pid)) <= 2  # ./run or ./finish, and a control script
    control(directory, "cu")
    wait_for_words(directory, "run")
    control(directory, "x")
    leaves(process)
    assert not (directory / "two").exists()
    assert len(lines(directory / "pids")) >= 2


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
    """R30: it is the owner's bit that counts"""
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
    """Nothing that is written to control is lost, whoever writes"""
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


def test_up_cancels_down(world):
    """runsv(8), CONTROL"""
    directory = world.service("s", STUBBORN)
    running(world)
    traces(directory, "deaf")
    control(directory, "d")
    wait_for_words(directory, "run, got TERM, want down")
    control(directory, "uk")
    wait_for_words(directory, "run")


# -- log ------------------------------------------------------------------------------------------------------------


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
    """A deliberate difference: what is in the pipe reaches the log"""
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


# -- what is inherited -----------------------------------------------------------------------------------------------


def test_nothing_of_runsv_leaks_into_its_children(world):
    """R46"""
    directory = world.service("s", finish="#!/bin/sh\nexec sleep 1000\n", log__run="#!/bin/sh\nexec sleep 1000\n",
                              control__h="#!/bin/sh\necho $$ >script\nexec sleep 1000\n")
    extra = os.open("/dev/null", os.O_RDONLY)
    process, _ = running(world, pass_fds=(extra,))
    fds = lambda pid: sorted(int(n) for n in os.listdir(f"/proc/{pid}/fd"))
    own = sorted({0, 1, 2, extra})
    sleeps = lambda pid: pid != 0 and Path(f"/proc/{pid}/comm").read_text() == "sleep\n"
    for path in (directory, directory / "log"):
        wait_until(lambda: sleeps(pid_of(path)) and fds(pid_of(path)) == own, "only what it was given")
    control(directory, "h")
    script = int(wait_until(lambda: lines(directory / "script"), "the script")[0])
    wait_until(lambda: sleeps(script) and fds(script) == own, "only what it was given")
    os.kill(script, signal.SIGKILL)
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    wait_until(lambda: sleeps(pid_of(directory)) and fds(pid_of(directory)) == own, "only what it was given")
    os.close(extra)


def test_the_service_stays_in_the_session(world):
    """R47"""
    directory = world.service("s", log__run=CAT)
    process, _ = running(world, start_new_session=True)
    wait_for_words(directory / "log", "run")
    for pid in (pid_of(directory), pid_of(directory / "log")):
        assert os.getsid(pid) == os.getpgid(pid) == process.pid


def test_the_environment_and_the_streams_are_inherited(world):
    """runsv(8): nothing else is changed"""
    directory = world.service("s", "#!/bin/sh\necho $GREETING\necho error >&2\nread line\necho $line >heard\nexec sleep 1000\n")
    world.write("in", "spoken\n")
    with open(world.directory / "in") as spoken:
        running(world, stdin=spoken, env={**world.suite.environment(), "GREETING": "hello"})
    wait_until(lambda: lines(directory / "heard") == ["spoken"], "stdin")
    assert lines(world.directory / "runsv.out") == ["hello"]
    assert world.errors("runsv") == "error\n"


def test_children_are_not_copies(world):
    """Spawning shares the memory until the exec"""
    directory = world.service("s")
    trace = world.directory / "strace"
    world.start(shutil.which("strace"), "-qq", "-o", trace, "-e", "trace=process", world.suite.path("runsv"), "s")
    wait_for_words(directory, "run")
    wait_until(lambda: "vfork(" in trace.read_text(), "vfork")
    calls = {line.split("(")[0] for line in lines(trace)}
    assert not calls & {"fork", "clone", "clone3"}


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_stream_that_is_closed_at_the_start(world, closed):
    """Descriptors 0, 1 and 2 are never taken for something else"""
    directory = world.service("s", "#!/bin/sh\necho out\necho err >&2\necho >>starts\nexec sleep 1000\n", log__run=CAT)

    def close():
        for fd in closed:
            os.close(fd)

    process, _ = running(world, preexec_fn=close)
    wait_until(lambda: lines(directory / "log/out") == ["out"], "the log")
    for fd in closed:
        assert os.readlink(f"/proc/{process.pid}/fd/{fd}") == "/dev/null"
    assert len(lines(directory / "starts")) == 1
    control(directory, "x")
    leaves(process)


def test_nobody_reads_its_errors(world):
    """A broken pipe at stderr kills nobody"""
    directory = world.service("s", run=None)
    read, write = os.pipe()
    process = world.runsv("s", stderr=write)
    os.close(write)
    os.close(read)
    wait_until((directory / "supervise/status").exists, "its status")
    first = Status(directory).since
    wait_until(lambda: Status(directory).since > first, "it goes on")
    assert process.poll() is None


def test_a_full_pipe_at_stderr_blocks_nobody(world):
    """What cannot be said is dropped"""
    directory = world.service("s", run=None)
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(write, True)
    process = world.runsv("s", stderr=write)
    world.write(directory / "run", "#!/bin/sh\nexec sleep 1000 2>&-\n")
    wait_for_words(directory, "run")
    control(directory, "x")
    leaves(process)
    os.close(read)
    os.close(write)


# -- when the world breaks -------------------------------------------------------------------------------------------


def test_a_directory_that_is_renamed_is_served_on(world):
    """R49, bug 7"""
    directory = world.service("s", log__run=CAT)
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    moved = directory.rename(world.directory / "moved")
    old = pid_of(moved)
    control(moved, "d")
    wait_for_words(moved, "down")
    control(moved, "u")
    wait_for_words(moved, "run")
    assert pid_of(moved) != old
    assert os.readlink(f"/proc/{pid_of(moved)}/cwd") == str(moved)
    control(moved / "log", "d")
    wait_for_words(moved / "log", "down")
    control(moved, "x")
    leaves(process)
    assert world.errors("runsv") == ""


def test_a_directory_that_is_made_again_is_moved_into(world):
    """R49, bug 7: at the next thing that happens"""
    directory = world.service("q4", log__run=CAT)
    process, _ = running(world, "q4")
    wait_for_words(directory / "log", "run")
    old = pid_of(directory)
    shutil.rmtree(directory)
    world.service("q4", log__run=CAT)
    os.kill(old, signal.SIGKILL)
    wait_for_words(directory, "run")
    wait_for_words(directory / "log", "run")
    assert pid_of(directory) != old
    control(directory, "d")
    wait_for_words(directory, "down")
    control(directory, "x")
    leaves(process)


def test_a_directory_that_has_gone_is_waited_for(world):
    """R49: it warns once, and neither exits nor spins"""
    directory = world.service("s")
    process, _ = running(world)
    shutil.rmtree(directory)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    says(world, "unable to start ./run: file does not exist", 2)
    assert world.errors("runsv").count("warning") == 1
    assert not spins(process.pid)
    world.service("s")
    wait_for_words(directory, "run")
    control(directory, "x")
    leaves(process)


def test_a_directory_that_vanishes_in_a_command(world):
    """The control script removes the service directory"""
    directory = world.service("s", control__h="#!/bin/sh\nrm -rf \"$PWD\"\n")
    process, _ = running(world)
    control(directory, "h")
    wait_until(lambda: not directory.exists(), "gone")
    process.terminate()
    leaves(process)


def test_supervise_that_is_removed_comes_back(world):
    """bug 7: rm -r supervise/"""
    directory = world.service("s")
    process, _ = running(world)
    shutil.rmtree(directory / "supervise")
    os.kill(children(process.pid)[0], signal.SIGKILL)
    wait_for_words(directory, "run")
    control(directory, "x")
    leaves(process)


def test_a_fifo_that_is_removed_alone(world):
    """Somebody removes supervise/control: TERM still ends it"""
    directory = world.service("s")
    process, _ = running(world)
    (directory / "supervise/control").unlink()
    process.terminate()
    leaves(process)


def test_no_process_is_left(world):
    """EAGAIN: it warns, tries again every second, and comes up when it can"""
    stranger = Stranger(world)
    directory = stranger.owns(world.service("s", down=""))
    process = world.runsv("s", **stranger.options)
    stranger.may_have(1, process.pid)
    control(directory, "u")
    says(world, "runsv s: warning: unable to fork, sleeping: temporary failure\n", 2)
    assert stat_words(directory) == "down"
    assert not spins(process.pid)
    stranger.may_have(100, process.pid)
    wait_for_words(directory, "run")
    stranger.may_have(1, process.pid)
    control(directory, "x")
    leaves(process)


def test_no_process_is_left_for_finish(world):
    """EAGAIN: finish stays due"""
    stranger = Stranger(world)
    directory = stranger.owns(world.service("s", finish="#!/bin/sh\necho $* >>finished\n"))
    process, _ = running(world, **stranger.options)
    stranger.may_have(1, process.pid)
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    assert pid_of(directory) == 0
    says(world, "unable to fork, sleeping: temporary failure\n", 2)
    stranger.may_have(100, process.pid)
    wait_for_words(directory, "down")
    assert lines(directory / "finished") == ["-1 15"]


def test_no_process_is_left_for_a_control_script(world):
    """EAGAIN: the default action follows"""
    stranger = Stranger(world)
    directory = stranger.owns(world.service("s", "#!/bin/sh\nexec sleep 1000\n", control__t="#!/bin/sh\nexit 0\n"))
    process, _ = running(world, **stranger.options)
    stranger.may_have(1, process.pid)
    control(directory, "d")
    wait_for_words(directory, "down")
    assert world.errors("runsv") == "runsv s: warning: unable to fork for control/?: temporary failure\n"


def test_no_descriptor_is_left(world):
    """EMFILE: it says so, goes on, and the files tell the truth when they can"""
    directory = world.service("s", down="", log__run="#!/bin/sh\nexec cat >>out\n", log__down="")
    process = world.runsv("s")
    wait_for_words(directory, "down")
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (4, 1000))
    control(directory, "u")
    says(world, "process cannot open more files\n")
    assert process.poll() is None
    assert not spins(process.pid)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (1000, 1000))
    wait_for_words(directory, "run")
    control(directory, "x")
    leaves(process)


def test_finish_is_found_without_a_descriptor(world):
    """EMFILE: that finish is there can be seen without opening it"""
    directory = world.service("s", finish="no program\n")
    process, _ = running(world)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (4, 1000))
    control(directory, "k")
    says(world, "unable to start ./finish: access denied\n")
    assert process.poll() is None


@pytest.mark.parametrize("error", ["EROFS", "ENOSPC", "EIO"])
def test_files_that_cannot_be_replaced(world, error):
    """A read-only or full file system under supervise/: said once; the service is served"""
    words = {"EROFS": "read-only file system", "ENOSPC": "out of disk space", "EIO": "input/output error"}[error]
    directory = world.service("s", TRACER)
    world.start(shutil.which("strace"), "-D", "-qq", "-o", "/dev/null", "-e", "trace=renameat",
                "-e", f"inject=renameat:error={error}", world.suite.path("runsv"), "s",
                stderr=open(world.directory / "runsv.err", "ab"))
    traces(directory, "run")
    says(world, f"runsv s: warning: unable to rename to supervise/pid.new: {words}\n")
    process = world.processes[-1]
    control(directory, "h")
    traces(directory, "HUP")
    assert stays(lambda: world.errors("runsv").count("warning") == 1, 2.5)
    control(directory, "xk")
    leaves(process)


class Mounted:
    """runsv with a small tmpfs of its own for supervise/, in a mount namespace of its own."""

    def __init__(self, world, name, where, options):
        path = world.directory / name / where
        path.mkdir(parents=True, exist_ok=True)
        script = 'mount -t tmpfs -o "$1" tmpfs "$2" && exec "$3" "$4"'
        self.process = world.start(shutil.which("unshare"), "-m", "/bin/sh", "-c", script, "sh", options, path,
                                   world.suite.path("runsv"), name, stderr=open(world.directory / "runsv.err", "ab"))
        self.inside = Path(f"/proc/{self.process.pid}/root{world.directory}/{name}")


def test_a_full_file_system(world):
    """ENOSPC: what fits in place is written in place; pid, which was empty, waits"""
    world.service("s", down="")
    mounted = Mounted(world, "s", "supervise", "size=64k")
    wait_for_words(mounted.inside, "down")
    filler = mounted.inside / "supervise/filler"
    with pytest.raises(OSError):
        with open(filler, "wb", buffering=0) as to:
            while True:
                to.write(b"x" * 4096)
    control(mounted.inside, "u")
    says(world, "runsv s: warning: unable to write supervise/pid.new: out of disk space\n")
    process = wait_until(lambda: children(mounted.process.pid), "the service runs")
    wait_for_words(mounted.inside, "run")
    wait_until(lambda: Status(mounted.inside).pid == process[0], "the status knows its process")
    assert pid_of(mounted.inside) == 0
    assert not spins(mounted.process.pid)
    filler.unlink()
    wait_until(lambda: pid_of(mounted.inside) == process[0], "so does pid, when there is room")
    control(mounted.inside, "x")
    leaves(mounted.process)


def test_a_full_file_system_of_the_service_does_not_hide_the_logger(world):
    """ENOSPC below supervise/: log/supervise/ is written all the same"""
    directory = world.service("s", down="", log__run=CAT)
    mounted = Mounted(world, "s", "supervise", "size=64k")
    wait_for_words(directory / "log", "run")
    with pytest.raises(OSError):
        with open(mounted.inside / "supervise/filler", "wb", buffering=0) as to:
            while True:
                to.write(b"x" * 4096)
    control(mounted.inside, "u")
    says(world, "out of disk space")
    control(directory / "log", "d")
    wait_for_words(directory / "log", "down")


def test_no_inode_is_left(world):
    """ENOSPC when a file is made: those that exist are written"""
    world.service("s", down="")
    mounted = Mounted(world, "s", "supervise", "nr_inodes=8")
    wait_for_words(mounted.inside, "down")
    made = 0
    with pytest.raises(OSError):
        while True:
            (mounted.inside / f"supervise/filler{made}").touch()
            made += 1
    control(mounted.inside, "u")
    wait_for_words(mounted.inside, "run")
    wait_until(lambda: pid_of(mounted.inside) == children(mounted.process.pid)[0], "pid, too")
    assert world.errors("runsv") == ""


def test_a_restart_writes_status_and_pid_over_and_leaves_their_owner(world):
    """R6: what an administrator has allowed stays allowed"""
    directory = world.service("s")
    running(world)
    for name in ("status", "pid"):
        os.chown(directory / "supervise" / name, 1, 1)
        (directory / "supervise" / name).chmod(0o640)
    first = pid_of(directory)
    control(directory, "k")
    wait_until(lambda: pid_of(directory) not in (0, first) and Status(directory).pid == pid_of(directory), "again")
    for name in ("status", "pid"):
        file = (directory / "supervise" / name).stat()
        assert (file.st_uid, file.st_gid, file.st_mode & 0o777) == (1, 1, 0o640)


@pytest.mark.parametrize("name", ["status", "pid", "stat", "status.new", "pid.new", "stat.new"])
def test_a_planted_link_is_replaced_and_never_written_into(world, name):
    directory = world.service("s")
    precious = world.write("precious", "precious\n")
    running(world)
    planted = directory / "supervise" / name
    planted.unlink(missing_ok=True)
    planted.symlink_to(precious)
    control(directory, "d")
    wait_for_words(directory, "down")
    wait_until(lambda: Status(directory).now == "down" and pid_of(directory) == 0, "down")
    assert precious.read_text() == "precious\n"
    if not name.endswith(".new"):
        assert not planted.is_symlink()


@pytest.mark.parametrize("name", ["status", "pid", "stat"])
def test_a_status_file_that_was_removed_comes_back_with_the_next_change(world, name):
    directory = world.service("s")
    running(world)
    (directory / "supervise" / name).unlink()
    control(directory, "d")
    wait_until((directory / "supervise" / name).exists, "it is back")
    wait_for_words(directory, "down")


def test_runsv_does_not_stay_where_it_was_started(world):
    """What it was started in, a mounted services directory, may be unmounted"""
    directory = world.service("elsewhere/s")
    (world.directory / "services").mkdir()
    (world.directory / "services/s").symlink_to(directory)
    process = world.start("runsv", "s", cwd=world.directory / "services")
    wait_for_words(directory, "run")
    assert os.path.realpath(f"/proc/{process.pid}/cwd") == str(directory)
    held = [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{process.pid}/fd")]
    assert str(world.directory / "services") not in held


def test_a_read_only_file_system_at_the_start(world):
    """EROFS: nothing can be locked, so it never begins"""
    world.service("s")
    mounted = Mounted(world, "s", "supervise", "ro")
    assert mounted.process.wait(DEADLINE) == 111
    assert world.errors("runsv").endswith("s: fatal: unable to open supervise/lock: read-only file system\n")


def test_supervise_may_not_be_written_any_more(world):
    """EACCES in the loop: what exists is written, and the service is served"""
    stranger = Stranger(world)
    directory = stranger.owns(world.service("s"))
    process, _ = running(world, **stranger.options)
    (directory / "supervise").chmod(0o500)
    control(directory, "d")
    wait_for_words(directory, "down")
    assert not children(process.pid)
    (directory / "supervise/stat").unlink()
    control(directory, "u")
    says(world, "runsv s: warning: unable to open supervise/stat.new: access denied\n")
    (directory / "supervise").chmod(0o700)
    wait_for_words(directory, "run")


# -- time -------------------------------------------------------------------------------------------------------------

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


# -- nothing happens when nothing happens -----------------------------------------------------------------------------


def test_an_idle_supervisor_does_not_wake_up(world):
    """No polling, no periodic wake-ups"""
    directory = world.service("s", log__run=CAT)
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    falls_asleep(process.pid)
    before, used = switches(process.pid), cpu_seconds(process.pid)
    time.sleep(3)
    assert switches(process.pid) == before
    assert cpu_seconds(process.pid) - used < 0.03


def test_an_idle_supervisor_of_a_service_that_is_down_does_not_wake_up(world):
    """No polling, no periodic wake-ups"""
    directory = world.service("s", down="")
    process = world.runsv("s")
    wait_for_words(directory, "down")
    falls_asleep(process.pid)
    before = switches(process.pid)
    time.sleep(1.5)
    assert switches(process.pid) == before


def test_a_failing_service_makes_nobody_spin(world):
    """Nor exit"""
    world.service("s", "#!/bin/sh\nexit 1\n", finish="#!/bin/sh\nexit 1\n", log__run="#!/bin/sh\nexit 1\n")
    process = world.runsv("s")
    assert not spins(process.pid)
