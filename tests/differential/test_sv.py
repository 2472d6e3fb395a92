"""sv, ours and Debian's: the same command lines, against the same or equal services, must look the same."""

import os
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import harness
from compare import Observed, observe
from harness import fifo_has_reader, pid_of, wait_for_words, wait_until

RENEWING = {"restart", "try-restart", "term", "T"}
STARTING = {"up", "start", "check"}
STOPPING = {"stop", "force-stop"}
UNREAD = {"plain", "no-control", "no-status", "dead", "dead-control", "bad-status", "empty-status", "ok-is-file"}

# What differs on purpose: of which version (None: of both), in which commands (None: in all), for which services, why.
DIFFERENCES = [
    (None, None, {"bad-phase"}, "a status that names no phase is no status; runit prints half a line"),
    (None, None, {"odd-want"}, "what is not wanted up is wanted down; runit says neither"),
    (None, None, {"loop-down"}, "the status is told even where ./down cannot be looked at; runit prints an empty line"),
    (None, {"status"}, {"log-without-runsv-files", "log-bad-status"},
     "a log service whose status cannot be read has none; runit prints that of the service, or of nothing"),
    (None, STOPPING, {"down-wants-up"}, "a service that is about to start is not down"),
    (None, STARTING, {"run-wants-down", "run-everything"}, "a service that is about to go is not up"),
    (None, STARTING, {"loop-check"}, "runit repeats its warning at every look"),
    (None, RENEWING, {"future"}, "a start in the future is not a new start, only a clock that has been set back"),
    (None, {"status", "status as init script", "check"}, {"dead-control"},
     "runsv reads ok and control: an ok that only another process has open is no runsv; runit believes it"),
    ("2.1.2", {"check"}, {"down-wants-up", "down-with-pid", "finish", "run-without-pid"}, "2.3 waits for the state that is wanted"),
    ("2.1.2", None, UNREAD, "2.3 sends a command before it reads the status, so it is the control FIFO that is missed"),
    ("2.1.2", {"status as init script"}, {"log-up", "log-down"}, "2.3 exits by the service, not by its log service"),
]  # fmt: skip


def is_meant_to_differ(version, command, name):
    return any(
        of in (None, version) and (commands is None or command in commands or command.split()[0] in commands) and name in names_
        for of, commands, names_, _ in DIFFERENCES
    )


@pytest.fixture(params=["2.1.2", "2.3.1"])
def version(request):
    if harness.reference(request.param) is None:
        pytest.skip(f"no runit {request.param} here")
    return request.param


# -- services made by hand: the same files for both ---------------------------------------------------------------------

SERVICES = {
    "run": dict(pid=9, phase=1),
    "run-down-file": dict(pid=9, phase=1, down=True),
    "run-wants-down": dict(pid=9, phase=1, want="d"),
    "run-everything": dict(pid=9, phase=1, want="d", paused=1, got_term=1, down=True),
    "run-without-pid": dict(pid=0, phase=1),
    "down": dict(want="d"),
    "down-down-file": dict(want="d", down=True),
    "down-wants-up": dict(want="u"),
    "down-with-pid": dict(pid=5),
    "finish": dict(pid=9, phase=2, paused=1, want="d", got_term=1),
    "future": dict(pid=9, phase=1, age=-100000),
    "old": dict(pid=9, phase=1, age=10**12),
    "big": dict(pid=9, phase=1, more=b"more"),
    "bad-phase": dict(pid=9, phase=3),
    "odd-want": dict(pid=9, phase=1, want="z"),
    "bad-status": dict(status=b"x" * 19),
    "empty-status": dict(status=b""),
    "dead": dict(ok=False, control=False),
    "dead-control": dict(pid=9, phase=1, control=False),
    "with space\nand line": dict(pid=9, phase=1),
}


@pytest.fixture
def services(world):
    """Every one of SERVICES, and some that are wrong in other ways."""
    held = []
    now = int(time.time())

    def make(name, pid=0, phase=0, want="u", paused=0, got_term=0, age=5, more=b"", status=None, ok=True, control=True, down=False):
        supervise = world.directory / name / "supervise"
        supervise.mkdir(parents=True)
        for fifo, is_open, flags in (("ok", ok, os.O_RDONLY), ("control", control, os.O_RDWR)):
            os.mkfifo(supervise / fifo)
            if is_open:
                held.append(os.open(supervise / fifo, flags | os.O_NONBLOCK))
        record = struct.pack(">QI", harness.TAI_OFFSET + now - age, 500) + struct.pack("<I", pid)
        record += bytes([paused, ord(want), got_term, phase]) + more
        (supervise / "status").write_bytes(record if status is None else status)
        if down:
            world.write(f"{name}/down", "")

    for name, how in SERVICES.items():
        make(name, **how)
    world.service("plain")
    make("no-status")
    (world.directory / "no-status/supervise/status").unlink()
    make("no-control", pid=9, phase=1, control=False)
    (world.directory / "no-control/supervise/control").unlink()
    make("ok-is-file", pid=9, phase=1, ok=False)
    (world.directory / "ok-is-file/supervise/ok").unlink()
    world.write("ok-is-file/supervise/ok", "")
    for name, log in (("log-up", dict(pid=8, phase=1)), ("log-down", dict(want="d")), ("log-dead", dict(ok=False)), ("log-bad-status", dict(status=b"x"))):
        make(name, **(dict(pid=9, phase=1) if name != "log-up" else dict(want="d")))
        make(f"{name}/log", **log)
    make("log-without-runsv-files", pid=9, phase=1)
    (world.directory / "log-without-runsv-files/log").mkdir()
    make("log-is-file", pid=9, phase=1)
    world.write("log-is-file/log", "")
    for link in ("down", "check"):
        make(f"loop-{link}", pid=9, phase=1)
        (world.directory / f"loop-{link}/{link}").symlink_to(link)
    for name, text, mode in (("check-refused", "", 0o644), ("check-format", "echo", 0o755), ("check-no", "#!/bin/sh\nexit 3\n", 0o755)):
        make(name, pid=9, phase=1)
        world.write(f"{name}/check", text, mode)
    yield world
    for fd in held:
        os.close(fd)


