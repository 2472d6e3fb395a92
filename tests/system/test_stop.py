"""service-directory(5): a stop that always ends: down-signal, reload-signal, timeout-kill, timeout-finish."""

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from harness import alive, children, control, pid_of, reference, Status, wait_for_words, wait_until, World
from runsv_scenes import CAT, STUBBORN, Stranger, TRACER, lines, running, sane, says, traces  # noqa: F401


SLEEPER = "#!/bin/sh\nexec sleep 1000\n"


def service(world, run, **files):
    """As world.service(), with `timeout_kill` for timeout-kill."""
    return world.service("s", run, **{name.replace("__", "/").replace("_", "-"): text for name, text in files.items()})


def stubborn(world, **files):
    directory = service(world, STUBBORN, **files)
    process, _ = running(world)
    return process, directory, pid_of(directory)


@pytest.mark.parametrize("letter", "dxt")
def test_a_stop_sends_the_down_signal(world, letter):
    directory = service(world, TRACER, down_signal="QUIT\n")
    running(world)
    traces(directory, "run")
    control(directory, letter)
    traces(directory, "QUIT")
    assert "TERM" not in lines(directory / "trace")


def test_a_reload_sends_the_reload_signal(world):
    directory = service(world, TRACER, reload_signal="USR2\n")
    running(world)
    traces(directory, "run")
    control(directory, "h")
    traces(directory, "USR2")
    assert "HUP" not in lines(directory / "trace")


def test_a_control_script_that_exits_0_wins(world):
    directory = service(world, TRACER, down_signal="QUIT\n", control__t="#!/bin/sh\necho asked >>trace\nkill -USR1 $1\n")
    running(world)
    traces(directory, "run")
    control(directory, "t")
    traces(directory, "asked", "USR1")
    assert not {"QUIT", "TERM"} & set(lines(directory / "trace"))


def test_a_stop_ends_by_kill(world):
    process, directory, pid = stubborn(world, timeout_kill="300ms\n")
    begin = time.monotonic()
    done = world.run("sv", "-w", "20", "stop", directory)
    assert done.returncode == 0 and done.stdout.startswith(f"ok: down: {directory}: ")
    assert time.monotonic() - begin >= 0.3, "not before its time"
    assert not alive(pid)


@pytest.mark.parametrize("letter", "tx")
def test_a_restart_and_an_exit_end_by_kill_too(world, letter):
    process, directory, pid = stubborn(world, timeout_kill="100\n")
    control(directory, letter)
    wait_until(lambda: not alive(pid), "the KILL")
    if letter == "t":
        wait_for_words(directory, "run")
    else:
        process.wait(30)


def test_a_finish_that_hangs_is_killed(world):
    directory = service(world, SLEEPER, finish="#!/bin/sh\nexec sleep 1000\n", timeout_finish="100ms\n")
    running(world)
    done = world.run("sv", "-w", "20", "stop", directory)
    assert done.returncode == 0 and done.stdout.startswith("ok: down")


def test_a_control_script_that_hangs_is_killed_and_its_signal_sent(world):
    directory = service(world, TRACER, control__t="#!/bin/sh\necho asked >>trace\nexec sleep 1000\n", timeout_finish="100ms\n")
    running(world)
    traces(directory, "run")
    control(directory, "t")
    traces(directory, "asked", "TERM")


@pytest.mark.parametrize("how", ["control", "force-stop"])
def test_kill_reaches_a_finish_that_hangs_without_any_file(world, how):
    """COMPATIBILITY: under runit nothing ends it"""
    directory = service(world, SLEEPER, finish="#!/bin/sh\nexec sleep 1000\n")
    running(world)
    if how == "control":
        control(directory, "d")
        wait_for_words(directory, "finish, want down")
        control(directory, "k")
    else:
        assert "kill: finish: " in world.run("sv", "-w", "1", "force-stop", directory).stdout
    wait_for_words(directory, "down")


def test_the_files_are_read_when_the_stop_begins(world):
    process, directory, pid = stubborn(world)
    world.write(directory / "timeout-kill", "100ms\n")
    control(directory, "d")
    wait_for_words(directory, "down")


@pytest.mark.parametrize("file, value", [("timeout-kill", "soon"), ("down-signal", "STOPIT"), ("reload-signal", "")])
def test_a_malformed_value_is_reported_once_and_the_default_holds(world, file, value):
    directory = service(world, TRACER, **{file.replace("-", "_"): value + "\n"})
    running(world)
    traces(directory, "run")
    for command in "hth":
        control(directory, command)
    traces(directory, "HUP", "TERM")
    kind = "duration like 10s or 500ms" if file == "timeout-kill" else "signal"
    assert world.errors("runsv") == f'runsv s: warning: unable to use {file}: "{value}" is no {kind}\n'


