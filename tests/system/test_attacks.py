"""A directory that a service user may write to, and root's programs at work in it: nothing outside of it changes.

The attacker is a user who owns supervise/ or a log directory, and lays a trap there under every name that the programs
use: a link to a file, to a directory or to nothing, a second name of root's file, a FIFO, a directory. What the trap
leads to must stay as it is, byte for byte, with its mode, owner and times, and no program may be caught waiting.
What is defended, and what is not: docs/security.md.
"""

import contextlib
import fcntl
import os
import signal
import stat
import subprocess

import pytest

from harness import children, control, fifo_has_reader, stat_words, stays, wait_for_words, wait_until
from traps import USER, as_user, by_user

SECRET = b"precious\n"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be attacked")


def belongs_to_user(directory, mode=0o755):
    directory.mkdir(parents=True, exist_ok=True)
    os.chown(directory, USER, USER)
    directory.chmod(mode)
    return directory


class Outside:
    """Files of root that no attack may touch, beside the attacked directory."""

    def __init__(self, world):
        self.directory = world.directory / "outside"
        self.directory.mkdir()
        world.directory.chmod(0o755)
        self.file = world.write("outside/file", SECRET, mode=0o600)
        self.inner = self.directory / "inner"
        self.inner.mkdir()
        self.fifo = self.directory / "fifo"
        os.mkfifo(self.fifo, 0o600)
        self.listener = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        os.write(self.listener, b"kept")
        self.before = self.look()

    def look(self):
        found = {}
        for path in [self.directory, *sorted(self.directory.rglob("*"))]:
            is_ = path.lstat()
            found[path.name] = (stat.filemode(is_.st_mode), is_.st_uid, is_.st_gid, is_.st_size,
                                is_.st_mtime_ns if path.is_file() else 0,
                                path.read_bytes() if path.is_file() else None)
        return found

    def untouched(self):
        assert self.look() == self.before
        assert os.read(self.listener, 100) == b"kept"
        os.write(self.listener, b"kept")
        return True


@pytest.fixture
def outside(world):
    made = Outside(world)
    yield made
    os.close(made.listener)


def clear(path):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    elif path.is_symlink() or path.exists():
        path.unlink()


TRAPS = {
    "link to a file": lambda path, out: path.symlink_to(out.file),
    "link to nothing": lambda path, out: path.symlink_to(out.directory / "new"),
    "link to a directory": lambda path, out: path.symlink_to(out.inner),
    "link to a fifo": lambda path, out: path.symlink_to(out.fifo),
    "fifo": lambda path, out: os.mkfifo(path, 0o666),
    "directory": lambda path, out: path.mkdir(),
}
# Only where fs.protected_hardlinks is 0 can the user do this alone.
SECOND_NAMES = {"second name": lambda path, out: path.hardlink_to(out.file),
                "second name of a fifo": lambda path, out: path.hardlink_to(out.fifo)}


def lay(trap, path, out):
    if trap in SECOND_NAMES:
        clear(path)
        SECOND_NAMES[trap](path, out)
    else:
        by_user(lambda: (clear(path), TRAPS[trap](path, out)))


ALL_TRAPS = [*TRAPS, *SECOND_NAMES]
RUN = '#!/bin/sh\n: >started\nexec sleep 1000\n'
OWN_FILES = ["lock", "control", "ok", "status", "stat", "pid", "status.new", "stat.new", "pid.new"]


# -- supervise/ ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trap", ALL_TRAPS)
@pytest.mark.parametrize("name", OWN_FILES)
def test_runsv_stays_inside_supervise(world, outside, name, trap):
    directory = world.service("s", RUN)
    supervise = belongs_to_user(directory / "supervise")
    lay(trap, supervise / name, outside)
    process = world.start("runsv", "s")
    wait_until(lambda: (directory / "started").exists() or process.poll() is not None, "runsv runs it, or refuses")
    if process.poll() is None:
        process.terminate()
        assert process.wait(timeout=30) == 0
    else:
        assert process.returncode == 111
        assert f"supervise/{name}" in world.errors("runsv")
    assert outside.untouched()


@pytest.mark.parametrize("trap", ALL_TRAPS)
def test_traps_laid_under_a_running_runsv_catch_nothing(world, outside, trap):
    directory = world.service("s", RUN, finish="#!/bin/sh\nexit 0\n")
    supervise = belongs_to_user(directory / "supervise")
    process = world.runsv("s")
    wait_until((directory / "started").exists, "it runs")
    for name in OWN_FILES:
        lay(trap, supervise / name, outside)
    (directory / "started").unlink()
    os.kill(children(process.pid)[0], signal.SIGKILL)
    wait_until((directory / "started").exists, "it runs again")
    assert outside.untouched()


