"""runsv is killed, or becomes another program: its service, its logger and the pipe between them go on."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness import (Status, alive, children, control, fifo_has_reader, free_port, mode_of, pid_of, reap_orphans, stat_words, stays,
                     wait_for_words, wait_until)

# Notes a second copy of itself, and every start.
ALONE = "#!/bin/sh\nexec 9>>alone\nflock -n 9 || echo two >>two\necho $$ >>pids\nexec sleep 1000\n"
FINISH = '#!/bin/sh\necho "$@" >>finished\n'

# Writes numbered lines until it gets TERM; notes it if it dies of a closed pipe.
LINES = """#!/bin/sh
trap 'echo pipe >>sigpipe' PIPE
trap 'exit 0' TERM
i=0
while :; do i=$((i+1)); echo $i || echo $? >>sigpipe; sleep 0.002; done
"""
READ = "#!/bin/sh\nexec cat >>../lines\n"


def knows_exit_status():
    """Linux 6.15: a pidfd reports the exit status of another process's child."""
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= (6, 15)


def killed(process):
    process.kill()
    process.wait()


def succeed(world, name, **options):
    """Another runsv; returns when it takes commands."""
    ok = world.directory / name / "supervise/ok"
    wait_until(lambda: not fifo_has_reader(ok), "nobody takes commands")
    return world.runsv(name, **options)


def process_of(directory):
    return wait_until(lambda: pid_of(directory), "it has a process")


def words_become(world, directory, words):
    """As wait_for_words, and reaps orphans as PID 1 does."""
    def so():
        reap_orphans(world.processes)
        return stat_words(directory) == words

    wait_until(so, f"{directory}: {words!r} instead of {stat_words(directory)!r}")


def text(path):
    return path.read_text() if path.exists() else ""


def ledger(directory):
    return (directory / "supervise/lock").read_bytes()


def record(directory):
    """The header of the record, the line of the process, and that of the control script."""
    whole = ledger(directory)
    return whole[:218], whole[218:290], whole[290:]


