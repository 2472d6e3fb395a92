"""What a newcomer sees first: `./dev run`, and the service directories of examples/services, each for itself."""

import os
import pty
import select
import shutil
import signal
import subprocess
import time

import pytest
from harness import DEADLINE, ROOT, Status, pid_of, wait_for_words, wait_until

TOUR = ROOT / "examples/tour"
SERVICES = ROOT / "examples/services"
NAMES = sorted(d.name for d in SERVICES.iterdir())


def environment(world):
    # Nothing but what an empty container has: the tour needs bash and coreutils only.
    tools = world.directory / "tools"
    tools.mkdir()
    for name in ("bash", "sh", *coreutils()):
        os.symlink(shutil.which(name), tools / name)
    (world.directory / "tmp").mkdir()
    return world.suite.environment() | {
        "PATH": str(tools),
        "RUNWELL_BIN": str(world.suite.directories[0]),
        "TMPDIR": str(world.directory / "tmp"),
        "TERM": "xterm",
    }


def coreutils():
    listed = subprocess.run(["dpkg", "-L", "coreutils"], capture_output=True, text=True, check=True).stdout
    names = {os.path.basename(path) for path in listed.split() if "/bin/" in path}
    return sorted(name for name in names if shutil.which(name))


def left_behind(world):
    """Processes and files of a tour that has ended."""
    return world.living(), list((world.directory / "tmp").iterdir())


def start_tour(world, *arguments, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    tour = subprocess.Popen(["/usr/bin/env", "bash", TOUR, *arguments], env=environment(world), **options)
    world.processes.append(tour)
    return tour


def test_the_tour_shows_services_and_log_and_leaves_nothing(world):
    tour = start_tour(world, "--seconds", "6", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = tour.communicate(timeout=2 * DEADLINE)[0].decode()
    assert tour.returncode == 0, text
    for name in NAMES:
        expected = f"down: {name}: " if name == "not-at-first" else f"run: {name}: (pid "
        assert expected in text, text
    assert " line 1 of process " in text and "crashes: process " in text, text
    assert text.endswith("nothing is left behind\n"), text
    assert left_behind(world) == ([], [])


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_tour_in_order(world, which):
    out = world.directory / "said"
    with open(out, "wb") as to:
        tour = start_tour(world, stdout=to, stderr=to)
    wait_until(lambda: "line 1 of process" in out.read_text(), "the log is shown")
    tour.send_signal(which)
    assert tour.wait(timeout=DEADLINE) == 0
    text = out.read_text()
    _, _, end = text.partition("\nstopping 7 services ...\n")
    assert "    with-control: leaves, nothing is half done\n" in end, text
    assert "    with-finish: cleaned up after " in end, text
    assert end.endswith("nothing is left behind\n"), text
    assert left_behind(world) == ([], [])


def test_a_reader_that_goes_away_ends_the_tour_in_order(world):
    tour = start_tour(world, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    tour.stdout.readline()
    tour.stdout.close()
    tour.wait(timeout=2 * DEADLINE)
    assert left_behind(world) == ([], [])


def test_on_a_terminal_it_redraws_and_ctrl_c_ends_it(world):
    variables = environment(world)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", str(TOUR)], variables)
    seen = b""

    def read(until, seconds=DEADLINE):
        nonlocal seen
        end = time.monotonic() + seconds
        while until not in seen:
            assert time.monotonic() < end, seen.decode(errors="replace")
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    seen += os.read(terminal, 65536)
                except OSError:  # the terminal's other side is closed
                    assert until in seen, seen.decode(errors="replace")

    try:
        read(b"line 3 of process")
        assert seen.count(b"\033[H") >= 3, "it is drawn again each second"
        frames = [part.split(b"\033[J")[0] for part in seen.split(b"\033[H")[1:-1]]
        assert all(frame.count(b"\n") < 24 for frame in frames), "its first line stays on a terminal of 24"
        assert b"run: plain: (pid " in seen and b"\033[?25l" in seen
        os.write(terminal, b"\x03")
        read(b"nothing is left behind")
        assert b"\033[?25h" in seen, "the cursor is back"
    finally:
        status = os.waitpid(pid, 0)[1]
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert left_behind(world) == ([], [])


@pytest.mark.parametrize("arguments", [["--seconds"], ["--seconds", "x"], ["5"], ["--second", "5"]])
def test_wrong_usage_is_said(world, arguments):
    done = subprocess.run([TOUR, *arguments], capture_output=True, text=True, timeout=DEADLINE)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "usage: examples/tour [--seconds N]\n")


def test_programs_that_are_not_built_are_said(world):
    variables = environment(world) | {"RUNWELL_BIN": "/"}
    done = subprocess.run([TOUR], capture_output=True, text=True, timeout=DEADLINE, env=variables)
    assert done.returncode == 1 and "./dev build makes it" in done.stderr


# -- each service for itself -----------------------------------------------------------------------------------------


@pytest.fixture
def example(world):
    """Starts one of the examples out of a copy."""

    def start(name):
        shutil.copytree(SERVICES / name, world.directory / name)
        world.runsv(name)
        return world.directory / name

    return start


def said(world):
    """What the services have written that have no log."""
    return (world.directory / "runsv.out").read_text().splitlines()


def test_the_plain_one_is_the_process_that_was_started(example):
    service = example("plain")
    wait_for_words(service, "run")
    wait_until(lambda: open(f"/proc/{pid_of(service)}/comm").read() == "sleep\n", "exec has been done")


def test_the_logged_one_keeps_every_line_while_its_logger_restarts(world, example):
    service = example("with-log")
    log = service / "log/main/current"
    wait_until(lambda: log.exists() and "line 1 " in log.read_text(), "the first line")
    assert world.sv("-w", "20", "restart", "with-log/log").returncode == 0
    wait_until(lambda: "line 4 " in log.read_text(), "the fourth line")
    lines = [line.split()[2] for line in log.read_text().splitlines()]
    assert lines == [str(n + 1) for n in range(len(lines))]


def test_the_crashing_one_comes_back(world, example):
    service = example("crashes")
    first = wait_until(lambda: pid_of(service), "it runs")
    wait_until(lambda: pid_of(service) not in (0, first), "it runs again")
    wait_until(lambda: len(said(world)) >= 2, "both have said that they begin")


def test_the_finishing_one_is_cleaned_up_after(world, example):
    service = example("with-finish")
    wait_until(lambda: (service / "scratch").is_dir(), "it works")
    assert world.sv("-w", "20", "stop", "with-finish").returncode == 0
    assert not (service / "scratch").exists()
    assert said(world)[-1].startswith("with-finish: cleaned up after exit code ")


def test_the_checked_one_is_started_when_it_is_ready(world, example):
    service = example("with-check")
    wait_until(lambda: pid_of(service), "it runs")
    assert world.sv("-w", "30", "restart", "with-check").returncode == 0
    assert time.time() - Status(service).since >= 2, "restart has waited for check"


def test_the_controlled_one_is_never_cut_off(world, example):
    service = example("with-control")
    wait_until(lambda: any("request 1 begins" in line for line in said(world)), "it works")
    assert world.sv("-w", "30", "stop", "with-control").returncode == 0
    assert said(world)[-2:] == ["with-control: request 1 is done", "with-control: leaves, nothing is half done"]
    assert not Status(service).got_term


def test_the_one_that_is_down_at_first_starts_when_asked(world, example):
    service = example("not-at-first")
    assert pid_of(service) == 0
    assert world.sv("-w", "20", "start", "not-at-first").returncode == 0
    assert pid_of(service) != 0