def test_a_race_for_the_files_of_supervise_is_lost(world, outside):
    """The user replaces them as fast as can be, while they change twice with every command."""
    directory = world.service("s", '#!/bin/sh\n: >started\nexec sleep 1000\n')
    supervise = belongs_to_user(directory / "supervise")
    process = world.runsv("s")
    held = os.open(supervise / "control", os.O_WRONLY | os.O_NONBLOCK)

    def attack():
        while True:
            for name in OWN_FILES[3:]:
                path = str(supervise / name)
                for lay_it in (lambda p=path: os.symlink(outside.file, p),
                               lambda p=path: os.symlink(outside.directory / "new", p)):
                    try:
                        os.unlink(path)
                        lay_it()
                    except OSError:
                        pass

    attacker = as_user(attack)
    try:
        for letter in b"du" * 3:
            (directory / "started").unlink(missing_ok=True)
            os.write(held, bytes([letter]))
            if letter == ord("u"):
                wait_until((directory / "started").exists, "it runs again")
            else:
                wait_until(lambda: not children(process.pid), "it is down")
    finally:
        os.close(held)
        os.kill(attacker, signal.SIGKILL)
        os.waitpid(attacker, 0)
    assert outside.untouched()


@pytest.mark.parametrize("trap", ALL_TRAPS)
@pytest.mark.parametrize("name, command", [("control", "up"), ("control", "exit"), ("ok", "status"), ("status", "status")])
def test_sv_of_root_writes_to_nothing_but_a_supervisor(world, outside, command, name, trap):
    """runit's `sv up` writes its letter over the first byte of whatever supervise/control is."""
    directory = world.service("s", RUN)
    supervise = belongs_to_user(directory / "supervise")
    world.runsv("s")
    wait_for_words(directory, "run")
    lay(trap, supervise / name, outside)
    done = world.sv("-w", "1", command, "./s", timeout=30)
    assert done.returncode in (0, 1) and done.stderr == ""
    assert outside.untouched()


def test_runsvdir_asks_no_other_service_to_leave(world, outside):
    """A foreign supervisor that holds the lock of a service is asked to exit when the service is removed."""
    victim = world.service("victim", RUN)
    world.runsv("victim")
    wait_for_words(victim, "run")
    directory = world.service("services/s", RUN)
    supervise = belongs_to_user(directory / "supervise")
    (supervise / "lock").touch()
    lock = os.open(supervise / "lock", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    by_user(lambda: (supervise / "control").symlink_to(victim / "supervise/control"))
    process = world.start("runsvdir", "services")
    canary = world.service("services/t", RUN)
    wait_for_words(canary, "run")
    directory.rename(world.directory / "gone")
    canary.rename(world.directory / "gone too")
    wait_for_words(world.directory / "gone too", "down")
    process.send_signal(signal.SIGHUP)
    process.wait(timeout=30)
    assert stat_words(victim) == "run"
    os.close(lock)


# -- a log directory -----------------------------------------------------------------------------------------------

LABEL = "@4000000060000000000000"
LOG_FILES = ["lock", "current", "config", "state", "newstate", f"{LABEL}00.u", f"{LABEL}00.t", f"{LABEL}01.s"]


def log_of_user(world, config=b"s0\nn2\n!cat\n"):
    world.directory.chmod(0o755)
    directory = belongs_to_user(world.directory / "log")
    if config is not None:
        world.write("log/config", config)
    return directory


def secrets_in(directory, outside):
    """The files in which the user finds what only root may read."""
    found = []
    for path in directory.iterdir():
        is_ = path.lstat()
        if stat.S_ISREG(is_.st_mode) and is_.st_ino != outside.file.stat().st_ino and SECRET in path.read_bytes():
            found.append(path.name)
    return found


@pytest.mark.parametrize("trap", ALL_TRAPS)
@pytest.mark.parametrize("name", LOG_FILES)
def test_svlogd_stays_inside_its_directory(world, outside, name, trap):
    directory = log_of_user(world)
    lay(trap, directory / name, outside)
    (world.directory / "svlogd.err").touch()
    process = world.start("svlogd", "-v", "log", stdin=subprocess.PIPE)
    with contextlib.suppress(BrokenPipeError):  # it has refused the directory
        process.stdin.write(b"one line\n")
        process.stdin.flush()
    errors = lambda: world.errors("svlogd")  # noqa: E731
    wait_until(lambda: process.poll() is not None or "pausing: " in errors() or b"one line" in text_of(directory),
               f"it logs, or says why not; {errors()}")
    if process.poll() is None:
        process.send_signal(signal.SIGALRM)
        said = ("processed: ", "processor failed", "pausing: ", "unable to run", "rename: ")
        wait_until(lambda: any(word in errors() for word in said), f"a rotation; {errors()}")
        process.terminate()
        process.stdin.close()
        process.wait(timeout=30)
    assert process.returncode in (0, 111)
    assert outside.untouched()
    assert secrets_in(directory, outside) == []


def text_of(directory):
    text = b""
    for path in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):  # renamed meanwhile
            text += path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else b""
    return text