def start_of(pid):
    """In nanoseconds of CLOCK_BOOTTIME, rounded down."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def record_of(pid):
    """A line that describes this process exactly."""
    return b"r %010d %018d %018d %020d\n" % (pid, start_of(pid), start_of(pid) + 10_000_000, id_of(pid))


def id_of(pid):
    descriptor = os.pidfd_open(pid)
    try:
        inode = os.fstat(descriptor).st_ino
        return inode if inode != os.stat("/proc/self/fd/%d" % ANON).st_ino else 0
    finally:
        os.close(descriptor)


ANON = os.eventfd(0)  # before Linux 6.9 a pidfd has the inode of every such descriptor


def never_two(directory):
    return not (directory / "two").exists()


def running(world, **files):
    directory = world.service("s", ALONE, **files)
    process = world.runsv("s")
    wait_until(lambda: text(directory / "pids"), "it runs")
    wait_for_words(directory, "run")
    return directory, process, process_of(directory)


# -- the service goes on -----------------------------------------------------------------------------------------------


def test_the_service_of_a_killed_runsv_goes_on_alone(world):
    directory, process, pid = running(world)
    before = Status(directory)
    killed(process)
    succeed(world, "s")
    wait_for_words(directory, "run")
    after = Status(directory)
    assert after.raw == before.raw
    assert alive(pid) and text(directory / "pids").split() == [str(pid)] and never_two(directory)
    assert world.errors("runsv") == (
        "runsv s: warning: the supervisor before this one was killed: going on with its processes\n")


def test_its_end_is_seen_and_it_starts_again(world):
    directory, process, pid = running(world, finish=FINISH)
    killed(process)
    succeed(world, "s")
    os.kill(pid, signal.SIGKILL)

    def restarted():
        reap_orphans(world.processes)
        return len(text(directory / "pids").split()) == 2

    wait_until(restarted, "it is started again")
    wait_for_words(directory, "run")
    assert pid_of(directory) == int(text(directory / "pids").split()[1])
    assert text(directory / "finished") == ("-1 9\n" if knows_exit_status() else "-1 0\n")
    assert never_two(directory)


def test_an_exit_code_is_told_to_finish(world):
    if not knows_exit_status():
        pytest.skip("this kernel does not tell the exit status of somebody else's child: Linux 6.15")
    directory = world.service("s", "#!/bin/sh\ntrap 'exit 7' USR1\necho $$ >>pids\nwhile :; do sleep 0.01; done\n",
                              finish=FINISH)
    process = world.runsv("s")
    wait_until(lambda: text(directory / "pids"), "it has its trap")
    killed(process)
    succeed(world, "s")
    control(directory, "1")
    wait_until(lambda: (reap_orphans(world.processes), text(directory / "finished"))[1] == "7 0\n", "7 0 for ./finish")


def test_an_end_that_nobody_reaps_is_not_waited_for_longer_than_a_second(world):
    directory, process, pid = running(world, finish=FINISH)
    killed(process)
    succeed(world, "s")
    os.kill(pid, signal.SIGKILL)  # and this test does not reap it
    wait_until(lambda: text(directory / "finished") == "-1 0\n", "it is taken for ended")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "it is started again")


def test_it_obeys_every_command(world):
    directory = world.service("s", "#!/bin/sh\nfor s in HUP INT QUIT ALRM USR1 USR2 TERM CONT; do "
                              "trap \"echo $s >>got\" $s; done\necho $$ >>pids\nwhile :; do sleep 0.01; done\n")
    process = world.runsv("s")
    wait_until(lambda: text(directory / "pids"), "it has its traps")
    pid = int(text(directory / "pids"))
    killed(process)
    succeed(world, "s")
    for letter, name in {"h": "HUP", "i": "INT", "q": "QUIT", "a": "ALRM", "1": "USR1", "2": "USR2"}.items():
        control(directory, letter)
        wait_until(lambda: text(directory / "got").split()[-1:] == [name], name)
    control(directory, "p")
    wait_for_words(directory, "run, paused")
    wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T", "it has stopped")
    control(directory, "c")
    wait_for_words(directory, "run")
    control(directory, "t")
    wait_for_words(directory, "run, got TERM")
    control(directory, "d")
    wait_for_words(directory, "run, got TERM, want down")
    control(directory, "k")
    words_become(world, directory, "down")
    assert not alive(pid)


def test_exit_ends_it_in_order(world):
    directory, process, pid = running(world, finish=FINISH, log__run=READ)
    killed(process)
    process = succeed(world, "s")
    control(directory, "x")
    wait_until(lambda: (reap_orphans(world.processes), process.poll())[1] == 0, "it leaves")
    assert not alive(pid) and text(directory / "finished") == ("-1 15\n" if knows_exit_status() else "-1 0\n")
    assert ledger(directory) == b"" and ledger(directory / "log") == b"", "nothing remains for a successor"


def test_a_finish_that_runs_goes_on(world):
    directory, process, _ = running(world, finish="#!/bin/sh\nread x <>../gate\necho \"$@\" >>finished\n")
    os.mkfifo(world.directory / "gate")
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    finish = pid_of(directory)
    killed(process)
    succeed(world, "s")
    wait_for_words(directory, "finish, want down")
    assert pid_of(directory) == finish
    (world.directory / "gate").write_text("go\n")
    words_become(world, directory, "down")
    assert text(directory / "finished") == "-1 15\n"


@pytest.mark.parametrize("handled", [True, False])
def test_a_control_script_that_runs_is_waited_for(world, handled):
    directory, process, pid = running(
        world, control__t=f"#!/bin/sh\necho $$ $1 >>script\nread x <>../gate\nexit {0 if handled else 1}\n")
    os.mkfifo(world.directory / "gate")
    control(directory, "d")
    wait_until(lambda: text(directory / "script"), "control/t runs")
    wait_for_words(directory, "run, want down")
    killed(process)
    succeed(world, "s")
    control(directory, "h")  # waits in the pipe
    assert stays(lambda: alive(pid), 0.3)
    (world.directory / "gate").write_text("go\n")
    if handled and knows_exit_status():
        wait_until(lambda: (reap_orphans(world.processes), not alive(pid))[1], "HUP is sent after the script")
    words_become(world, directory, "down")
    assert len(text(directory / "script").splitlines()) == 1


def test_a_control_script_whose_end_nobody_saw_is_asked_again(world):
    directory, process, pid = running(world, control__t="#!/bin/sh\necho $$ >>script\nread x <>../gate\n")
    os.mkfifo(world.directory / "gate")
    control(directory, "d")
    wait_until(lambda: text(directory / "script"), "control/t runs")
    wait_for_words(directory, "run, want down")
    killed(process)
    os.kill(int(text(directory / "script")), signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(int(text(directory / "script"))))[1], "it has ended")
    succeed(world, "s")
    wait_until(lambda: len(text(directory / "script").splitlines()) == 2, "it is asked again")
    (world.directory / "gate").write_text("go\n")
    words_become(world, directory, "run, want down")
    assert alive(pid), "the script has handled it"


# -- what is wanted stays wanted ---------------------------------------------------------------------------------------


def test_a_service_that_was_put_down_stays_down(world):
    directory, process, _ = running(world)
    control(directory, "d")
    wait_until(lambda: Status(directory).now == "down", "it is down")
    record = Status(directory).raw
    killed(process)
    succeed(world, "s")
    assert stays(lambda: stat_words(directory) == "down" and Status(directory).raw == record, 1.5)
    control(directory, "u")
    wait_for_words(directory, "run")


def test_a_service_that_was_brought_up_in_spite_of_its_down_file_goes_on(world):
    directory = world.service("s", ALONE, down="")
    process = world.runsv("s")
    control(directory, "u")
    wait_for_words(directory, "run")
    killed(process)
    succeed(world, "s")
    wait_for_words(directory, "run")
    assert Status(directory).want == "u"


def test_a_service_that_was_started_once_is_not_started_again(world):
    directory = world.service("s", ALONE, down="")
    process = world.runsv("s")
    control(directory, "o")
    wait_for_words(directory, "run, want down")
    pid = process_of(directory)
    killed(process)
    succeed(world, "s")
    assert stays(lambda: alive(pid), 0.5)
    os.kill(pid, signal.SIGTERM)
    words_become(world, directory, "down")


def test_who_was_to_exit_leaves(world):
    directory = world.service("s", "#!/bin/sh\ntrap '' TERM\necho $$ >>pids\nwhile :; do sleep 0.01; done\n")
    process = world.runsv("s")
    wait_until(lambda: text(directory / "pids"), "it ignores TERM")
    pid = int(text(directory / "pids"))
    control(directory, "x")
    wait_for_words(directory, "run, got TERM, want exit")
    killed(process)
    process = succeed(world, "s")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), process.poll())[1] == 0, "it leaves")


def test_after_an_orderly_end_the_down_file_decides(world):
    directory, process, _ = running(world)
    control(directory, "d")
    wait_for_words(directory, "down")
    process.terminate()
    assert process.wait(30) == 0
    world.runsv("s")
    wait_for_words(directory, "run")


def test_an_end_that_nobody_saw_is_unknown(world):
    directory, process, pid = running(world, finish=FINISH)
    killed(process)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(pid))[1], "it has ended")
    succeed(world, "s")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "it is started again")
    assert text(directory / "finished") == "-1 0\n"


# -- whose process is it? ----------------------------------------------------------------------------------------------


def other_process(world):
    return world.start("/bin/sleep", "1000").pid


@pytest.mark.parametrize("what", ["boot", "namespace", "container", "pid reused", "empty", "noise"])
def test_a_process_that_only_has_the_number_is_left_alone(world, what):
    """After a boot, in another container, or when another process got the number."""
    directory, process, pid = running(world, finish=FINISH)
    killed(process)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(pid))[1], "it has ended")
    stranger = other_process(world)
    home, entry, rest = record(directory)
    forged = entry[:2] + b"%010d" % stranger + entry[12:]  # started before the stranger
    exact = record_of(stranger)
    now = {"boot": b"0" * 36 + home[36:] + exact, "namespace": home[:50] + b"0000000001" + home[60:] + exact,
           "container": home[:72] + b"%020d" % 77 + home[92:] + exact,
           "pid reused": home + forged, "empty": b"", "noise": os.urandom(400)}[what]
    (directory / "supervise/lock").write_bytes(now + rest)
    process = succeed(world, "s")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "a new one is started")
    wait_for_words(directory, "run")
    assert pid_of(directory) != stranger
    if what != "pid reused":
        assert text(directory / "finished") == "", "./finish of a process of another life"
    process.terminate()
    assert process.wait(30) == 0
    assert alive(stranger)


@pytest.mark.parametrize("who", ["others can write to the file", "a user put it there"])
def test_a_record_that_others_can_write_gets_nobody_killed(world, who):
    """It names a stranger exactly. That keeps the service down as long as the stranger lives, which is neither adopted nor
    sent a signal; and it is said."""
    directory, process, pid = running(world)
    killed(process)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(pid))[1], "it has ended")
    stranger = other_process(world)
    home, _, rest = record(directory)
    (directory / "supervise/lock").write_bytes(home + record_of(stranger) + rest)
    if who == "a user put it there":
        (directory / "supervise").chmod(0o777)
    else:
        (directory / "supervise/lock").chmod(0o666)
    for _ in range(2):  # nor is it taken for our own word by the next one
        killed(process)
        process = succeed(world, "s")
        control(directory, "dtku")
    wait_until(lambda: f"process {stranger} may be left of this service" in world.errors("runsv"), "it is said")
    assert stays(lambda: len(text(directory / "pids").split()) == 1, 1.2), "nothing is started"
    control(directory, "dtku")
    assert stays(lambda: alive(stranger), 0.3)
    os.kill(stranger, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), len(text(directory / "pids").split()) == 2)[1], "now it is")
    process.terminate()
    assert process.wait(30) == 0


def test_a_lock_with_another_name_is_not_written_to(world):
    """A hard link to a file of another user, where the directory is not root's own."""
    directory = world.service("s")
    (directory / "supervise").mkdir(mode=0o700)
    (world.directory / "precious").write_text("precious\n")
    os.link(world.directory / "precious", directory / "supervise/lock")
    process = world.runsv("s")
    wait_for_words(directory, "run")
    process.terminate()
    assert process.wait(30) == 0
    assert text(world.directory / "precious") == "precious\n"


