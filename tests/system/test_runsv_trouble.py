"""runsv(8): full disks, missing directories, no processes, no descriptors."""

import os
import resource
import shutil
import signal
from pathlib import Path

import pytest
from harness import DEADLINE, Status, children, control, pid_of, stat_words, stays, wait_for_words, wait_until
from runsv_scenes import CAT, TRACER, Stranger, leaves, lines, running, sane, says, spins, traces  # noqa: F401


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
    directory = world.service("s", control__h="#!/bin/sh\nuntil rm -rf \"$PWD\"; do :; done\n")
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
    """supervise/control is removed: TERM still ends it"""
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
    """EMFILE: it prints that, continues, and updates its files as soon as it can"""
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
