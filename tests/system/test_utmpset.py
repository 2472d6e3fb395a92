"""utmpset: records of utmp and wtmp, in mounts of its own; nothing of this machine is touched."""

import fcntl
import os
import resource
import signal
import subprocess
import time

import login_records
import pytest
from login_records import DEAD, LOGIN, SIZE, USER, record
from harness import wait_until

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root for mounts of its own")


@pytest.fixture
def machine(world):
    made = login_records.Machine(world.directory)
    made.utmp.write_bytes(
        record("tty1", "", kind=LOGIN) + record("tty1", "joe") + record("tty1", "ann") + record("tty2", "bob", pid=43)
    )
    return made


@pytest.fixture
def utmpset(world, machine):
    return lambda *arguments, **options: machine.run(world.suite.path("utmpset"), *arguments, **options)


def test_the_first_record_with_a_user_is_logged_out(machine, utmpset):
    before = login_records.records(machine.utmp.read_bytes())
    start = int(time.time())
    done = utmpset("tty1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    after = login_records.records(machine.utmp.read_bytes())
    assert [a == b for a, b in zip(before, after)] == [True, False, True, True]
    assert start <= after[1]["seconds"] <= time.time() + 1
    expected = {**before[1], "type": DEAD, "user": b"", "host": b"", "seconds": after[1]["seconds"]}
    assert after[1] == expected
    assert not machine.wtmp.exists()


def test_every_call_logs_out_one_more(machine, utmpset):
    assert [utmpset("tty1").returncode for _ in range(3)] == [0, 0, 111]


def test_a_line_without_a_user_is_no_entry(machine, utmpset):
    machine.wtmp.write_bytes(b"")
    done = utmpset("-w", "nosuch")
    assert done.returncode == 111
    assert done.stderr == "utmpset: warning: unable to logout line nosuch in utmp: no such entry\n"
    assert machine.wtmp.read_bytes() == b""


def test_wtmp_is_appended_to(machine, utmpset):
    machine.wtmp.write_bytes(record("old", "x"))
    assert utmpset("-w", "tty2").returncode == 0
    old, new = login_records.records(machine.wtmp.read_bytes())
    assert old["user"] == b"x"
    assert new == {
        "type": DEAD, "pid": 0, "line": b"tty2", "id": b"", "user": b"", "host": b"", "termination": 0, "exit": 0,
        "session": 0, "seconds": new["seconds"], "micros": 0, "address": b"",
    }  # fmt: skip
    assert abs(new["seconds"] - time.time()) < 60


def test_wtmp_is_created_for_its_owner(machine, utmpset):
    assert utmpset("-w", "tty2").returncode == 0
    assert (machine.wtmp.stat().st_size, machine.wtmp.stat().st_mode & 0o777) == (SIZE, 0o600)


def test_many_at_once_lose_no_record(world, machine, utmpset):
    lines = [f"pts/{n}" for n in range(24)]
    machine.utmp.write_bytes(b"".join(record(line, "joe") for line in lines))
    started = [subprocess.Popen(machine.command(world.suite.path("utmpset"), "-w", line)) for line in lines]
    assert [p.wait(timeout=60) for p in started] == [0] * len(lines)
    assert machine.wtmp.stat().st_size == len(lines) * SIZE
    assert sorted(r["line"].decode() for r in login_records.records(machine.wtmp.read_bytes())) == sorted(lines)
    assert {r["type"] for r in login_records.records(machine.utmp.read_bytes())} == {DEAD}


def test_a_record_that_does_not_fit_is_taken_back(machine, utmpset):
    machine.wtmp.write_bytes(record("old", "x") * 3 + b"x" * 100)

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 * SIZE, 4 * SIZE))

    done = utmpset("-w", "tty2", preexec_fn=limited, restore_signals=False)
    assert done.returncode == 111
    assert done.stderr.startswith("utmpset: warning: unable to logout line tty2 in wtmp: ")
    assert machine.wtmp.stat().st_size == 3 * SIZE + 100


def test_without_utmp(machine, utmpset):
    machine.utmp.unlink()
    done = utmpset("tty1")
    assert (done.returncode, done.stderr) == (111, "utmpset: fatal: unable to open /var/run/utmp: file does not exist\n")


def test_wtmp_that_cannot_be_opened(machine, utmpset):
    machine.wtmp.mkdir()
    done = utmpset("-w", "tty2")
    assert (done.returncode, done.stderr) == (111, "utmpset: fatal: unable to open /var/log/wtmp: is a directory\n")


def test_a_line_that_is_too_long(machine, utmpset):
    done = utmpset("x" * 33)
    assert done.returncode == 111
    assert done.stderr == f"utmpset: fatal: unable to logout line {'x' * 33} in utmp: name too long\n"


@pytest.mark.parametrize("arguments, words", [([], ""), (["-w"], ""), (["-x"], "utmpset: illegal option -- x\n")])
def test_wrong_usage(machine, utmpset, arguments, words):
    done = utmpset(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{words}usage: utmpset [-w] line\n\n")


def test_who_holds_the_lock_is_waited_for(world, machine, utmpset):
    with open(machine.utmp, "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        command = machine.command(world.suite.path("utmpset"), "tty1")
        started = subprocess.Popen(command)
        # a process that waits for a lock of ours is in /proc/locks, behind an arrow
        wait_until(lambda: any("->" in line for line in open("/proc/locks")) or started.poll() is not None, "it waits")
        fcntl.lockf(file, fcntl.LOCK_UN)
        assert started.wait(timeout=60) == 0
    assert login_records.records(machine.utmp.read_bytes())[1]["type"] == DEAD


def test_who_holds_the_lock_for_ever_is_not(world, machine, utmpset):
    with open(machine.utmp, "rb") as file:
        fcntl.lockf(file, fcntl.LOCK_SH)  # any user who can read the file may do this
        assert utmpset("tty1").returncode == 0
    assert login_records.records(machine.utmp.read_bytes())[1]["type"] == DEAD
    assert login_records.records(machine.utmp.read_bytes())[2]["type"] == USER