def test_the_ledger_is_private(world):
    directory, _, pid = running(world)
    assert mode_of(directory / "supervise/lock") == 0o600
    lines = ledger(directory).decode().splitlines()
    assert lines[0].split()[0] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert int(lines[0].split()[2]) == os.stat("/proc/self/ns/pid").st_ino
    assert lines[1].split()[:2] == ["r", f"{pid:010}"]


def test_a_supervise_directory_that_is_made_again_has_a_ledger(world):
    directory, process, pid = running(world, log__run=READ)
    shutil.rmtree(directory / "supervise")
    control_file = directory / "supervise/control"
    os.kill(pid, signal.SIGHUP)  # something happens
    wait_until(lambda: control_file.exists() and stat_words(directory) == "run", "it has moved in again")
    wait_until(lambda: len(ledger(directory)) > 218, "it has a record")
    lines = ledger(directory).decode().splitlines()
    assert int(lines[1].split()[1]) == pid_of(directory)
    assert int(lines[0].split()[7]) == os.stat(f"/proc/{pid_of(directory)}/fd/1").st_ino


# -- the log pipe ------------------------------------------------------------------------------------------------------


def logging(world, **files):
    directory = world.service("s", LINES, log__run=READ, **files)
    process = world.runsv("s")
    wait_until(lambda: text(directory / "lines").count("\n") > 5, "lines arrive")
    return directory, process


def is_complete(lines):
    numbers = [int(n) for n in lines.split()]
    return numbers == list(range(1, len(numbers) + 1))


def test_the_logger_and_the_pipe_go_on(world):
    directory, process = logging(world)
    service, logger = process_of(directory), process_of(directory / "log")
    pipe = os.stat(f"/proc/{service}/fd/1").st_ino
    for _ in range(5):
        killed(process)
        seen = text(directory / "lines").count("\n")
        process = succeed(world, "s")
        wait_until(lambda: text(directory / "lines").count("\n") > seen + 5, "lines arrive")
    assert (pid_of(directory), pid_of(directory / "log")) == (service, logger)
    assert os.stat(f"/proc/{service}/fd/1").st_ino == pipe

    control(directory, "x")
    wait_until(lambda: (reap_orphans(world.processes), process.poll())[1] == 0, "it leaves")
    assert is_complete(text(directory / "lines")) and not (directory / "sigpipe").exists()


@pytest.mark.parametrize("who", ["service", "logger"])
def test_one_of_the_two_is_enough_to_have_the_pipe_back(world, who):
    """The other one is started again, on the same pipe."""
    directory, process = logging(world)
    service, logger = process_of(directory), process_of(directory / "log")
    pipe = os.stat(f"/proc/{service}/fd/1").st_ino
    lives, dies = (service, logger) if who == "service" else (logger, service)
    os.kill(lives, signal.SIGSTOP)  # it neither writes without a reader nor sees the end of its input
    killed(process)
    os.kill(dies, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(dies))[1], "it has ended")
    succeed(world, "s")
    its = directory / "log" if who == "service" else directory
    wait_until(lambda: pid_of(its) not in (0, dies), "it is started again")
    os.kill(lives, signal.SIGCONT)
    assert os.stat(f"/proc/{pid_of(its)}/fd/{0 if who == 'service' else 1}").st_ino == pipe
    seen = text(directory / "lines").count("\n")
    wait_until(lambda: text(directory / "lines").count("\n") > seen + 5, "lines arrive")
    assert alive(lives) and not (directory / "sigpipe").exists()


def test_a_service_that_writes_elsewhere_needs_no_pipe(world):
    directory = world.service("s", "#!/bin/sh\nexec >/dev/null 2>&1\nexec sleep 1000\n", log__run=READ)
    process = world.runsv("s")
    wait_for_words(directory, "run")
    wait_until(lambda: os.readlink(f"/proc/{pid_of(directory)}/fd/1") == "/dev/null", "it writes elsewhere")
    service, logger = process_of(directory), process_of(directory / "log")
    killed(process)
    os.kill(logger, signal.SIGKILL)
    succeed(world, "s")
    wait_until(lambda: (reap_orphans(world.processes), pid_of(directory / "log"))[1] not in (0, logger), "a logger")
    assert pid_of(directory) == service and alive(service)


# -- where it cannot be taken over -------------------------------------------------------------------------------------