def test_a_value_that_is_mended_and_broken_again_is_reported_again(world):
    directory = service(world, TRACER, timeout_kill="soon\n")
    running(world)
    traces(directory, "run")
    says(world, "unable to use timeout-kill")
    for value, times in (("10s", 1), ("later", 2)):
        world.write(directory / "timeout-kill", value + "\n")
        handled = len(lines(directory / "trace"))
        control(directory, "h")
        wait_until(lambda: len(lines(directory / "trace")) > handled, "the command")
        says(world, "unable to use timeout-kill", times)


@pytest.mark.parametrize("how", ["KILL", "HUP"])
def test_a_successor_and_a_reexec_keep_the_deadline(world, how):
    process, directory, pid = stubborn(world, timeout_kill="1500ms\n")
    began = time.monotonic()
    control(directory, "d")
    wait_for_words(directory, "run, got TERM, want down")
    (directory / "timeout-kill").unlink()  # it was read when the stop began
    process.send_signal(getattr(signal, f"SIG{how}"))
    if how == "KILL":
        process.wait()
        world.runsv("s")
    assert alive(pid)
    wait_until(lambda: not alive(pid), "the KILL")
    assert time.monotonic() - began >= 1.4
    wait_for_words(directory, "down")


def test_a_successor_ends_a_finish_that_hangs(world):
    directory = service(world, SLEEPER, finish="#!/bin/sh\nexec sleep 1000\n", timeout_finish="1s\n")
    process, _ = running(world)
    control(directory, "d")
    wait_for_words(directory, "finish, want down")
    process.kill()
    process.wait()
    world.runsv("s")
    wait_for_words(directory, "down")


def test_a_directory_without_the_files_costs_nothing(world):
    """Neither a start nor a stop looks for one of them once the directory has been left alone for a while."""
    directory = service(world, SLEEPER)
    (directory / "supervise").mkdir(mode=0o700)
    hour = time.time() - 3600
    os.utime(directory, (hour, hour))
    trace = world.directory / "strace"
    world.start(shutil.which("strace"), "-o", trace, world.suite.path("runsv"), "s")
    wait_for_words(directory, "run")
    before = len(lines(trace))
    first = pid_of(directory)
    control(directory, "t")
    wait_until(lambda: pid_of(directory) not in (0, first), "the next")
    control(directory, "d")
    wait_for_words(directory, "down")
    calls = lines(trace)[before:]
    files = "down-signal|reload-signal|timeout-kill|timeout-finish|contain"
    assert not [row for row in calls if re.search(files, row)]
    assert not [row for row in calls if "control/" in row], "one look at the directory takes the place of these"


# As many system calls as runsv needed before it knew of such files, without those that depend on what comes together.
WAITS = "ppoll|read|wait4"
MOST_CALLS = {"start": 83, "restart": 49, "stop": 33}


@pytest.mark.shipped
def test_a_directory_without_the_files_makes_no_more_calls(world):
    directory = service(world, SLEEPER)
    trace = world.directory / "strace"
    process = world.start(shutil.which("strace"), "-o", trace, world.suite.path("runsv"), "s")
    wait_for_words(directory, "run")
    hour = time.time() - 3600
    os.utime(directory, (hour, hour))  # runsv has made supervise/, and looks once more
    for _ in range(2):
        before = pid_of(directory)
        control(directory, "t")
        wait_until(lambda gone=before: pid_of(directory) not in (0, gone), "the next")
    control(directory, "d")
    wait_for_words(directory, "down")
    control(directory, "x")
    process.wait(20)

    rows = lines(trace)
    begins = [number for number, row in enumerate(rows) if '"run\\n"' in row]
    stopped = next(number for number, row in enumerate(rows) if number > begins[-1] and '"down\\n"' in row)
    parts = {"start": rows[: begins[0]], "restart": rows[begins[-2] : begins[-1]], "stop": rows[begins[-1] : stopped]}
    calls = {what: [row for row in part if not re.match(rf"({WAITS})\(|---", row)] for what, part in parts.items()}
    found = {what: len(made) for what, made in calls.items()}
    assert all(found[what] <= most for what, most in MOST_CALLS.items()), (found, calls)
    assert sum('"contain"' in row for row in parts["start"]) == 1


# -- contain ---------------------------------------------------------------------------------------------------------

