"""Every client of supervise/, and every reader of logs and scripts, among traps of another user (tests/traps.py).

Each test makes a service for every case, all in one services directory, and runs one command on all of them at once: it
must end by itself, with bounded memory, and no victim may be opened, changed or shown.
"""

import os
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import harness
import traps
from namespace import Machine as Container
from traps import Victims, cases, give

pytestmark = [  # a limit of memory, which sanitizers do not keep
    pytest.mark.shipped,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be attacked"),
]

LABEL = "@4000000060000000000000"
SUPERVISE = ["lock", "control", "ok", "status", "stat", "pid"]
LOG = ["current", "lock", "config", "state", f"{LABEL}01.s", f"{LABEL}02.u"]
SERVICE = ["run", "finish", "check", "down", "control/t"]
PLACES = {
    "supervise": SUPERVISE,
    "log/supervise": SUPERVISE,
    "logs": LOG,
    ".": SERVICE,
    "log": ["run"],
}
ALL = [case for place, names in PLACES.items() for case in cases([f"{place}/{name}" for name in names])]


class Tree:
    """A services directory with a service for each case. Its runsv are played by FIFOs that the test holds open."""

    def __init__(self, world, all_cases):
        self.world = world
        self.root = world.directory / "services"
        self.logs = world.directory / "logs"
        self.victims = Victims(world.directory)
        self.held = []
        world.directory.chmod(0o755)
        now = struct.pack(">QI", harness.TAI_OFFSET + int(time.time()) - 50, 500)
        self.down = now + struct.pack("<I", 0) + bytes([0, ord("u"), 0, 0])
        laid = [(case, *self.make(case)) for case in all_cases]
        traps.lay_all(laid)
        self.victims.watch()

    def make(self, case):
        name = case.id()
        service = self.root / name
        for directory in (service, service / "log"):
            (directory / "supervise").mkdir(parents=True)
            for fifo in ("ok", "control"):
                path = directory / "supervise" / fifo
                os.mkfifo(path)
                self.held.append(os.open(path, os.O_RDWR | os.O_NONBLOCK))
            (directory / "supervise/status").write_bytes(self.down)
        logs = self.logs / name
        logs.mkdir(parents=True)
        (logs / "current").write_bytes(b"@400000006000000000000000 a line\n")
        for path, text in ((service / "run", "#!/bin/sh\nexec sleep 1000\n"),
                           (service / "log/run", f"#!/bin/sh\nexec svlogd -tt ../../../logs/{name}\n")):
            path.write_text(text)
            path.chmod(0o755)
        place, file = case.name.rsplit("/", 1)
        directory = logs if place == "logs" else service / place
        directory.mkdir(exist_ok=True)
        give(directory, case.owner)
        if case.owner == "sticky" and (directory / file).exists():
            (directory / file).unlink()  # root's own file would stay there
        victim = self.victims.of(case) if case.kind in traps.WITH_VICTIM else self.victims.directory / "none"
        return directory / file, victim

    def environment(self):
        return self.world.suite.environment(SVDIR=self.root, TZ="UTC", LC_ALL="C.UTF-8")

    def run(self, program, *arguments):
        return traps.run([self.world.suite.path(program), *arguments], self.environment(), self.world.directory)

    def close(self):
        for fd in self.held:
            os.close(fd)
        self.victims.close()


@pytest.fixture(scope="module")
def tree():
    """One for all tests: no command removes a trap."""
    world = harness.World(tempfile.mkdtemp(prefix="runwell-"), harness.ours())
    with traps.many_files():
        made = Tree(world, ALL)
        yield made
        made.close()
    subprocess.run(["rm", "-rf", world.directory], check=True)  # 30,000 files
    world.close()


def is_clean(tree, ended, raw_output=False):
    """`raw_output`: standard output holds what files hold, as it does where that is no terminal."""
    assert tree.victims.violations(ended.out, ended.err) == []
    assert b"\x1b" not in ended.err and (raw_output or b"\x1b" not in ended.out)
    return True


SV = [["status"], ["up"], ["exit"], ["-w0", "start"], ["-w1", "stop"], ["-w0", "restart"], ["-w0", "check"], ["-w0", "shutdown"],
      ["-w0", "force-stop"]]  # fmt: skip