def without(world, name, *calls):
    """A runsv for which the kernel has not these calls."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    inject = [f"--inject={call}:error=ENOSYS" for call in calls]
    return world.start("/usr/bin/strace", "-f", "-o", "/dev/null", "-e", f"trace={','.join(calls)}", *inject,
                       world.suite.path("runsv"), name)


def test_without_pidfd_the_old_one_is_ended_first(world):
    directory, process, pid = running(world, finish=FINISH)
    killed(process)
    without(world, "s", "pidfd_open")
    wait_until(lambda: (reap_orphans(world.processes), len(text(directory / "pids").split()) == 2)[1], "a new one")
    assert not alive(pid) and never_two(directory)
    assert "unable to watch a process that was left: " in world.errors("strace")


def test_who_ignores_term_is_killed_after_five_seconds(world):
    directory = world.service("s", "#!/bin/sh\nexec 9>>alone\nflock -n 9 || echo two >>two\n"
                              "trap '' TERM\necho $$ >>pids\nwhile :; do sleep 0.01 9>&-; done\n")
    process = world.runsv("s")
    wait_until(lambda: text(directory / "pids"), "it ignores TERM")
    pid = int(text(directory / "pids"))
    killed(process)
    began = time.monotonic()
    without(world, "s", "pidfd_open")
    wait_until(lambda: (reap_orphans(world.processes), len(text(directory / "pids").split()) == 2)[1], "a new one")
    assert time.monotonic() - began >= 5 and not alive(pid) and never_two(directory)


def test_where_the_pipe_cannot_be_had_back_both_are_ended(world):
    """A service that is not to be looked at (prctl: PR_SET_DUMPABLE), and a supervisor that is not root."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become somebody else")
    shy = ("#!/usr/bin/python3\nimport ctypes, os, time\nctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n"
           "open('pids', 'a').write(f'{os.getpid()}\\n')\n"
           "while True: time.sleep(1000)\n")
    reader = shy.replace("'pids'", "'log-pids'").replace("while True: time.sleep(1000)", "import sys\nsys.stdin.read()")
    directory = world.service("s", shy, log__run=reader)
    for path in [world.directory, *world.directory.rglob("*")]:
        os.chown(path, 65534, 65534)
    (world.directory / "runsv.err").touch(0o666)
    (world.directory / "runsv.err").chmod(0o666)
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    process = world.runsv("s", **as_nobody)
    wait_until(lambda: text(directory / "pids") and text(directory / "log/log-pids"), "both run")
    wait_for_words(directory, "run")
    old = [process_of(directory), process_of(directory / "log")]
    killed(process)
    succeed(world, "s", **as_nobody)
    wait_until(lambda: (reap_orphans(world.processes), len(text(directory / "pids").split()) == 2)[1], "a new one")
    assert not any(map(alive, old))
    assert "unable to reopen the log pipe: access denied\n" in world.errors("runsv")


# -- a directory of services -------------------------------------------------------------------------------------------


def test_runsvdir_starts_the_successor(world):
    (world.directory / "service").mkdir()
    directory = world.service("service/s", ALONE)
    world.start("runsvdir", "-P", "service")
    wait_until(lambda: text(directory / "pids"), "it runs")
    wait_until(lambda: (directory / "supervise/pid").exists() and pid_of(directory), "it is told")
    pid = process_of(directory)
    for _ in range(3):
        runsv = runsv_of(world, "s")
        os.kill(runsv, signal.SIGKILL)
        wait_until(lambda: (reap_orphans(world.processes), runsv_of(world, "s"))[1] not in (None, runsv), "a successor")
        wait_until(lambda: fifo_has_reader(directory / "supervise/ok"), "it takes commands")
    assert stays(lambda: alive(pid) and never_two(directory), 1.2)
    assert text(directory / "pids").split() == [str(pid)]


def runsv_of(world, name):
    for pid in world.living():
        try:
            if Path(f"/proc/{pid}/cmdline").read_bytes() == f"runsv\0{name}\0".encode():
                return pid
        except (FileNotFoundError, ProcessLookupError):
            pass
    return None


# -- a new program -----------------------------------------------------------------------------------------------------


def renewed(world, process, directory):
    """Sends HUP, and returns when the process has become a new program."""
    stamp = Path(f"/proc/{process.pid}/environ")
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: b"RUNSV_HANDOVER=" in stamp.read_bytes(), "it has been renewed")
    wait_until(lambda: fifo_has_reader(directory / "supervise/ok"), "it takes commands")


def has_nothing_of_its_supervisors(pid):
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if int(fd) > 2]
    return not any("supervise" in link or link.startswith(("pipe:", "anon_inode:")) for link in links)


def test_who_ignores_hup_renews_itself_and_lets_it_be_ignored(world):
    """nohup: the disposition is inherited as it was"""
    directory = world.service("s", ALONE)
    process = world.runsv("s", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for_words(directory, "run")
    assert "SigIgn:\t0000000000000001\n" in Path(f"/proc/{pid_of(directory)}/status").read_text()
    renewed(world, process, directory)


def test_hup_renews_the_program_and_nothing_else(world):
    directory, process = logging(world, finish=FINISH)
    service, logger = process_of(directory), process_of(directory / "log")
    before = Status(directory)
    renewed(world, process, directory)
    assert process.poll() is None
    after = Status(directory)
    assert after.raw == before.raw
    assert pid_of(directory / "log") == logger and alive(logger)
    assert Path(f"/proc/{process.pid}/cmdline").read_bytes() == b"runsv\0s\0"

    os.kill(service, signal.SIGKILL)  # it is a child as before: its status is known
    wait_until(lambda: text(directory / "finished") == "-1 9\n", "finish has it")
    wait_until(lambda: stat_words(directory) == "run" and pid_of(directory) not in (0, service), "it is started again")
    assert b"RUNSV_HANDOVER" not in Path(f"/proc/{pid_of(directory)}/environ").read_bytes()
    assert has_nothing_of_its_supervisors(pid_of(directory))
    process.terminate()
    assert process.wait(30) == 0
    assert world.errors("runsv") == ""


def running_from_a_place_of_its_own(world):
    programs = world.directory / "bin"
    programs.mkdir()
    shutil.copy(world.suite.path("runsv"), programs / "runsv")
    directory = world.service("s", ALONE)
    process = world.start(programs / "runsv", "s")
    wait_until(lambda: text(directory / "pids"), "it runs")
    wait_for_words(directory, "run")
    return programs, directory, process


def test_the_installed_program_is_what_it_becomes(world):
    """As dpkg does it: the new file is renamed over the old one."""
    programs, directory, process = running_from_a_place_of_its_own(world)
    shutil.copy(world.suite.path("runsv"), programs / "runsv.new")
    os.rename(programs / "runsv.new", programs / "runsv")
    old = os.readlink(f"/proc/{process.pid}/exe")
    assert old.endswith(" (deleted)")
    renewed(world, process, directory)
    assert os.readlink(f"/proc/{process.pid}/exe") == str(programs / "runsv")
    assert text(directory / "pids").split() == [str(pid_of(directory))]


def test_where_there_is_no_program_it_stays_what_it_is(world):
    programs, directory, process = running_from_a_place_of_its_own(world)
    (programs / "runsv").unlink()
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "unable to become the installed runsv, going on as before: file does not exist\n" in world.errors("runsv"), "it says so")
    control(directory, "t")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "and goes on")
    assert has_nothing_of_its_supervisors(pid_of(directory))