# Six processes: itself, a child, a shell with a child, and two daemons that have left the session and their parent.
FAMILY = """#!/bin/sh
trap '' TERM
echo $$ >>family
sleep 1001 & echo $! >>family
sh -c 'echo $$ >>family; sleep 1002 & echo $! >>family; wait' &
for n in 3 4; do setsid sh -c "sleep 100$n & echo \\$! >>family" & done
while [ $(wc -l <family) -lt 6 ]; do sleep 0.01; done
echo whole >ready
while :; do sleep 0.1; done
"""
CGROUP = next((d for d in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if Path(d, "cgroup.procs").exists()), None)


WAYS = ["cgroup", "root", "user"]


def leaf_of(directory):
    about = directory.stat()
    return Path(CGROUP or "/nowhere", f"runsv.{about.st_dev}.{about.st_ino}")


@pytest.fixture(autouse=True)
def leaves(world):
    """A runsv that is killed for good leaves its leaf behind, empty."""
    yield
    world.close()
    for directory in world.directory.rglob("supervise"):
        if leaf_of(directory.parent).exists():
            leaf_of(directory.parent).rmdir()


def start_contained(world, how, run, **files):
    """A runsv on a contained service: with a cgroup, as root without one, or as a user who can make none."""
    directory = service(world, run, contain="", **files)
    if how == "cgroup":
        if os.getuid() != 0 or not CGROUP or not os.access(f"{CGROUP}/cgroup.procs", os.W_OK):
            pytest.skip("no cgroup can be made here")
        process = world.runsv("s")
    elif how == "root":
        if os.getuid() != 0:
            pytest.skip("needs root")
        hide = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"'
        runsv = world.suite.path("runsv")
        process = world.start(shutil.which("unshare"), "-m", "sh", "-c", hide, "sh", runsv, "s",
                              stderr=open(world.directory / "runsv.err", "ab"))
    else:
        stranger = Stranger(world)
        stranger.owns(directory)
        process = world.runsv("s", **stranger.options)
    wait_until(lambda: (directory / "ready").exists(), "all its processes")
    wait_for_words(directory, "run")  # runsv may say so later than ./run does
    return process, directory


@pytest.mark.parametrize("how", WAYS)
def test_a_stop_of_a_contained_service_leaves_none_of_six_processes(world, how):
    _, directory = start_contained(world, how, FAMILY, timeout_kill="500ms\n", finish="#!/bin/sh\ncat family >finished\n")
    family = [int(pid) for pid in lines(directory / "family")]
    assert all(map(alive, family))
    assert leaf_of(directory).exists() == (how == "cgroup")
    control(directory, "d")
    while Status(directory).now != "down":
        pass
    assert not any(map(alive, family)), "down, and one lives"
    wait_for_words(directory, "down")
    assert (directory / "finished").exists()
    assert not leaf_of(directory).exists()


@pytest.mark.parametrize("how", ["cgroup", "root"])
def test_what_a_contained_service_leaves_gets_term_and_time(world, how):
    run = "#!/bin/sh\nsh -c 'trap \"echo saved >saved; exit\" TERM; echo $$ >kept; while :; do sleep 0.05; done' &\n" \
        "while [ ! -s kept ]; do sleep 0.01; done\necho >ready\nexec sleep 1000\n"
    _, directory = start_contained(world, how, run)
    kept = int(lines(directory / "kept")[0])
    control(directory, "d")
    wait_for_words(directory, "down")
    assert (directory / "saved").exists() and not alive(kept)


# Each process forks as fast as it can, up to the limit of its user, and survives what it can.
BOMB = """#!/usr/bin/python3
import os, resource, signal, time
resource.setrlimit(resource.RLIMIT_NPROC, (200, 200))
os.setgid(47110), os.setuid(47110)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
first = os.getpid()
while True:
    try:
        os.fork()
    except OSError:
        if os.getpid() == first: open("full", "w").close()
        time.sleep(0.01)
"""


@pytest.mark.parametrize("how", ["cgroup", "root"])
def test_a_fork_bomb_is_ended(world, how):
    if os.getuid() != 0:
        pytest.skip("needs root")
    world.directory.chmod(0o755)
    (world.directory / "s").mkdir(mode=0o777)
    (world.directory / "s").chmod(0o777)
    bomb = "#!/bin/sh\n: >ready\nexec ./bomb\n"
    world.write("s/bomb", BOMB)
    _, directory = start_contained(world, how, bomb, timeout_kill="100ms\n")

    def lives_of(user, pid):
        try:
            return os.stat(f"/proc/{pid}").st_uid == user and alive(pid)
        except FileNotFoundError:
            return False

    wait_until(lambda: (directory / "full").exists(), "as many as there can be")
    control(directory, "d")
    wait_for_words(directory, "down")
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and lives_of(47110, pid)]