@pytest.mark.parametrize("words", SV, ids=" ".join)
def test_sv_among_all_traps(tree, words):
    ended = tree.run("sv", *words, *sorted(os.listdir(tree.root)))
    assert is_clean(tree, ended)


SVCTL = [["list"], ["list", "--json"], ["status", "*"], ["status", "--json", "*"], ["up", "--no-wait", "*"],
         ["up", "--timeout", "1", "*"], ["down", "--timeout", "1", "*"], ["restart", "--timeout", "1", "*"], ["kill", "--no-wait", "*"],
         ["signal", "HUP", "*"], ["wait", "--timeout", "1", "*"], ["lint"], ["lint", "--json"], ["logs", "*"],
         ["logs", "-n", "3", "*"], ["logs", "--json", "-n", "3", "*"], ["disable", "--no-wait", "*"]]  # fmt: skip


@pytest.mark.parametrize("words", SVCTL, ids=" ".join)
def test_svctl_among_all_traps(tree, words):
    ended = tree.run("svctl", *words)
    assert is_clean(tree, ended, raw_output=words[0] == "logs")


def test_the_number_of_cases_is_printed(capsys):
    with capsys.disabled():
        print(f"\ntraps: {len(ALL)} cases of {len(traps.KINDS)} kinds and {len(traps.OWNERS)} owners; "
              f"{len(ALL) * (len(SV) + len(SVCTL))} for sv and svctl")


# -- one program for each case ---------------------------------------------------------------------------------------------


class Room:
    """A directory for each case, and the victims."""

    def __init__(self, world, all_cases, sub="", prepare=lambda directory: None):
        self.world = world
        self.victims = Victims(world.directory)
        self.directories = {}
        world.directory.chmod(0o755)
        laid = []
        for case in all_cases:
            home = world.directory / "cases" / case.id()
            directory = home / sub
            directory.mkdir(parents=True)
            prepare(home)
            give(directory, case.owner)
            self.directories[case] = home
            victim = self.victims.of(case) if case.kind in traps.WITH_VICTIM else self.victims.directory / "none"
            laid.append((case, directory / case.name, victim))
        traps.lay_all(laid)
        self.victims.watch()


def run_each(room, program, arguments):
    """{case: how it ended}"""
    environment = room.world.suite.environment()
    return {
        case: traps.run([room.world.suite.path(program), *arguments(directory)], environment, room.world.directory)
        for case, directory in room.directories.items()
    }


LINKS = {kind for kind in traps.KINDS if kind.startswith("link")} | {"second name"}


def test_chpst_e_gives_a_user_no_other_file(world):
    room = Room(world, cases(["TOKEN"]))
    ended = run_each(room, "chpst", lambda directory: ["-e", directory, "-u", ":54321:54321", "/usr/bin/env"])
    assert room.victims.violations(*(one.out + one.err for one in ended.values())) == []
    for case, one in ended.items():
        if case.kind in LINKS:
            assert one.code == 111 and b"other users can write to the directory, and this is a link" in one.err, case


@pytest.mark.parametrize("option", ["-l", "-L"])
def test_chpst_locks_no_other_file(world, option):
    room = Room(world, cases(["lock"]))
    ended = run_each(room, "chpst", lambda directory: [option, directory / "lock", "/bin/true"])
    assert room.victims.violations() == []
    for case, one in ended.items():
        if case.kind in LINKS:
            assert one.code == 111, case
    assert sorted(p.name for p in room.victims.directory.iterdir() if p.name.endswith("new") or p.name == "none") == []


def test_svctl_makes_a_down_file_nowhere_else(world):
    room = Room(world, cases(["down"]))
    services = world.directory / "services"
    services.mkdir()
    ended = {}
    for case, directory in room.directories.items():
        command = [world.suite.path("svctl"), "enable", "--down", "--no-wait", "--svdir", services,
                   "--available", directory.parent, directory.name]  # fmt: skip
        ended[case] = traps.run(command, world.suite.environment(), world.directory)
    assert room.victims.violations() == []
    assert all(ended[case].code != 0 for case in ended if case.kind in LINKS)