def test_commands_that_wait_are_not_lost(world):
    directory, process, pid = running(world, control__h="#!/bin/sh\nread x <>../gate\n")
    os.mkfifo(world.directory / "gate")
    control(directory, "hd")
    wait_until(lambda: process.poll() is None and len(children_named(process.pid, "sh")) == 1, "the script runs")
    process.send_signal(signal.SIGHUP)  # not before the script has ended
    (world.directory / "gate").write_text("go\n")
    wait_for_words(directory, "down")
    wait_until(lambda: b"RUNSV_HANDOVER=" in Path(f"/proc/{process.pid}/environ").read_bytes(), "it has been renewed")
    assert not alive(pid)


def test_who_ends_while_the_program_is_exchanged_is_reaped(world):
    """Whose signal comes then is forgotten when the new program begins to listen."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    directory, process, pid = running(world)
    control(directory, "o")
    wait_for_words(directory, "run, want down")
    world.start("/usr/bin/strace", "-o", "/dev/null", "-e", "inject=execve:delay_enter=1s", "-p", process.pid)
    wait_until(lambda: "TracerPid:\t0\n" not in Path(f"/proc/{process.pid}/status").read_text(), "it is traced")
    process.send_signal(signal.SIGHUP)
    execve = "59 "  # x86-64
    wait_until(lambda: Path(f"/proc/{process.pid}/syscall").read_text().startswith(execve), "it executes the program")
    os.kill(pid, signal.SIGKILL)
    wait_for_words(directory, "down")
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "it has been reaped")


def children_named(pid, name):
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            if name in Path(f"/proc/{child}/cmdline").read_bytes().decode():
                found.append(child)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def test_a_service_that_is_down_stays_down_through_a_renewal(world):
    directory, process, _ = running(world, log__run=READ)
    control(directory, "d")
    wait_for_words(directory, "down")
    logger = process_of(directory / "log")
    renewed(world, process, directory)
    assert stays(lambda: stat_words(directory) == "down", 0.3)
    assert pid_of(directory / "log") == logger and alive(logger), "the pipe had a writer all the time"
    control(directory, "u")
    wait_for_words(directory, "run")


def test_a_baton_that_was_only_inherited_is_no_baton(world):
    environment = world.suite.environment(RUNSV_HANDOVER="1 3 4 5 6 7 8 9 10 11 12 /")
    directory = world.service("s", ALONE)
    process = world.runsv("s", env=environment)
    wait_for_words(directory, "run")
    assert b"RUNSV_HANDOVER" not in Path(f"/proc/{pid_of(directory)}/environ").read_bytes()
    process.terminate()
    assert process.wait(30) == 0


def test_nginx_under_load_does_not_notice(world):
    """A renewal and a kill -9 while requests are made: none fails."""
    if not (shutil.which("nginx") and shutil.which("python3")):
        pytest.skip("needs nginx")
    place = world.directory / "nginx"
    place.mkdir()
    port = free_port()
    world.write("nginx/nginx.conf", f"""
        worker_processes 1; daemon off; pid {place}/pid; error_log {place}/error.log; {'user root;' if os.getuid() == 0 else ''}
        events {{ worker_connections 256; }}
        http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200 ok; }} }}
            client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
            uwsgi_temp_path {place}/d; scgi_temp_path {place}/e; }}
    """)
    directory = world.service("s", f"#!/bin/sh\nexec 2>&1\nexec nginx -c {place}/nginx.conf\n", log__run=READ)
    process = world.runsv("s")
    wait_until(lambda: get(port) == b"ok", "nginx answers")
    pid = process_of(directory)
    load = Load(port)
    for round in range(6):
        load.wait_for_more()
        if round % 2 == 0:
            process.send_signal(signal.SIGHUP)
        else:
            killed(process)
            process = succeed(world, "s")
    load.wait_for_more()
    requests, failures = load.stop()
    assert pid_of(directory) == pid and alive(pid)
    assert failures == [] and requests > 0
    print(f"{requests} requests, {len(failures)} failed")


def get(port):
    import urllib.request
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            return answer.read()
    except OSError:
        return None


class Load:
    """One request after the other, in two threads."""

    def __init__(self, port):
        import threading
        self.port, self.requests, self.failures, self.going = port, 0, [], True
        self.threads = [threading.Thread(target=self.ask) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        while self.going:
            answer = get(self.port)
            self.requests += 1
            if answer != b"ok":
                self.failures.append(answer)

    def wait_for_more(self):
        seen = self.requests
        wait_until(lambda: self.requests > seen + 50, "requests are made")

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join()
        return self.requests, self.failures


# -- evidence that is missing or wrong ---------------------------------------------------------------------------------


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, for namespaces and for other users")


def damage(directory, how):
    """What happens to supervise/ while its runsv lives."""
    supervise = directory / "supervise"
    if how == "chown":
        for path in [supervise, *supervise.iterdir()]:
            os.chown(path, 65534, 65534)
    elif how == "g+w":
        supervise.chmod(0o770)
        (supervise / "lock").chmod(0o660)
    elif how == "cp -al":
        subprocess.run(["cp", "-al", supervise, directory / "copy"], check=True)
    elif how == "rm lock":
        (supervise / "lock").unlink()
    elif how == "mv supervise":
        supervise.rename(directory / "moved")
    elif how == "rm -rf supervise":
        shutil.rmtree(supervise)
    elif how == "empty record":
        os.truncate(supervise / "lock", 0)


@needs_root
@pytest.mark.parametrize("how", ["chown", "g+w", "cp -al", "rm lock", "mv supervise", "rm -rf supervise", "empty record"])
def test_hup_needs_nothing_on_disk(world, how):
    directory, process, pid = running(world, log__run=READ)
    logger = process_of(directory / "log")
    damage(directory, how)
    for _ in range(3):
        renewed(world, process, directory)
        control(directory, "c")  # something happens
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "its end is seen, and it is started again")
    wait_for_words(directory, "run")
    assert never_two(directory) and pid_of(directory / "log") == logger and alive(logger)
    assert len(children_named(process.pid, "cat")) == 1, "one logger"


@needs_root
@pytest.mark.parametrize("how", ["chown", "g+w", "cp -al", "rm lock", "mv supervise", "rm -rf supervise"])
def test_kill_9_after_damage_does_not_double(world, how):
    directory, process, pid = running(world)
    damage(directory, how)
    if how == "rm lock":
        control(directory, "c")  # something happens
    if "supervise" in how or how == "rm lock":  # it is made again, the directory with nothing else happening
        wait_until(lambda: len(ledger(directory)) > 218, "there is a record again")
    killed(process)
    process = succeed(world, "s")
    assert stays(lambda: text(directory / "pids").split() == [str(pid)] and never_two(directory), 1.2)
    if how in ("chown", "g+w"):  # the writer of the record is unknown
        assert f"process {pid} may be left of this service" in world.errors("runsv")
    else:
        wait_for_words(directory, "run")
        assert pid_of(directory) == pid


@needs_root
def test_where_others_may_write_the_record_lies_elsewhere(world):
    directory = world.service("s", ALONE)
    (directory / "supervise").mkdir()
    os.chown(directory / "supervise", 65534, 65534)
    process = world.runsv("s")
    wait_for_words(directory, "run")
    pid = process_of(directory)
    is_ = os.stat(directory)
    # an inode's number is used again: the latest birth is this directory's
    named = Path("/run/runwell/records").glob(f"{is_.st_dev}.{is_.st_ino}.*")
    elsewhere = max(named, key=lambda path: int(path.suffix[1:]))
    assert ledger(directory) == b"" and elsewhere.read_bytes()[218:231] == b"r %010d " % pid
    assert mode_of(elsewhere) == 0o600 and mode_of(elsewhere.parent) == 0o700
    for _ in range(2):
        killed(process)
        process = succeed(world, "s")
        wait_for_words(directory, "run")
        assert pid_of(directory) == pid
        renewed(world, process, directory)
    process.terminate()
    assert process.wait(30) == 0
    assert not elsewhere.exists() and text(directory / "pids").split() == [str(pid)]


def test_a_user_without_a_place_for_the_record_is_told(world):
    if os.getuid() == 0:
        (world.directory / "runsv.err").touch(0o666)
        (world.directory / "runsv.err").chmod(0o666)
    directory = world.service("s")
    (directory / "supervise").mkdir()
    (directory / "supervise").chmod(0o770)
    environment = {k: v for k, v in world.suite.environment().items() if k != "XDG_RUNTIME_DIR"}
    options = {"env": environment}
    if os.getuid() == 0:
        for path in [world.directory, *world.directory.rglob("*")]:
            os.chown(path, 65534, 65534)
        options |= {"user": 65534, "group": 65534, "extra_groups": []}
    world.runsv("s", **options)
    wait_for_words(directory, "run")
    assert "there is no other place for the record of processes" in world.errors("runsv")


def test_a_child_with_the_number_is_left_alone(world):
    """The number was used again, for a child of the same runsv: it was started later than the record says."""
    directory, process, pid = running(world)
    killed(process)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(pid))[1], "it has ended")
    home, entry, rest = record(directory)
    lock = directory / "supervise/lock"
    world.write("start", "#!/bin/sh\nsleep 1000 & echo $! >child\nchmod 600 s/supervise/lock\n"
                f"{{ printf '%s\\n' '{home.decode().rstrip()}'; printf 'r %010d' $!; printf '{entry[12:51].decode()}%020d\\n' 0; "
                f"printf '%s\\n' '{rest.decode().rstrip()}'; }} >s/supervise/lock\n"
                f"exec {world.suite.path('runsv')} s\n", 0o755)
    assert lock.exists()
    process = world.start(world.directory / "start")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "another is started")
    child = int(text(world.directory / "child"))
    wait_for_words(directory, "run")
    assert int(record(directory)[1][2:12]) == pid_of(directory) != child
    process.terminate()
    assert process.wait(30) == 0 and alive(child)


def test_a_service_whose_first_thread_has_ended_lives(world):
    directory = world.service("s", "#!/usr/bin/python3\nimport ctypes, os, threading, time\n"
                              "threading.Thread(target=lambda: time.sleep(1000)).start()\n"
                              "open('pids', 'a').write(f'{os.getpid()}\\n')\nctypes.CDLL(None).pthread_exit(None)\n")
    process = world.runsv("s")
    pid = int(wait_until(lambda: text(directory / "pids"), "it runs"))
    wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z", "its first thread has ended")
    wait_for_words(directory, "run")
    killed(process)
    succeed(world, "s")
    wait_for_words(directory, "run")
    assert stays(lambda: pid_of(directory) == pid and text(directory / "pids").split() == [str(pid)], 1.2)


def test_plain_runit_in_between_has_the_last_word(world):
    """It writes the status again, and knows nothing of our record."""
    directory, process, _ = running(world)
    control(directory, "d")
    wait_for_words(directory, "down")
    killed(process)
    status = directory / "supervise/status"
    (directory / "supervise/status.new").write_bytes(status.read_bytes())
    os.rename(directory / "supervise/status.new", status)
    succeed(world, "s")
    wait_for_words(directory, "run")


def test_a_service_that_holds_its_own_control_pipe_is_supervised_again(world):
    (world.directory / "service").mkdir()
    directory = world.service("service/s", ALONE.replace("exec 9", "exec 8<>supervise/control 9"))
    world.start("runsvdir", "-P", "service")
    wait_until(lambda: text(directory / "pids"), "it runs")
    runsv = wait_until(lambda: runsv_of(world, "s"), "a runsv")
    os.kill(runsv, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), runsv_of(world, "s"))[1] not in (None, runsv), "a successor")
    pid = int(text(directory / "pids"))
    control(directory, "t")
    wait_until(lambda: (reap_orphans(world.processes), len(text(directory / "pids").split()) == 2)[1], "it obeys")
    assert not alive(pid) and never_two(directory)


def test_supervise_that_was_removed_is_made_again_at_once(world):
    directory, _, pid = running(world, log__run=READ)
    for _ in range(3):
        shutil.rmtree(directory / "supervise")
        shutil.rmtree(directory / "log/supervise")
        for its in (directory, directory / "log"):
            wait_until(lambda: fifo_has_reader(its / "supervise/ok"), "it can be reached")
            wait_until(lambda: stat_words(its) == "run", "and says what is true")
    control(directory, "d")
    wait_for_words(directory, "down")
    assert not alive(pid)


def test_a_service_directory_that_is_removed_is_not_held_up(world):
    directory, process, pid = running(world)
    shutil.rmtree(directory)
    assert stays(lambda: not directory.exists(), 0.6)
    process.terminate()
    assert process.wait(30) == 0 and not alive(pid)


def test_who_was_displaced_ends_its_service_and_leaves(world):
    """supervise/ was replaced, and another runsv was faster."""
    directory, first, pid = running(world)
    world.write("s/run", "#!/bin/sh\nexec sleep 1000\n", 0o755)  # of the second: no lock of its own
    first.send_signal(signal.SIGSTOP)
    shutil.rmtree(directory / "supervise")
    second = succeed(world, "s")
    wait_for_words(directory, "run")
    first.send_signal(signal.SIGCONT)
    assert first.wait(30) == 0
    assert not alive(pid) and second.poll() is None
    wait_for_words(directory, "run")
    assert "another runsv has taken the place of this one, ending the service\n" in world.errors("runsv")


@pytest.mark.parametrize("name", ["status", "stat", "pid"])
def test_a_fifo_in_the_place_of_a_status_file_holds_nobody_up(world, name):
    directory, process, pid = running(world)
    path = directory / "supervise" / name
    path.unlink()
    os.mkfifo(path)
    renewed(world, process, directory)
    killed(process)
    process = succeed(world, "s")
    process.terminate()
    wait_until(lambda: (reap_orphans(world.processes), process.poll())[1] == 0, "it leaves")
    assert not alive(pid)


# -- other views of /proc ----------------------------------------------------------------------------------------------


def in_namespaces(world, script, *options, user=None):
    """runsv s behind `script`, in a mount namespace of its own. (unshare executes: the process is runsv.)"""
    become = f"setpriv --reuid {user} --regid {user} --clear-groups" if user else ""
    return world.start("/usr/bin/unshare", "--mount", *options, "sh", "-c",
                       f"{script}; exec {become} {world.suite.path('runsv')} s")


PROC = {
    "subset=pid": "mount -t proc -o subset=pid proc /proc",
    "no /proc": "mount -t tmpfs none /proc",
    "hidden /proc/sys": "mount -t tmpfs none /proc/sys",
}


@needs_root
@pytest.mark.parametrize("proc", PROC)
def test_a_proc_that_shows_less_doubles_nothing(world, proc):
    directory = world.service("s", ALONE, log__run="#!/bin/sh\necho $$ >>pids\nexec cat >/dev/null\n")
    process = in_namespaces(world, PROC[proc])
    wait_until(lambda: text(directory / "pids"), "it runs")
    wait_for_words(directory, "run")
    wait_for_words(directory / "log", "run")
    pid, logger = process_of(directory), process_of(directory / "log")
    for _ in range(3):
        process.send_signal(signal.SIGHUP)
        stamp = Path(f"/proc/{process.pid}/environ")
        wait_until(lambda: b"RUNSV_HANDOVER=" in stamp.read_bytes(), "it has been renewed")
        wait_until(lambda: fifo_has_reader(directory / "supervise/ok"), "it takes commands")
    assert (pid_of(directory), pid_of(directory / "log")) == (pid, logger) and alive(pid) and alive(logger)
    assert len(text(directory / "pids").split()) == 1 and len(text(directory / "log/pids").split()) == 1

    killed(process)
    wait_until(lambda: not fifo_has_reader(directory / "supervise/ok"), "nobody takes commands")
    in_namespaces(world, PROC[proc])
    if proc != "no /proc":  # without it the log pipe cannot be had back, and both are ended first
        wait_until(lambda: fifo_has_reader(directory / "supervise/ok"), "a successor")
        wait_for_words(directory, "run")
        assert pid_of(directory) == pid and pid_of(directory / "log") == logger
    assert stays(lambda: (reap_orphans(world.processes), never_two(directory))[1], 1.2)


@needs_root
def test_a_proc_of_another_namespace_shows_strangers(world):
    """A process there has the number that is in the record. It is neither adopted nor ended."""
    directory, process, pid = running(world)
    killed(process)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(pid))[1], "it has ended")
    stranger = other_process(world)
    home, entry, rest = record(directory)
    # In the new namespace there is no such process; what its foreign /proc shows under the number is the stranger.
    (directory / "supervise/lock").write_bytes(b"-" * 36 + home[36:50] + b"0" * 10 + home[60:72] + b"0" * 20 + home[92:] +
                                               record_of(stranger)[:-21] + b"0" * 20 + b"\n" + rest)
    process = world.start("/usr/bin/unshare", "--pid", "--fork", "--kill-child", world.suite.path("runsv"), "s")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "a new one is started")
    assert alive(stranger)
    os.kill(children(process.pid)[0], signal.SIGTERM)
    assert process.wait(30) == 0 and alive(stranger)


@needs_root
def test_another_time_namespace_doubles_nothing(world):
    directory, process, pid = running(world)
    killed(process)
    process = world.start("/usr/bin/unshare", "--time", "--boottime=100000", "--monotonic=100000", "--fork", "--kill-child",
                          world.suite.path("runsv"), "s")
    wait_until(lambda: fifo_has_reader(directory / "supervise/ok"), "a successor")
    wait_for_words(directory, "run")
    assert pid_of(directory) == pid and stays(lambda: never_two(directory), 1.2)


@needs_root
def test_hidepid_does_not_make_it_forget(world):
    """A user who cannot see PID 1."""
    directory = world.service("s", ALONE)
    for path in [world.directory, *world.directory.rglob("*")]:
        os.chown(path, 65534, 65534)
    hide = "mount -t proc -o hidepid=2 proc /proc"
    process = in_namespaces(world, hide, user=65534)
    wait_until(lambda: text(directory / "pids"), "it runs")
    wait_for_words(directory, "run")
    control(directory, "d")
    wait_for_words(directory, "down")
    process.send_signal(signal.SIGHUP)
    stamp = Path(f"/proc/{process.pid}/environ")
    wait_until(lambda: b"RUNSV_HANDOVER=" in stamp.read_bytes(), "it has been renewed")
    assert stays(lambda: stat_words(directory) == "down", 0.5)
    killed(process)
    wait_until(lambda: not fifo_has_reader(directory / "supervise/ok"), "nobody takes commands")
    in_namespaces(world, hide, user=65534)
    wait_until(lambda: fifo_has_reader(directory / "supervise/ok"), "a successor")
    assert stays(lambda: stat_words(directory) == "down" and len(text(directory / "pids").split()) == 1, 1.2)


@needs_root
def test_a_full_disk_leaves_no_wrong_status(world):
    """What fits in place is written in place; what cannot be written is said once."""
    script = ("mount -t tmpfs -o size=256k none . && cd . && mkdir s && printf '#!/bin/sh\\nexec sleep 1000\\n' >s/run && "
              "chmod +x s/run && touch s/down && cd $PWD")
    process = in_namespaces(world, script)
    root = Path(f"/proc/{process.pid}/cwd")
    directory = wait_until(lambda: root.exists() and fifo_has_reader(root / "supervise/ok") and root, "it takes commands")
    wait_until(lambda: (directory / "supervise/status").stat().st_size == 20, "a status")
    with open(directory / "fill", "wb", buffering=0) as fill, pytest.raises(OSError):
        while True:
            fill.write(b"x" * 4096)
    control(directory, "u")
    wait_until(lambda: (directory / "supervise/status").read_bytes()[19] == 1, "the status says run")
    pid = int.from_bytes((directory / "supervise/status").read_bytes()[12:16], "little")
    assert alive(pid) and children(process.pid) == [pid]
    wait_until(lambda: "unable to write supervise/pid.new: out of disk space\n" in world.errors("unshare"), "it is said")
    process.send_signal(signal.SIGHUP)
    stamp = Path(f"/proc/{process.pid}/environ")
    wait_until(lambda: b"RUNSV_HANDOVER=" in stamp.read_bytes(), "it has been renewed")
    control(directory, "d")
    wait_until(lambda: (directory / "supervise/status").read_bytes()[12:20] == b"\0\0\0\0\0d\0\0", "the status says down")
    (directory / "fill").unlink()
    control(directory, "u")
    wait_until(lambda: (directory / "supervise/pid").read_text().strip() in map(str, children(process.pid)), "all is well again")


# -- what a re-exec carries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["HUP", "kill -9"])
def test_a_down_that_came_while_the_logger_drained_is_kept(world, how):
    directory = world.service("s", ALONE, log__run="#!/bin/sh\necho $$ >>pids\ncat >/dev/null\nread x <>../../gate\n")
    os.mkfifo(world.directory / "gate")
    process = world.runsv("s")
    wait_for_words(directory, "run")
    wait_until(lambda: text(directory / "log/pids"), "its logger runs")
    control(directory, "x")
    wait_for_words(directory, "down")
    control(directory, "d")  # it is to stay, and to be down
    wait_until(lambda: record(directory)[0][-3:-1] == b"d0", "it has taken the command")
    if how == "HUP":
        renewed(world, process, directory)
    else:
        killed(process)
        process = succeed(world, "s")
    (world.directory / "gate").write_text("go\n")
    wait_until(lambda: (reap_orphans(world.processes), len(text(directory / "log/pids").split()) == 2)[1] or how == "kill -9",
               "the logger is started anew")
    assert stays(lambda: process.poll() is None and stat_words(directory) == "down", 0.5)


def test_hup_does_not_wait_for_a_script_or_a_start(world):
    directory, process, pid = running(world, control__t="#!/bin/sh\necho $$ >>script\nread x <>../gate\nexit 0\n",
                                      finish="#!/bin/sh\nread x <>../gate\n")
    os.mkfifo(world.directory / "gate")
    control(directory, "t")
    wait_until(lambda: text(directory / "script"), "the script runs")
    renewed(world, process, directory)
    control(directory, "h")  # waits
    (world.directory / "gate").write_text("go\n")
    wait_until(lambda: len(text(directory / "pids").split()) == 1 and stat_words(directory).startswith("finish"),
               "the script has handled TERM, and HUP has come after it")
    control(directory, "do")  # a start is owed
    renewed(world, process, directory)
    wait_for_words(directory, "finish, want down")
    renewed(world, process, directory)
    (world.directory / "gate").write_text("go\n")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "it is started once")
    wait_for_words(directory, "run, want down")
    assert not alive(pid)


def test_hup_while_log_is_missing(world):
    directory, process, pid = running(world, log__run=READ)
    logger = process_of(directory / "log")
    (directory / "log").rename(world.directory / "away")
    shutil.rmtree(world.directory / "away")
    renewed(world, process, directory)
    renewed(world, process, directory)
    assert alive(pid) and alive(logger) and len(text(directory / "pids").split()) == 1


@pytest.mark.parametrize("what", ["cut short", "another program", "a script", "another version"])
def test_a_program_that_would_lose_the_service_is_not_executed(world, what):
    """A copy that was interrupted; Debian's runsv, or busybox: a downgrade; one that speaks another version."""
    programs, directory, process = running_from_a_place_of_its_own(world)
    ours = (programs / "runsv").read_bytes()
    new = {"cut short": ours[: len(ours) // 2], "another program": Path("/bin/true").read_bytes(),
           "a script": b"#!/bin/sh\nexec sleep 1000\n",
           "another version": ours.replace(b"runwell\0\1\0\0\0\1\0\0\0", b"runwell\0\2\0\0\0\3\0\0\0")}[what]
    (programs / "new").write_bytes(new)
    (programs / "new").chmod(0o755)
    os.rename(programs / "new", programs / "runsv")
    why = {"cut short": "its file is cut short", "another program": "it is not runwell's, or an old one, and would lose the service",
           "a script": "it is no program for this machine", "another version": "its version takes no handover from this one"}[what]
    pid = process_of(directory)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: f"unable to become the installed runsv, going on as before: {why}\n" in world.errors("runsv"), "it is said")
    assert process.poll() is None and alive(pid)
    (programs / "new").write_bytes(ours)
    (programs / "new").chmod(0o755)
    os.rename(programs / "new", programs / "runsv")
    renewed(world, process, directory)
    assert pid_of(directory) == pid and text(directory / "pids").split() == [str(pid)]
