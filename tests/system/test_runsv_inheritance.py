"""runsv(8): what ./run inherits, and what it does not."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from harness import Status, control, pid_of, wait_for_words, wait_until
from runsv_scenes import CAT, leaves, lines, running, sane  # noqa: F401


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


def test_its_errors_have_no_reader(world):
    """A broken pipe at stderr kills no process"""
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