@pytest.mark.parametrize("how", WAYS)
def test_kill_is_for_all_of_a_contained_service(world, how):
    _, directory = start_contained(world, how, FAMILY)
    family = [int(pid) for pid in lines(directory / "family")]
    control(directory, "o")
    control(directory, "k")
    wait_for_words(directory, "down")
    assert not any(map(alive, family))


def test_that_no_cgroup_can_be_made_is_said_once(world):
    process, directory = start_contained(world, "root", FAMILY, timeout_kill="1\n")
    for _ in range(2):
        (directory / "ready").unlink()
        (directory / "family").unlink()
        control(directory, "t")
        wait_until(lambda: (directory / "ready").exists(), "the next start")
    says(world, "runsv s: warning: unable to create a cgroup, ./contain is fulfilled without one: ")
    assert world.errors("runsv").count("cgroup") == 1


def test_a_leaf_lives_as_long_as_its_run(world):
    _, directory = start_contained(world, "cgroup", "#!/bin/sh\n: >ready\nexec sleep 1000\n")
    assert leaf_of(directory).exists()
    control(directory, "d")
    wait_for_words(directory, "down")
    wait_until(lambda: not leaf_of(directory).exists(), "no leaf")
    (directory / "contain").unlink()
    control(directory, "u")
    wait_for_words(directory, "run")
    assert not leaf_of(directory).exists()


def test_runsv_its_logger_and_its_scripts_stay_outside_the_leaf(world):
    asked = "#!/bin/sh\ncat /proc/self/cgroup >asked\n"
    process, directory = start_contained(world, "cgroup", "#!/bin/sh\n: >ready\nexec sleep 1000\n", log__run=CAT,
                                         control__h=asked, finish="#!/bin/sh\ncat /proc/self/cgroup >finished\n")
    wait_for_words(directory, "run")
    inside = (leaf_of(directory) / "cgroup.procs").read_text().split()
    assert inside == [str(pid_of(directory))]
    control(directory, "h")
    wait_until(lambda: lines(directory / "asked"), "control/h")
    control(directory, "d")
    wait_for_words(directory, "down")
    for file in ("asked", "finished"):
        assert "runsv." not in (directory / file).read_text()


def test_a_contained_service_keeps_its_session_and_process_group(world):
    for how in ("cgroup", "root"):
        inner = World(world.directory / how, world.suite)
        inner.directory.mkdir()
        try:
            process, directory = start_contained(inner, how, "#!/bin/sh\n: >ready\nexec sleep 1000\n")
            wait_for_words(directory, "run")
            assert os.getpgid(pid_of(directory)) == os.getpgid(process.pid)
            assert os.getsid(pid_of(directory)) == os.getsid(process.pid)
        finally:
            inner.close()


@pytest.mark.parametrize("when", ["run", "rest"])
@pytest.mark.parametrize("how", ["KILL", "HUP"])
def test_a_successor_and_a_reexec_end_what_is_contained(world, how, when):
    process, directory = start_contained(world, "cgroup", FAMILY, timeout_kill="1s\n")
    family = [int(pid) for pid in lines(directory / "family")]
    if when == "rest":
        wait_for_words(directory, "run")
        control(directory, "d")
        os.kill(pid_of(directory), signal.SIGKILL)
        wait_for_words(directory, "finish, want down")
    process.send_signal(getattr(signal, f"SIG{how}"))
    if how == "KILL":
        process.wait()
        world.runsv("s")
    control(directory, "d")
    wait_for_words(directory, "down")
    assert not any(map(alive, family))
    wait_until(lambda: not leaf_of(directory).exists(), "no leaf")


@pytest.mark.parametrize("version", ["2.1.2", "2.3.1"])
def test_under_plain_runit_the_directory_works_without_the_features(tmp_path, version):
    suite = reference(version)
    if suite is None:
        pytest.skip("no reference")
    world = World(tmp_path, suite)
    try:
        directory = service(world, TRACER, finish="#!/bin/sh\necho finished >>trace\n", down_signal="QUIT\n",
                                  reload_signal="USR2\n", timeout_kill="1s\n", timeout_finish="1s\n", contain="")
        world.runsv("s")
        wait_for_words(directory, "run")
        traces(directory, "run")
        control(directory, "h")
        control(directory, "t")
        traces(directory, "HUP", "TERM")
        control(directory, "k")
        traces(directory, "finished")
        control(directory, "x")
        control(directory, "k")
    finally:
        world.close()
