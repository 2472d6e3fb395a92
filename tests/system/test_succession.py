"""runsv is killed, or becomes another program: its service, its logger and the pipe between them go on."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness import (Status, alive, control, fifo_has_reader, free_port, mode_of, pid_of, reap_orphans, stat_words, stays,
                     wait_for_words, wait_until)

# Notes a second copy of itself, and every start.
ALONE = "#!/bin/sh\nexec 9>>alone\nflock -n 9 || echo two >>two\necho $$ >>pids\nexec sleep 1000\n"
FINISH = '#!/bin/sh\necho "$@" >>finished\n'

# Writes numbered lines until it is told to end; says what it died of if that is a closed pipe.
LINES = """#!/bin/sh
trap 'echo pipe >>sigpipe' PIPE
trap 'exit 0' TERM
i=0
while :; do i=$((i+1)); echo $i || echo $? >>sigpipe; sleep 0.002; done
"""
READ = "#!/bin/sh\nexec cat >>../lines\n"


def knows_exit_status():
    """Linux 6.15: a pidfd tells the exit status of somebody else's child."""
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
    """As wait_for_words, and takes in orphans as process no 1 does."""
    def so():
        reap_orphans(world.processes)
        return stat_words(directory) == words

    wait_until(so, f"{directory}: {words!r} instead of {stat_words(directory)!r}")


def text(path):
    return path.read_text() if path.exists() else ""


def ledger(directory):
    return (directory / "supervise/lock").read_bytes()


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


@pytest.mark.parametrize("what", ["boot", "namespace", "pid reused", "empty", "noise"])
def test_a_process_that_only_has_the_number_is_left_alone(world, what):
    """After a boot, in another container, or when the number was given to somebody else."""
    directory, process, pid = running(world)
    killed(process)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (reap_orphans(world.processes), not alive(pid))[1], "it has ended")
    stranger = other_process(world)
    mine = ledger(directory)
    home, entry = mine[:80], mine[80:112]
    forged = entry[:2] + b"%010d" % stranger + entry[12:]  # born before the stranger
    late = entry[:2] + b"%010d" % stranger + b" " + b"9" * 18 + b"\n"
    now = {"boot": b"0" * 36 + home[36:] + late, "namespace": home[:37] + b"0000000001" + home[47:] + late,
           "pid reused": home + forged, "empty": b"", "noise": os.urandom(200)}[what]
    (directory / "supervise/lock").write_bytes(now)
    process = succeed(world, "s")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "a new one is started")
    wait_for_words(directory, "run")
    assert pid_of(directory) != stranger
    process.terminate()
    assert process.wait(30) == 0
    assert alive(stranger)


def test_a_ledger_that_others_can_write_is_not_believed(world):
    directory, process, pid = running(world)
    killed(process)
    os.kill(pid, signal.SIGKILL)
    stranger = other_process(world)
    mine = ledger(directory)
    (directory / "supervise/lock").write_bytes(mine[:82] + b"%010d" % stranger + b" " + b"9" * 18 + b"\n")
    (directory / "supervise/lock").chmod(0o666)
    process = succeed(world, "s")
    wait_until(lambda: len(text(directory / "pids").split()) == 2, "a new one is started")
    process.terminate()
    assert process.wait(30) == 0
    assert alive(stranger)


def test_a_lock_with_another_name_is_not_written_to(world):
    """A hard link to somebody's file, where the directory is not root's own."""
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
    assert int(lines[0].split()[1]) == os.stat("/proc/self/ns/pid").st_ino
    assert lines[1].split()[:2] == ["r", f"{pid:010}"]


def test_a_supervise_directory_that_is_made_again_has_a_ledger(world):
    directory, process, pid = running(world, log__run=READ)
    shutil.rmtree(directory / "supervise")
    control_file = directory / "supervise/control"
    os.kill(pid, signal.SIGHUP)  # something happens
    wait_until(lambda: control_file.exists() and stat_words(directory) == "run", "it has moved in again")
    lines = ledger(directory).decode().splitlines()
    assert int(lines[1].split()[1]) == pid_of(directory)
    assert int(lines[0].split()[3]) == os.stat(f"/proc/{pid_of(directory)}/fd/1").st_ino


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
    os.kill(lives, signal.SIGSTOP)  # it neither writes while nobody reads nor sees the end of its input
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
    wait_until(lambda: b"RUNSV_BATON=" in stamp.read_bytes(), "it has been renewed")
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
    assert b"RUNSV_BATON" not in Path(f"/proc/{pid_of(directory)}/environ").read_bytes()
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
    wait_until(lambda: "unable to renew this program: file does not exist\n" in world.errors("runsv"), "it says so")
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
    wait_until(lambda: b"RUNSV_BATON=" in Path(f"/proc/{process.pid}/environ").read_bytes(), "it has been renewed")
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
    environment = world.suite.environment(RUNSV_BATON="1 3 4 5 6 7 8 9 10 11 12 /")
    directory = world.service("s", ALONE)
    process = world.runsv("s", env=environment)
    wait_for_words(directory, "run")
    assert b"RUNSV_BATON" not in Path(f"/proc/{pid_of(directory)}/environ").read_bytes()
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