def names(world):
    return sorted(p.name for p in world.directory.iterdir() if p.is_dir()) + ["missing", ""]


def both(world, version, words, **options):
    """What the reference and we do, in this order."""
    return [
        observe(suite.path("sv"), words, env=suite.environment(SVDIR=world.directory), cwd=world.directory, **options)
        for suite in (harness.reference(version), world.suite)
    ]


def assert_same(version, command, seen):
    """`seen` has what both did, by service."""
    wrong = [
        f"{command} {name}:\n  theirs {theirs}\n  ours   {ours}"
        for name, (theirs, ours) in seen.items()
        if ours != theirs and not is_meant_to_differ(version, command, name)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_status(services, version):
    assert_same(version, "status", {name: both(services, version, ["status", name]) for name in names(services)})


def test_every_status_of_an_init_script(services, version):
    seen = {name: both(services, version, ["status"], argv0=f"/etc/init.d/{name}") for name in names(services) if name}
    assert_same(version, "status as init script", seen)


@pytest.mark.parametrize("words", ["up", "exit", "-w0 up", "-w0 hup", "-w0 stop", "-w0 start", "-w0 check", "-w0 restart",
                                   "-w0 once", "-w0 pause", "-w0 cont", "-w0 term", "-w0 T", "-w0 X", "-w0 force-stop",
                                   "-w0 try-restart"])  # fmt: skip
def test_every_command_on_every_state(services, version, words):
    """Each on a command line of its own, many at the same time: most of them wait for the end of their time."""
    every = names(services)
    with ThreadPoolExecutor(8) as pool:
        seen = dict(zip(every, pool.map(lambda name: both(services, version, [*words.split(), name]), every)))
    assert_same(version, words.split()[-1], seen)


@pytest.mark.parametrize("words", [[], ["status"], ["Z", "run"], ["restar", "run"], ["-x", "status", "run"], ["-w"], ["-w", "1"],
                                   ["-V"], ["--", "status", "run"], ["status", "-v", "run"], ["-vw1", "up", "run"],
                                   ["-", "run"], ["", "run"], ["starx", "run"], ["Down"], ["check", "run", "down", "missing"],
                                   ["status", "run/", "./run", "../x", "."], ["reload", "./run", "/nowhere"]])  # fmt: skip
@pytest.mark.parametrize("argv0", [None, "/etc/init.d/run"])
def test_every_command_line(services, version, words, argv0):
    theirs, ours = both(services, version, words, argv0=argv0)
    assert ours == theirs


def test_every_first_letter(services, version):
    letters = [chr(byte) for byte in range(33, 127) if chr(byte) != "-"]
    assert_same(version, "first letter", {letter: both(services, version, [letter, "missing"]) for letter in letters})


# -- living services: equal trees, each with a runsv of the reference --------------------------------------------------

RUN = "#!/bin/sh\nexec sleep 1000\n"
STORY = ["status a", "-w9 restart a", "stop a", "status a", "-v once a", "-v pause a", "-v cont a", "-v term a", "start a",
         "try-restart a", "-v kill a", "reload a", "check a", "stop a", "stop d", "start d", "status a d missing", "restart d", "restart a",
         "-w0 stop b", "-w0 force-stop b", "check d", "shutdown a", "exit a", "up a", "force-shutdown d", "force-shutdown b"]  # fmt: skip


def test_a_life_in_commands(world, version):
    """Between two commands is more than a second, so that neither runsv makes anyone wait for it."""
    reference = harness.reference(version)
    told = {}
    for who, suite in (("theirs", reference), ("ours", world.suite)):
        home = world.directory / who
        for name in "abd":
            world.service(f"{who}/{name}", run=RUN if name != "b" else "#!/bin/sh\ntrap '' TERM\ntouch ready\nwhile :; do sleep 0.05; done\n")
        world.write(f"{who}/d/down", "")
        world.write(f"{who}/a/check", "#!/bin/sh\nexit 0\n")
        for name in "abd":
            world.start(reference.path("runsv"), name, cwd=home, env=reference.environment())
            wait_until(lambda: fifo_has_reader(home / name / "supervise/ok"), f"runsv {name}")
        wait_for_words(home / "a", "run")
        wait_until((home / "b/ready").exists)
    for line in STORY:
        time.sleep(1.1)  # not for things to settle: a second in which runsv would not start anything
        for who, suite in (("theirs", reference), ("ours", world.suite)):
            home = world.directory / who
            told[who, line] = observe(suite.path("sv"), line.split(), env=suite.environment(SVDIR=home), cwd=home)
    assert pid_of(world.directory / "ours/a") == pid_of(world.directory / "theirs/a") == 0
    wrong = [f"{line}:\n  theirs {told['theirs', line]}\n  ours   {told['ours', line]}" for line in STORY
             if told["theirs", line] != told["ours", line]]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_the_mask_hides_only_what_must_differ():
    assert observe("/bin/echo", ["run: a: (pid 12) 3s, want down"]) == Observed(0, "run: a: (pid N) Ns, want down\n", "")
