"""runit and runit-init as PID 1, in a PID namespace of their own with their own root directory."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from harness import alive, children, stays, wait_until
from namespace import Machine

POWER_OFF = ["- runit: sending KILL signal to all processes...", "- runit: power off..."]
ONLY_IN_2 = "- runit: warning: signals only work in stage 2."


def enter(stage):
    return f"- runit: enter stage: /etc/runit/{stage}"


def leave(stage):
    return f"- runit: leave stage: /etc/runit/{stage}"


@pytest.fixture
def machine(world):
    """Three stages that do nothing; stage 2 lasts until it gets TERM."""
    made = Machine(world)
    (made.root / "sbin").unlink()
    (made.root / "sbin").mkdir()
    (made.root / "sbin/runit").symlink_to("/suite/runit")
    made.stage("1", "")
    made.stage("2", "echo $$ >/run/2; exec sleep 1000")
    made.stage("3", "")
    return made


def up(machine, *command, **options):
    """Boots, and waits until stage 2 does what it does."""
    machine.boot(*command, **options)
    wait_until(lambda: machine.marks("2"), "stage 2 runs")
    return machine


def permit(machine, name, mode=0o100):
    path = machine.stages / name
    path.touch()
    path.chmod(mode)
    return path


def shut_down(machine):
    permit(machine, "stopit")
    machine.signal(signal.SIGCONT)
    return machine.ends()


def test_only_process_1_is_process_1(world):
    done = world.run("runit")
    assert (done.returncode, done.stdout, done.stderr) == (111, "", "- runit: fatal: must be run as process no 1.\n")


def test_three_stages_and_then_power_off(machine):
    machine.stage("2", "")
    machine.boot()
    assert machine.ends() == "power off"
    assert machine.lines[0].startswith("- runit: $Id: ") and machine.lines[0].endswith("$: booting.")
    expected = [line(stage) for stage in "123" for line in (enter, leave)]
    assert machine.lines[1:] == expected + POWER_OFF


def test_what_a_stage_inherits(machine):
    """Signals as they should be, stage 1 in session 1 with the console for reading, the others each in their own."""
    show = r"""
    set -- $(cat /proc/$$/stat); echo "$6 $1" >/run/session-$0
    # No program, for while it starts one, a shell has signals blocked.
    while read -r k v; do case $k in Sig*) printf '%s\t%s\n' $k "$v"; esac; done </proc/$$/status >/run/signals-$0
    (for n in 0 1 2; do echo $n $(readlink /proc/$$/fd/$n) $(grep flags: /proc/$$/fdinfo/$n); done) >/run/files-$0
    (cd /proc/$$/fd; echo *) >/run/open-$0"""
    for stage in "123":
        machine.stage(stage, show.replace("$0", stage))
    machine.boot()
    assert machine.ends() == "power off"
    run = machine.root / "run"
    for stage in "123":
        session, pid = (run / f"session-{stage}").read_text().split()
        assert session == ("1" if stage == "1" else pid)
        signals = dict(line.split(":\t") for line in (run / f"signals-{stage}").read_text().splitlines())
        assert int(signals["SigBlk"], 16) == 0
        assert int(signals["SigIgn"], 16) & ~(1 << signal.SIGPIPE - 1) == 0
        for line in (run / f"files-{stage}").read_text().splitlines():
            number, name, _, flags = line.split()
            flags = int(flags, 8)
            assert name == "/dev/console"
            access = os.O_RDWR if (stage, number) == ("1", "0") else os.O_WRONLY
            assert flags & os.O_ACCMODE == access
            assert not flags & os.O_NONBLOCK, "a shell that meets EAGAIN is lost"
        open_files = (run / f"open-{stage}").read_text().split()
        assert set(open_files) <= {"0", "1", "2", "10"}, "10 is the script itself"


def test_stage_1_can_take_the_console_for_a_shell(machine):
    """When that shell exits, which hangs up the console, PID 1 still prints its messages."""
    machine.stage("1", "setsid sh -c 'exec 3<>/dev/console; cut -d\" \" -f7 /proc/$$/stat >/run/tty'")
    machine.stage("2", "echo here")
    machine.boot()
    assert machine.ends() == "power off"
    assert int((machine.root / "run/tty").read_text()) != 0
    assert machine.lines[2:] == [leave(1), enter(2), "here", leave(2), enter(3), leave(3), *POWER_OFF]


@pytest.mark.parametrize("how, words", [("exit 100", "failed"), ("kill -9 $$", "crashed")])
def test_stage_1_that_exits_100_or_crashes_skips_stage_2(machine, how, words):
    machine.stage("1", how)
    machine.boot()
    assert machine.ends() == "power off"
    assert machine.lines[1:] == [
        enter(1), f"- runit: warning: child {words}: /etc/runit/1", leave(1), "- runit: warning: skipping stage 2...",
        enter(3), leave(3), *POWER_OFF]  # fmt: skip


def test_failures_of_stages_are_reported_and_nothing_more(machine):
    for stage in "123":
        machine.stage(stage, f"exit {stage}")
    machine.boot()
    assert machine.ends() == "power off"
    expected = [line for n in "123" for line in (enter(n), f"- runit: warning: child failed: /etc/runit/{n}", leave(n))]
    assert machine.lines[1:] == expected + POWER_OFF


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda path: path.unlink(), "file does not exist"),
        (lambda path: path.chmod(0o644), "access denied"),
        (lambda path: (path.unlink(), path.mkdir()), "access denied"),
        (lambda path: (path.unlink(), path.symlink_to(path.name)), "symbolic link loop"),
        (lambda path: path.write_text("#!/no/such/shell\n"), "file does not exist"),
        (lambda path: path.write_bytes(b"\x7fELF nonsense"), "exec format error"),
        (lambda path: path.write_bytes(b""), "exec format error"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "access denied"),
    ],
    ids=["missing", "not-executable", "directory", "loop", "no-interpreter", "nonsense", "empty", "fifo"],
)
@pytest.mark.parametrize("stage", ["1", "2", "3"])
def test_a_stage_file_that_cannot_be_run_is_passed_over(machine, stage, spoil, words):
    machine.stage("2", "")
    spoil(machine.stages / stage)
    if stage == "2" and not (machine.stages / "2").exists():
        pytest.skip("without a stage 2 this is a container: test_container.py")
    machine.boot()
    assert machine.ends() == "power off"
    fatal = f"- runit: fatal: unable to start child: /etc/runit/{stage}: {words}"
    assert machine.lines.index(fatal) == machine.lines.index(enter(stage)) + 1
    assert machine.lines.index(leave(stage)) == machine.lines.index(fatal) + 1
    assert machine.lines[-2:] == POWER_OFF


def on_a_machine(machine):
    """Makes PID 1 take its namespace for a machine: the request for ctrl-alt-del seems to succeed."""
    if not Path("/usr/bin/strace").exists():
        pytest.skip("there is no strace")
    return ("strace", "-D", "-o", "/run/trace", "-e", "trace=reboot", "-e", "inject=reboot:retval=0:when=1")


def test_a_machine_without_a_stage_2_ends_in_order(machine):
    (machine.stages / "2").unlink()
    machine.boot(around=on_a_machine(machine))
    assert machine.ends() == "power off"
    assert machine.lines[3:] == [
        enter(2), "- runit: fatal: unable to start child: /etc/runit/2: file does not exist", leave(2), enter(3), leave(3),
        *POWER_OFF]  # fmt: skip


@pytest.mark.parametrize("arguments", [["--container"], ["sh", "-c", "exit 3"], ["quiet", "nosuchparameter=1"]])
def test_a_machine_takes_no_arguments(machine, arguments):
    """The kernel hands over what it does not know itself."""
    machine.stage("2", "")
    machine.boot("/suite/runit", *arguments, around=on_a_machine(machine))
    assert machine.ends() == "power off"
    assert machine.lines[1:] == [line(stage) for stage in "123" for line in (enter, leave)] + POWER_OFF


def test_stage_files_that_may_not_be_read_are_passed_over(machine):
    """PID 1 without the rights of root: root may read any file."""
    (machine.stages / "1").chmod(0)
    (machine.stages / "2").chmod(0o111)
    machine.stage("3", "echo x >/run/3")
    machine.boot(around=limited(machine, 1000))
    assert machine.ends() == "power off"
    assert "- runit: fatal: unable to start child: /etc/runit/1: access denied" in machine.lines
    assert "- runit: warning: child failed: /etc/runit/2" in machine.lines, "a shell cannot read it"
    assert machine.marks("3") == ["x"]


def test_a_directory_of_stages_that_may_not_be_entered_does_not_block_the_shutdown(machine):
    around = limited(machine, 1000)
    machine.stages.chmod(0)
    os.chown(machine.stages, 0, 0)
    machine.boot(around=(*on_a_machine(machine), *around))
    assert machine.ends() == "power off"
    for stage in "123":
        assert f"- runit: fatal: unable to start child: /etc/runit/{stage}: access denied" in machine.lines


@pytest.mark.parametrize("how, words", [("exit 111", "failed"), ("kill -9 $$", "crashed")])
def test_stage_2_that_exits_111_or_crashes_is_started_again(machine, how, words):
    machine.stage("2", f"echo x >>/run/n; [ $(wc -l </run/n) -gt 1 ] && exit 0; sleep 1000 & echo $! >/run/left; {how}")
    machine.boot()
    machine.says("- runit: warning: killing all processes in stage 2...")
    (left,) = machine.marks("left")
    wait_until(lambda: not machine.inside("kill", "-0", left).returncode == 0, "the processes of stage 2 are gone")
    assert machine.ends() == "power off"
    assert machine.lines[3:8] == [
        enter(2), f"- runit: warning: child {words}: /etc/runit/2", "- runit: warning: killing all processes in stage 2...",
        "- runit: warning: restarting.", enter(2)]  # fmt: skip


def test_cont_needs_stopit_to_be_executable_by_its_owner(machine):
    up(machine)
    machine.signal(signal.SIGCONT)
    permit(machine, "stopit", 0o677)
    machine.signal(signal.SIGCONT)
    machine.signal(signal.SIGALRM)  # the next thing that it does: stage 2 ends of it
    machine.says("- runit: warning: child crashed: /etc/runit/2")
    assert machine.lines[4] == machine.lines[-2], "and nothing before"


def test_cont_with_stopit_shuts_down_and_takes_the_permission_back(machine):
    up(machine)
    assert shut_down(machine) == "power off"
    assert stat.S_IMODE((machine.stages / "stopit").stat().st_mode) == 0
    assert machine.lines[3:] == [enter(2), leave(2), enter(3), leave(3), *POWER_OFF]


def test_a_stage_2_that_ignores_term_is_killed(machine):
    machine.stage("2", "trap '' TERM; echo $$ >/run/2; while :; do sleep 1; done")
    up(machine)
    assert shut_down(machine) == "power off"
    assert machine.lines[4:6] == ["- runit: warning: stage 2 not terminated, sending sigkill...", leave(2)]


def test_the_reboot_file_reboots_if_its_owner_may_execute_it(machine):
    permit(machine, "reboot")
    up(machine)
    assert shut_down(machine) == "reboot"
    assert machine.lines[-1] == "- runit: system reboot."


def test_a_reboot_file_without_permission_does_not(machine):
    permit(machine, "reboot", 0o677)
    up(machine)
    assert shut_down(machine) == "power off"


def test_stopit_and_reboot_may_point_into_a_file_system_of_their_own(machine):
    for name in ("stopit", "reboot"):
        (machine.stages / name).symlink_to(f"/run/runit.{name}")
    up(machine)
    machine.obeys("/suite/runit-init", "6")
    assert machine.ends() == "reboot"
    assert stat.S_IMODE((machine.root / "run/runit.reboot").stat().st_mode) == 0o100
    assert stat.S_IMODE((machine.root / "run/runit.stopit").stat().st_mode) == 0, "it has been obeyed"
    assert (machine.stages / "reboot").is_symlink()


def test_the_halt_file_halts(machine):
    permit(machine, "halt")
    up(machine)
    assert shut_down(machine) == "power off", "a namespace knows no difference"
    assert machine.lines[-1] == "- runit: system halt."


def traced(machine, calls):
    """Attaches strace to PID 1 and its children; returns a function that reads the trace."""
    output = machine.world.directory / "trace"
    tracer = machine.world.start("/usr/bin/strace", "-f", "-e", f"trace={calls}", "-o", output, "-p", machine.pid)
    wait_until(lambda: "attached" in machine.world.errors("strace"), "strace is there")
    machine.world.processes.append(tracer)
    return lambda: output.read_text()


@pytest.mark.parametrize("nosync", [False, True])
def test_disks_are_written_before_the_end_unless_nosync_says_no(machine, nosync):
    if nosync:
        (machine.stages / "nosync").touch()
    up(machine)
    trace = traced(machine, "sync,reboot")
    shut_down(machine)
    calls = wait_until(lambda: "reboot(" in trace() and trace(), "reboot(2) is called")
    assert ("sync()" in calls.split("reboot(")[0]) is not nosync
    caller = [line.split()[0] for line in calls.splitlines() if "reboot(" in line]
    assert caller != [str(machine.pid)], "not by process no 1 itself"


def test_ctrl_alt_del_runs_its_file_then_shuts_down_if_stopit_says_so(machine):
    machine.stage("ctrlaltdel", "chmod 100 /etc/runit/stopit; exit 7")
    permit(machine, "stopit", 0)
    up(machine)
    machine.signal(signal.SIGINT)
    assert machine.ends() == "power off"
    assert machine.lines[4:7] == ["- runit: ctrl-alt-del request...", enter("ctrlaltdel"), leave("ctrlaltdel")]


def test_ctrl_alt_del_without_stopit_goes_on(machine):
    machine.stage("ctrlaltdel", "kill -9 $$")
    up(machine)
    for time in (1, 2):
        machine.signal(signal.SIGINT)
        machine.says(leave("ctrlaltdel"), time)
    assert machine.lines.count("- runit: warning: child crashed: /etc/runit/ctrlaltdel") == 2
    (machine.stages / "ctrlaltdel").chmod(0o644)
    permit(machine, "stopit")
    machine.signal(signal.SIGINT)
    machine.signal(signal.SIGALRM)
    machine.says("- runit: warning: child crashed: /etc/runit/2")
    assert machine.count("- runit: ctrl-alt-del request...") == 2, "one that is not executable means nothing"


def test_ctrl_alt_del_that_hangs_does_not_block_a_shutdown(machine):
    machine.stage("ctrlaltdel", "echo x >/run/cad; exec sleep 1000")
    up(machine)
    machine.signal(signal.SIGINT)
    wait_until(lambda: machine.marks("cad"), "it hangs")
    assert shut_down(machine) == "power off"


def test_a_power_failure_runs_pwrfail_with_stopit_armed(machine):
    machine.stage("pwrfail", "stat -c %a /etc/runit/stopit >/run/mode")
    permit(machine, "stopit", 0)
    up(machine)
    machine.signal(signal.SIGPWR)
    assert machine.ends() == "power off"
    assert machine.marks("mode") == ["100"]
    assert machine.lines[4:7] == ["- runit: powerfail event...", enter("pwrfail"), leave("pwrfail")]


def test_a_power_failure_makes_no_stopit_and_without_pwrfail_means_nothing(machine):
    up(machine)
    machine.signal(signal.SIGPWR)
    machine.stage("pwrfail", "")
    machine.signal(signal.SIGPWR)
    machine.says(leave("pwrfail"))
    assert not (machine.stages / "stopit").exists()
    assert machine.count("- runit: powerfail event...") == 1
    assert machine.living()


def test_other_signals_mean_nothing(machine):
    up(machine)
    permit(machine, "stopit")
    for other in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT, signal.SIGPIPE,
                  signal.SIGWINCH, signal.SIGTSTP, signal.SIGABRT, signal.SIGRTMIN + 5):  # fmt: skip
        machine.signal(other)
    machine.inside("kill", "-KILL", "1")
    machine.inside("kill", "-STOP", "1")
    assert machine.count(enter(3)) == 0 and machine.living()
    assert shut_down(machine) == "power off"


def test_signals_work_in_stage_2_alone(machine):
    for stage in "13":
        machine.stage(stage, f"echo x >/run/{stage}; read x </run/go-{stage}")
        os.mkfifo(machine.root / f"run/go-{stage}")
    machine.stage("2", "")
    for name in ("stopit", "ctrlaltdel", "pwrfail"):
        permit(machine, name)
    machine.boot()
    said = 0
    for stage in "13":
        wait_until(lambda: machine.marks(stage), "the stage waits")
        for number in (signal.SIGCONT, signal.SIGINT, signal.SIGPWR, signal.SIGALRM):
            machine.signal(number)
            said += 1
            machine.says(ONLY_IN_2, said)
        (machine.root / f"run/go-{stage}").write_text("x\n")
    assert machine.ends() == "power off"
    assert machine.count(ONLY_IN_2) == 8
    assert not machine.said("request|event"), "and are not kept for stage 2"


def test_alarm_is_passed_to_stage_2(machine):
    machine.stage("2", "trap 'echo x >>/run/alarm' ALRM; echo $$ >/run/2; while :; do sleep 0.1; done")
    up(machine)
    machine.inside("kill", "-ALRM", "1")
    wait_until(lambda: machine.marks("alarm"), "stage 2 has heard it")
    assert shut_down(machine) == "power off"


def test_a_directory_of_services_is_looked_at_when_process_1_is_sent_alarm(machine):
    (machine.root / "sd").mkdir()
    machine.stage("2", "echo $$ >/run/2; exec env - PATH=$PATH runsvdir -P /sd")
    up(machine)
    machine.world.service("root/sd/web", "#!/bin/sh\necho x >/run/web\nexec sleep 1000\n")
    machine.inside("kill", "-ALRM", "1")
    wait_until(lambda: machine.marks("web"), "the service runs")
    assert shut_down(machine) == "power off"


# -- it survives -------------------------------------------------------------------------------------------------------


def test_orphans_are_reaped_at_once(machine):
    machine.stage("2", "for i in $(seq 500); do (sleep 0 & ); done; echo $$ >/run/2; exec sleep 1000")
    up(machine)
    stage_2 = wait_until(lambda: [p for p in children(machine.pid) if alive(p)], "stage 2")
    wait_until(lambda: children(machine.pid) == stage_2, "no zombie is left")


def test_a_stopped_stage_is_no_ended_stage(machine):
    up(machine)
    (stage_2,) = machine.marks("2")
    machine.inside("kill", "-STOP", stage_2)
    machine.signal(signal.SIGALRM)
    machine.inside("kill", "-KILL", stage_2)
    machine.says("- runit: warning: child crashed: /etc/runit/2")


def test_a_read_only_root_cannot_keep_it_from_shutting_down(machine):
    permit(machine, "stopit")
    machine.world.write("root/prepare", '#!/bin/sh\nmount -o remount,bind,ro "$1"; mount -t tmpfs x "$1/run"\n')
    machine.boot()
    machine.says(enter(2))
    machine.signal(signal.SIGCONT)
    assert machine.ends() == "power off"
    assert machine.lines[-1] == POWER_OFF[-1]


def test_without_a_console_it_writes_to_standard_error(machine):
    machine.stage("2", "")
    machine.boot(console=False)
    assert machine.ends() == "power off"
    assert machine.lines[2] == "- runit: warning: unable to open /dev/console: file does not exist"
    assert machine.lines[-2:] == POWER_OFF


@pytest.mark.shipped  # a sanitizer needs /proc
def test_without_any_descriptor_devices_or_proc(machine):
    machine.world.write("root/prepare", '#!/bin/sh\numount "$1/proc"; umount -l "$1"/dev/*; umount "$1/dev"\n')
    machine.stage("2", "echo $$ >/run/2; exec sleep 1000")
    up(machine, around=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "-"))
    fds = Path(f"/proc/{machine.pid}/fd")
    assert all(os.readlink(fds / str(n)) == str(machine.root) for n in range(3)), "nothing can be mistaken for them"
    assert shut_down(machine) == "power off"


def test_a_console_without_a_reader_blocks_nothing(machine):
    """A terminal whose other end is not read takes in some kilobytes, and then nothing."""
    machine.stage("2", "echo $$ >/run/2; exec sleep 1000")
    machine.stage("ctrlaltdel", "echo x >>/run/cad")
    up(machine)
    machine.stop_reading()
    for n in range(150):
        machine.signal(signal.SIGINT)
        wait_until(lambda: len(machine.marks("cad")) > n, "ctrlaltdel runs")
    permit(machine, "stopit")
    machine.signal(signal.SIGCONT)
    machine.go_on_reading()
    assert machine.ends() == "power off"


def limited(machine, processes):
    """Stages of a user that may have only this many processes."""
    for directory in (machine.root, machine.stages, machine.root / "run"):
        os.chown(directory, 54321, 54321)
    return ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "--inh-caps=+sys_boot,+sys_chroot",
            "--ambient-caps=+sys_boot,+sys_chroot", "prlimit", f"--nproc={processes}:1000")  # fmt: skip


def allow(machine, processes):
    subprocess.run(["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "prlimit", f"--pid={machine.pid}",
                    f"--nproc={processes}:1000"], check=True)  # fmt: skip


def test_no_process_can_be_made_for_a_while(machine):
    machine.boot(around=limited(machine, 1))
    machine.says('- runit: fatal: unable to fork for "/etc/runit/1" pausing: temporary failure', 2)
    assert machine.lines.count(enter(1)) == 1
    allow(machine, 1000)
    wait_until(lambda: machine.marks("2"), "stage 2 runs")
    machine.stage("ctrlaltdel", "echo x >>/run/cad")
    allow(machine, 1)
    machine.signal(signal.SIGINT)
    machine.says('- runit: fatal: unable to fork for "/etc/runit/ctrlaltdel" pausing: temporary failure')
    allow(machine, 1000)
    wait_until(lambda: machine.marks("cad"), "it is run in the end")
    machine.stage("pwrfail", "")
    allow(machine, 1)
    permit(machine, "stopit")
    os.chown(machine.stages / "stopit", 54321, 54321)
    machine.signal(signal.SIGPWR)
    machine.says('- runit: fatal: unable to fork for "/etc/runit/pwrfail" forcing shutdown: temporary failure')
    machine.says('- runit: fatal: unable to fork for "/etc/runit/3" pausing: temporary failure')
    allow(machine, 1000)
    assert machine.ends() == "power off"


def test_a_container_with_stages_that_may_not_reboot_ends_all_the_same(machine):
    up(machine, around=("setpriv", "--bounding-set=-sys_boot", "--inh-caps=-sys_boot"))
    assert shut_down(machine) == 0
    assert machine.lines[-2:] == POWER_OFF


def test_it_wakes_for_nothing(machine):
    up(machine)
    switches = lambda: Path(f"/proc/{machine.pid}/status").read_text().split("voluntary_ctxt_switches:")[1].split()[0]
    before = wait_until(lambda: Path(f"/proc/{machine.pid}/wchan").read_text() and switches(), "it waits")
    assert stays(lambda: switches() == before, 16), "runit looks around every 14 seconds"


@pytest.mark.shipped  # a sanitizer has a heap of its own
def test_it_costs_next_to_nothing(machine):
    up(machine)
    rollup = Path(f"/proc/{machine.pid}/smaps_rollup").read_text().splitlines()
    private = sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))
    assert private <= 40, "kilobytes"
    assert "[heap]" not in Path(f"/proc/{machine.pid}/maps").read_text()


# -- runit-init --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["x"], [""], ["7"], ["-h", "0"]])
def test_init_says_how_it_is_used(world, arguments):
    done = world.run("runit-init", *arguments, argv0="/sbin/init")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "usage: /sbin/init 0|6\n\n")


def test_init_as_process_1_becomes_runit(machine):
    machine.stage("2", "")
    machine.boot("/suite/runit-init")
    assert machine.ends() == "power off"
    assert machine.lines[1] == enter(1)


def test_init_that_finds_no_runit_says_so(machine):
    (machine.root / "sbin/runit").unlink()
    machine.boot("/suite/runit-init")
    assert machine.ends() == 111
    assert machine.lines == ["init: fatal: unable to start runit: file does not exist"]


@pytest.mark.parametrize("level, end, mode", [("6", "reboot", 0o100), ("0", "power off", 0)])
def test_init_tells_process_1(machine, level, end, mode):
    permit(machine, "reboot", 0o644)
    up(machine)
    machine.obeys("/suite/runit-init", level)
    assert machine.ends() == end
    assert stat.S_IMODE((machine.stages / "reboot").stat().st_mode) == mode


def test_init_empties_the_stop_files_that_it_permits(machine):
    for name in ("stopit", "reboot"):
        permit(machine, name, 0o644)
        (machine.stages / name).write_text("of an administrator\n")
    up(machine)
    machine.obeys("/suite/runit-init", "6")
    assert machine.ends() == "reboot"
    assert [(machine.stages / name).stat().st_size for name in ("stopit", "reboot")] == [0, 0]


def test_init_0_needs_no_reboot_file_and_makes_none(machine):
    up(machine)
    machine.inside("/suite/runit-init", "0")
    assert machine.ends() == "power off"
    assert not (machine.stages / "reboot").exists()


def test_init_looks_at_the_first_letter(machine):
    up(machine)
    machine.inside("/suite/runit-init", "60", "more")
    assert machine.ends() == "reboot"


def test_init_says_what_it_cannot_do(machine):
    up(machine)
    (machine.stages / "stopit").mkdir()
    done = machine.inside("/suite/runit-init", "6")
    assert (done.returncode, done.stderr) == (111, "init: fatal: unable to create /etc/runit/stopit: is a directory\n")
    (machine.stages / "stopit").rmdir()
    (machine.stages / "stopit").symlink_to("/no/where")
    done = machine.inside("/suite/runit-init", "6")
    assert (done.returncode, done.stderr) == (
        111, "init: fatal: unable to create /etc/runit/stopit: file does not exist\n")  # fmt: skip
    assert machine.living() and machine.count(leave(2)) == 0