@pytest.mark.parametrize("owner", traps.OWNERS)
@pytest.mark.parametrize("client", ["sv", "svctl"])
def test_no_check_of_another_user_is_run(world, owner, client):
    world.directory.chmod(0o755)
    directory = world.service("s", check="#!/bin/sh\n: >ran\n")
    process = world.runsv("s")
    harness.wait_for_words(directory, "run")
    give(directory, owner)
    if client == "sv":
        done = world.sv("-w5", "start", "s")
        assert "warning: unable to run s/check: other users can write to the service directory\n" == done.stderr
    else:
        done = world.run("svctl", "up", "-t", "5", "s")
    assert done.returncode == 0 and not (directory / "ran").exists()
    process.terminate()
    process.wait(timeout=harness.DEADLINE)


def test_a_check_of_root_is_run(world):
    directory = world.service("s", check="#!/bin/sh\n: >ran\n")
    world.runsv("s")
    assert world.sv("-w20", "start", "s").returncode == 0 and (directory / "ran").exists()


# -- the link that supervise may be ------------------------------------------------------------------------------------------


def linked(world, owner, target_owner, made_by_root=False):
    """What `sv status` says of a service whose supervise is a link to the supervise of another, which runs."""
    world.directory.chmod(0o755)
    other = world.service("other")
    world.runsv("other")
    harness.wait_for_words(other, "run")
    if target_owner:
        os.chown(other / "supervise", target_owner, target_owner)
    directory = world.service("s")
    link = directory / "supervise"
    link.symlink_to(other / "supervise")
    if not made_by_root:
        os.chown(link, traps.USER, traps.USER, follow_symlinks=False)
    if owner:
        give(directory, owner)
    done = world.sv("status", "s")
    return done.stdout


@pytest.mark.parametrize("owner, target_owner, made_by_root, follows", [
    (None, 0, True, True),  # Debian and Void: root's link to /run
    ("user", traps.USER, False, True),  # a user's own
    ("user", 0, False, False),  # a user's link to root's supervise: `sv down` would stop another service
    ("user", 0, True, False),  # root's link, which the user may have renamed
    ("sticky", 0, True, False),
])  # fmt: skip
def test_supervise_is_followed_as_a_link_only_where_it_is_worth_as_much(world, owner, target_owner, made_by_root, follows):
    said = linked(world, owner, target_owner, made_by_root)
    assert said.startswith("run: s: ") if follows else said == "warning: s: unable to open supervise/ok: symbolic link loop\n"


# -- the programs that write --------------------------------------------------------------------------------------------------

# A second name may be opened before it is refused, and goes when the program puts its own file in its place.
WRITTEN = traps.IN_MODIFY
SERVER = ["lock", "control", "ok", "status", "stat", "pid", "status.new", "stat.new", "pid.new"]
BATCH = 60


def in_batches(items):
    items = list(items)
    return [items[n : n + BATCH] for n in range(0, len(items), BATCH)]


def write_run(home):
    run = home / "run"
    run.write_text("#!/bin/sh\n: >started\nexec sleep 1000\n")
    run.chmod(0o755)


def ends(process):
    process.terminate()
    return process.wait(timeout=harness.DEADLINE) in (0, 111)


def test_runsv_starts_among_all_traps(world):
    room = Room(world, cases(SERVER), sub="supervise", prepare=write_run)
    for batch in in_batches(room.directories.values()):
        started = [(home, world.start("runsv", home)) for home in batch]
        for home, process in started:
            harness.wait_until(lambda h=home, p=process: (h / "started").exists() or p.poll() is not None, f"{home.name}")
        for home, process in started:
            assert ends(process), home
    assert room.victims.violations(world.errors("runsv").encode(), opened_for=WRITTEN) == []


def lives_among(world, all_cases, happens, again):
    """Starts runsv for each case; then the traps are laid, happens(process) is done, again(home) is waited for."""
    room = Room(world, [])
    for batch in in_batches(all_cases):
        started, laid = [], []
        for case in batch:
            home = world.directory / "cases" / case.id()
            (home / "supervise").mkdir(parents=True)
            write_run(home)
            give(home / "supervise", case.owner)
            victim = room.victims.of(case) if case.kind in traps.WITH_VICTIM else room.victims.directory / "none"
            laid.append((case, home / "supervise" / case.name, victim))
            started.append((home, world.start("runsv", home)))
        for home, _ in started:
            harness.wait_until(lambda h=home: (h / "started").exists() and harness.pid_of(h), f"{home.name} runs")
        traps.lay_all(laid)
        room.victims.watch()
        for home, process in started:
            (home / "started").unlink()
            happens(process)
        for home, _ in started:
            harness.wait_until(lambda h=home: again(h), f"{home.name} goes on")
        for home, process in started:
            assert ends(process), home
        assert room.victims.violations(world.errors("runsv").encode(), opened_for=WRITTEN) == []


