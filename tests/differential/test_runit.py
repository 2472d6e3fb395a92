"""runit as PID 1: runs the same story with Debian's runit and with ours, in the same kind of namespace. Compares the lines
on the console, how the machine ends, and its files."""

import os
import re
import signal
import tempfile

import harness
import namespace
import pytest

VERSIONS = ["2.1.2", "2.3.1"]

# (story, version): why what Debian's runit says there is not what we say.
DIFFERENCES = {
    ("stage_1_crashes", "2.1.2"): "2.1.2 takes a crash for an exit; runit(8) and 2.3.1 do not",
    ("stage_2_crashes", "2.1.2"): "2.1.2 takes a crash for an exit; runit(8) and 2.3.1 do not",
    ("stage_3_crashes", "2.1.2"): "2.1.2 takes a crash for an exit; 2.3.1 does not",
    ("power_fails", "2.1.2"): "Debian's 2.1.2 ends stage 2 at once, whatever stopit says; 2.3.1 asks pwrfail",
    ("power_fails_unprepared", "2.1.2"): "Debian's 2.1.2 ends stage 2 at once, whatever stopit says; 2.3.1 ignores it",
    ("no_stage_2", "2.1.2"): "a container without a stage 2 runs runsvdir; runit cannot do anything there",
    ("no_stage_2", "2.3.1"): "a container without a stage 2 runs runsvdir; runit cannot do anything there",
    ("inherited", "2.1.2"): "2.1.2 makes every process ignore CONT; 2.3.1 does not",
}


class Told:
    """A machine with the stop files where this runit looks for them."""

    def __init__(self, world, suite, stop):
        self.m = namespace.Machine(world, suite)
        self.stop = self.m.root / stop.lstrip("/")
        (self.m.root / "sbin").unlink()
        (self.m.root / "sbin").mkdir()
        (self.m.root / "sbin/runit").symlink_to("/suite/runit")
        for stage in "123":
            self.m.stage(stage, "")

    def permit(self, name, mode=0o100):
        path = self.stop.parent / (self.stop.name + name) if self.stop.name.endswith(".") else self.stop / name
        path.touch()
        path.chmod(mode)

    def stays(self):
        self.m.stage("2", "echo x >/run/2; exec sleep 1000")
        return self

    def up(self, *command):
        self.m.boot(*command)
        harness.wait_until(lambda: self.m.marks("2"), "stage 2 runs")
        return self.m

    def modes(self):
        places = [self.m.stages, self.m.root / "run"]
        found = {p.name.removeprefix("runit."): oct(harness.mode_of(p)) for d in places for p in d.iterdir()}
        return {name: found.get(name) for name in ("stopit", "reboot")}


def nothing_special(t):
    t.m.boot()


def inherited(t):
    t.m.stage("2", "grep -E 'Sig(Ign|Cgt)|^Cpus_allowed:' /proc/self/status; pwd; umask; ls -l /proc/$$/fd/0 | cut -d' ' -f11-")
    t.m.boot()


def sessions_and_terminals(t):
    """What stage 1 has of the console, and whose session each is in."""
    for stage in "123":
        t.m.stage(stage, """set -- $(cat /proc/$$/stat)
            if [ $6 = $1 ]; then echo a session of its own; else echo session $6; fi; echo terminal $7
            set -- $(grep flags: /proc/$$/fdinfo/0); echo $(readlink /proc/$$/fd/0) mode ${2#${2%?}}""")
    t.m.boot()


def every_stage_fails(t):
    for stage in "123":
        t.m.stage(stage, f"exit {stage}")
    t.m.boot()


def stage_1_exits_100(t):
    t.m.stage("1", "exit 100")
    t.m.boot()


def stage_1_crashes(t):
    t.m.stage("1", "kill -9 $$")
    t.m.boot()


def stage_2_exits_111(t):
    t.m.stage("2", "echo x >>/run/n; [ $(wc -l </run/n) -gt 1 ] && exit 0; exit 111")
    t.m.boot()


def stage_2_crashes(t):
    t.m.stage("2", "echo x >>/run/n; [ $(wc -l </run/n) -gt 1 ] && exit 0; kill -9 $$")
    t.m.boot()


def stage_3_crashes(t):
    t.m.stage("3", "kill -9 $$")
    t.m.boot()


def no_stage_1(t):
    (t.m.stages / "1").unlink()
    t.m.boot()


def no_stage_2(t):
    (t.m.stages / "2").unlink()
    t.m.boot()


def stage_files_that_are_none(t):
    for stage in "13":
        (t.m.stages / stage).unlink()
    (t.m.stages / "1").mkdir()
    (t.m.stages / "2").chmod(0o644)
    (t.m.stages / "3").symlink_to("3")
    t.m.boot()


def an_interpreter_is_missing(t):
    (t.m.stages / "1").write_text("#!/no/such/shell\n")
    (t.m.stages / "2").write_bytes(b"\x7fELF nonsense")
    t.m.boot()