def test_a_race_for_current_is_lost(world, outside):
    directory = log_of_user(world, b"s0\nn2\n")

    def logger():
        return world.start("svlogd", "log", stdin=subprocess.PIPE)

    def attack():
        while True:
            for name in ("current", "newstate", "state"):
                try:
                    os.symlink(outside.file, directory / "trap")
                    os.rename(directory / "trap", directory / name)
                except OSError:
                    pass

    attacker = as_user(attack)
    process = logger()
    try:
        for n in range(200):
            try:
                process.stdin.write(b"line %d\n" % n)
                process.stdin.flush()
            except BrokenPipeError:  # no directory was left to it when it looked: as runit's it ends, and another is started
                process = logger()
            process.send_signal(signal.SIGALRM if n % 2 else signal.SIGHUP)
    finally:
        os.kill(attacker, signal.SIGKILL)
        os.waitpid(attacker, 0)
    process.terminate()
    process.stdin.close()
    process.wait(timeout=30)
    assert outside.untouched()


def test_the_processor_in_a_config_of_the_user_is_not_run_by_root(world, outside):
    directory = log_of_user(world, None)
    by_user(lambda: (directory / "config").write_bytes(b"s0\n!echo had >%s; cat\n" % str(outside.file).encode()))
    process = world.start("svlogd", "log", stdin=subprocess.PIPE)
    process.stdin.write(b"one line\n")
    process.stdin.flush()
    wait_until(lambda: b"one line" in text_of(directory), "it logs")
    process.send_signal(signal.SIGALRM)
    wait_until(lambda: list(directory.glob("@*.s")), "a rotation without a processor")
    process.terminate()
    assert process.wait(timeout=30) == 0
    assert "svlogd: warning: other users can write to this directory, the processor in its config is not run: log\n" \
        in world.errors("svlogd")
    assert outside.untouched()


def test_the_users_own_svlogd_runs_the_processor_of_his_config(world):
    directory = log_of_user(world, None)
    by_user(lambda: (directory / "config").write_bytes(b"s0\n!tr a-z A-Z\n"))
    process = world.start("svlogd", "log", stdin=subprocess.PIPE, user=USER, group=USER, extra_groups=[])
    process.stdin.write(b"one line\n")
    process.stdin.flush()
    wait_until(lambda: b"one line" in text_of(directory), "it logs")
    process.send_signal(signal.SIGALRM)
    wait_until(lambda: b"ONE LINE\n" in text_of(directory), "it is processed")
    process.terminate()
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("name", ["current", "config"])
def test_what_root_has_linked_is_followed(world, name):
    """As runit does, if no other user can have made the link: logs that go to another disk, one config for many."""
    directory = world.directory / "log"
    directory.mkdir()
    elsewhere = world.write(f"elsewhere/{name}", b"pPREFIX \n" if name == "config" else b"", mode=0o644)
    (directory / name).symlink_to(elsewhere)
    process = world.start("svlogd", "log", stdin=subprocess.PIPE)
    process.stdin.write(b"one line\n")
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    expected = b"PREFIX one line\n" if name == "config" else b"one line\n"
    assert (directory / "current").read_bytes() == expected


def test_a_current_with_two_names_is_written_where_only_root_may_write(world):
    """A copy of a tree by links (cp -al) does not stop the logs."""
    directory = world.directory / "log"
    directory.mkdir()
    world.write("log/current", b"before\n", mode=0o744)
    (world.directory / "copy").hardlink_to(directory / "current")
    process = world.start("svlogd", "log", stdin=subprocess.PIPE)
    process.stdin.write(b"after\n")
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert (directory / "current").read_bytes() == b"before\nafter\n"


# -- what the group of a service may do ------------------------------------------------------------------------------


def test_who_may_write_to_control_may_command_and_no_more(world):
    """runit's way to let a user control a service: the directory opened, the FIFOs given away. It survives restarts."""
    directory = world.service("s", RUN)
    world.directory.chmod(0o755)
    process = world.runsv("s")
    wait_for_words(directory, "run")
    supervise = directory / "supervise"
    supervise.chmod(0o755)
    for name in ("control", "ok"):
        os.chown(supervise / name, USER, USER)
    process.terminate()
    process.wait(timeout=30)
    process = world.runsv("s")
    wait_for_words(directory, "run")
    by_user(lambda: control(directory, "d"))
    wait_for_words(directory, "down")

    def cannot_write():
        for name in ("status", "stat", "pid", "lock"):
            with pytest.raises(PermissionError):
                os.open(supervise / name, os.O_WRONLY)
        with pytest.raises(PermissionError):
            os.kill(process.pid, signal.SIGTERM)

    by_user(cannot_write)
    assert fifo_has_reader(supervise / "ok") and stays(lambda: process.poll() is None, 0.1)