def test_runsv_lives_among_all_traps(world):
    """The traps are laid while runsv runs; then its service dies, and runsv receives TERM."""

    def kill_service(process):
        for child in harness.children(process.pid):
            os.kill(child, 9)

    lives_among(world, cases(SERVER, owners=["user", "group"]), kill_service, lambda home: (home / "started").exists())


def test_runsv_executes_itself_among_all_traps(world):
    """The traps are laid while runsv runs; then runsv receives HUP and TERM."""
    lives_among(world, cases(SERVER, owners=["user"]), lambda process: process.send_signal(1), lambda home: True)


def test_svlogd_starts_among_all_traps(world):
    room = Room(world, cases(["lock", "current", "config", "state", "newstate", f"{LABEL}01.s", f"{LABEL}02.u", f"{LABEL}02.t"]))
    for batch in in_batches(room.directories.values()):
        options = dict(stdin=subprocess.PIPE, preexec_fn=traps.limit_memory)
        started = [(home, world.start("svlogd", home, **options)) for home in batch]
        for home, process in started:
            try:
                process.stdin.write(b"one line\n")
                process.stdin.flush()
            except BrokenPipeError:  # it has refused the directory
                pass
        for home, process in started:
            logged = lambda h=home: any(b"one line" in head(p) for p in h.iterdir())  # noqa: E731
            harness.wait_until(lambda: logged() or process.poll() is not None or home.name in world.errors("svlogd"), home.name)
            if process.poll() is None:
                process.terminate()
                process.stdin.close()
            assert process.wait(timeout=harness.DEADLINE) in (0, 111), home
    assert room.victims.violations(world.errors("svlogd").encode(), opened_for=WRITTEN) == []


def head(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return b""
    try:
        return os.read(fd, 65536) if os.path.isfile(path) else b""
    finally:
        os.close(fd)


def test_runsvdir_asks_about_others_among_all_traps(world):
    """Each service seems to be held by another supervisor, or not; no trap is written to."""
    room = Room(world, cases(["control", "lock", "ok"]), sub="supervise", prepare=write_run)
    process = world.start("runsvdir", "cases")
    canary = world.service("cases/zz-canary", "#!/bin/sh\n: >started\nexec sleep 1000\n")
    harness.wait_until((canary / "started").exists, "runsvdir reaches every service", seconds=120)
    process.send_signal(1)
    assert process.wait(timeout=harness.DEADLINE) == 111
    assert room.victims.violations(world.errors("runsvdir").encode(), opened_for=WRITTEN) == []


def test_runit_ends_a_container_among_all_traps(world):
    """It asks every service whether it is left, and kills those that are when the time is over."""
    container = Container(world)
    (container.root / "etc/service").mkdir(parents=True, exist_ok=True)
    stubborn = container.root / "etc/service/stubborn/run"
    stubborn.parent.mkdir()
    stubborn.write_text("#!/bin/sh\ntrap '' TERM; echo x >/run/up; while :; do sleep 0.1; done\n")
    stubborn.chmod(0o755)
    victims = Victims(container.root)
    laid = []
    for case in cases(["control", "ok", "lock"], kinds=["link to a secret", "link to a watchdog", "fifo", "socket", "directory"]):
        supervise = container.root / "etc/service" / case.id() / "supervise"
        supervise.mkdir(parents=True)
        give(supervise, case.owner)
        inside = "/victims/" + victims.of(case).name if case.kind in traps.WITH_VICTIM else "/none"
        laid.append((case, supervise / case.name, Path(inside)))
    for directory in (world.directory, container.root, container.root / "etc", container.root / "etc/service"):
        directory.chmod(0o755)
    traps.lay_all(laid)
    victims.watch()
    container.boot("/suite/runit", console=False, env={"PATH": "/suite:/usr/sbin:/usr/bin:/sbin:/bin", "RUNWELL_STOP_SECONDS": "1"})
    harness.wait_until(lambda: container.marks("up"), "the container runs")
    container.signal(15)
    container.ends()
    assert victims.violations() == []