def cont(t):
    t.permit("stopit")
    t.stays().up().signal(signal.SIGCONT)


def cont_with_reboot(t):
    t.permit("stopit")
    t.permit("reboot")
    t.stays().up().signal(signal.SIGCONT)


def cont_without_permission(t):
    """stopit does not exist, or its owner may not execute it: nothing happens until stage 2 ends by itself."""
    os.mkfifo(t.m.root / "run/fifo")
    t.m.stage("2", "echo x >/run/2; read x </run/fifo")
    t.up().signal(signal.SIGCONT)
    t.permit("stopit", 0o677)
    t.m.signal(signal.SIGCONT)
    (t.m.root / "run/fifo").write_text("x\n")


def stubborn(t):
    t.m.stage("2", "trap '' TERM; echo x >/run/2; while :; do sleep 1; done")
    t.permit("stopit")
    t.up().signal(signal.SIGCONT)


def ctrl_alt_del(t):
    t.m.stage("ctrlaltdel", "exit 7")
    t.permit("stopit")
    t.stays().up().signal(signal.SIGINT)


def ctrl_alt_del_crashes(t):
    t.m.stage("ctrlaltdel", "kill -9 $$")
    t.permit("stopit")
    t.stays().up().signal(signal.SIGINT)


def ctrl_alt_del_cannot_be_run(t):
    (t.m.stages / "ctrlaltdel").mkdir()
    t.permit("stopit")
    t.stays().up().signal(signal.SIGINT)


def power_fails(t):
    t.m.stage("pwrfail", "exit 7")
    t.permit("stopit", 0)
    t.stays().up().signal(signal.SIGPWR)


def power_fails_unprepared(t):
    t.m.stage("2", "echo x >/run/2; read x </run/fifo")
    os.mkfifo(t.m.root / "run/fifo")
    t.up().signal(signal.SIGPWR)
    t.m.signal(signal.SIGALRM)  # the next event: it ends stage 2
    harness.wait_until(lambda: t.m.said("leave stage: /etc/runit/2|killing all processes"), "one of the two did something")
    t.m.process.kill()


def signals_at_the_wrong_time(t):
    os.mkfifo(t.m.root / "run/go")
    t.m.stage("1", "read x </run/go")
    t.m.boot()
    warning = "- runit: warning: signals only work in stage 2."
    for n, number in enumerate((signal.SIGCONT, signal.SIGINT, signal.SIGPWR, signal.SIGALRM), 1):
        t.m.says("- runit: enter stage: /etc/runit/1")
        t.m.signal(number)
        t.m.says(warning, n)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        t.m.signal(number)
    (t.m.root / "run/go").write_text("x\n")


def init_as_process_1(t):
    t.m.boot("/suite/runit-init")


def init_6(t):
    t.stays().up().inside("/suite/runit-init", "6")


def init_0(t):
    t.permit("reboot")
    t.stays().up().inside("/suite/runit-init", "0")


def init_without_runit(t):
    (t.m.root / "sbin/runit").unlink()
    t.m.boot("/suite/runit-init")


STORIES = [f for f in list(globals().values()) if callable(f) and getattr(f, "__code__", None)
           and f.__code__.co_varnames[:1] == ("t",)]  # fmt: skip
TOLD_ONCE = {}


def tell(story, suite, stop, tmp):
    world = harness.World(tempfile.mkdtemp(prefix="runwell-", dir=tmp), suite)
    try:
        told = Told(world, suite, stop)
        (told.m.root / "suite/runsvdir").unlink(missing_ok=True)  # so that no_stage_2 ends soon
        story(told)
        end = told.m.ends()
        lines = [re.sub(r"\$Id: .* \$", "$Id$", line) for line in told.m.lines]
        return lines, end, told.modes()
    finally:
        world.close()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("story", STORIES, ids=lambda f: f.__name__)
def test_the_same_story(story, version):
    reference = harness.reference(version)
    if reference is None:
        pytest.skip(f"runit {version} has not been unpacked")
    tmp = os.environ.get("TMPDIR", "/tmp")
    if story not in TOLD_ONCE:
        TOLD_ONCE[story] = tell(story, harness.ours(), "/etc/runit", tmp)
    theirs = tell(story, reference, "/run/runit." if version == "2.1.2" else "/etc/runit", tmp)
    if (story.__name__, version) in DIFFERENCES:
        assert theirs != TOLD_ONCE[story], "this is no difference any more"
    else:
        assert theirs == TOLD_ONCE[story]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("arguments", [[], ["x"], ["7"], ["-h"]])
def test_the_usage_of_init(world, version, arguments):
    reference = harness.reference(version)
    if reference is None:
        pytest.skip(f"runit {version} has not been unpacked")
    for program in ("runit", "runit-init"):
        ours = world.run(program, *arguments)
        theirs = world.run(reference.path(program), *arguments, argv0=program)
        assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)
