"""shutdown, halt, poweroff, reboot and telinit: never on this machine, always in a namespace of their own."""

import os
import stat
import subprocess

import pytest

from harness import wait_until
from namespace import Machine


@pytest.fixture
def machine(world):
    made = Machine(world)
    made.stage("1", "")
    made.stage("2", "echo x >/run/2; trap 'exit 0' TERM; while :; do sleep 0.05; done")
    made.stage("3", "")
    made.boot()
    wait_until(lambda: made.marks("2"), "stage 2 runs")
    return made


@pytest.mark.parametrize(
    "command, last",
    [
        ("shutdown -h now", "power off..."),
        ("shutdown -P +0", "power off..."),
        ("shutdown now", "power off..."),
        ("shutdown -H now", "system halt."),
        ("shutdown -r now", "system reboot."),
        ("shutdown -rh 0 see you", "power off..."),
        ("poweroff", "power off..."),
        ("poweroff -p", "power off..."),
        ("halt", "system halt."),
        ("halt -p", "power off..."),
        ("reboot", "system reboot."),
        ("telinit 0", "power off..."),
        ("telinit 6", "system reboot."),
    ],
)
def test_each_command_ends_the_machine_its_way(machine, command, last):
    machine.obeys(*command.split())
    machine.ends()
    assert "- runit: enter stage: /etc/runit/3" in machine.lines, "in order"
    assert machine.lines[-1] == f"- runit: {last}"


@pytest.mark.parametrize("command, end", [("reboot -f", "reboot"), ("shutdown -hf now", "power off"), ("halt -f", "power off")])
def test_force_ends_it_at_once(machine, command, end):
    machine.inside(*command.split())
    assert machine.ends() == end
    assert not machine.said("leave stage: /etc/runit/2")


def test_a_machine_that_was_to_reboot_can_still_be_switched_off(machine):
    for name in ("reboot", "halt"):
        (machine.stages / name).touch()
        (machine.stages / name).chmod(0o100)
    machine.inside("poweroff")
    machine.ends()
    assert machine.lines[-1] == "- runit: power off..."
    assert [stat.S_IMODE((machine.stages / n).stat().st_mode) for n in ("reboot", "halt")] == [0, 0]


def test_users_are_warned_and_a_shutdown_can_be_cancelled(machine):
    """A terminal gets the warning if it is the controlling terminal of a process: here, of shutdown itself."""
    machine.inside("sh", "-c", f"mkdir /dev/pts; : >{machine.terminal}; mount --bind /dev/console {machine.terminal}")
    waiting = subprocess.Popen(
        ["nsenter", f"--target={machine.pid}", "--mount", "--pid", f"--root=/proc/{machine.pid}/root", "--wd=/",
         "setsid", "--wait", "sh", "-c", "exec 0<>/dev/console; echo $$ >/run/pid; exec /suite/shutdown -r +5 to lunch"],
    )  # fmt: skip
    machine.world.processes.append(waiting)
    wait_until(lambda: machine.said("^to lunch"), f"it is told; {machine.lines}")
    assert "The system is going down for reboot in 5 minutes!" in machine.lines
    machine.inside("kill", "-INT", *machine.marks("pid"))
    assert waiting.wait(timeout=30) == 1
    wait_until(lambda: "The system is not going down after all." in machine.lines, "that is told, too")
    assert machine.living() and not machine.said("/etc/runit/3")
    assert not (machine.stages / "stopit").exists()
    machine.inside("setsid", "--wait", "sh", "-c", "exec 0<>/dev/console; exec /suite/shutdown -P now bye")
    machine.ends()
    assert "The system is going down for power-off now!" in machine.lines and "bye " in machine.lines
    assert machine.lines[-1] == "- runit: power off..."


def test_telinit_q_has_the_services_looked_at(machine):
    machine.stage("2", "")
    (machine.root / "run/2").unlink()
    machine.inside("telinit", "q")
    machine.says("- runit: warning: child crashed: /etc/runit/2")


@pytest.mark.parametrize("level", ["1", "S", "s"])
def test_telinit_1_has_the_single_user_services_run(machine, level):
    sets = machine.stages / "runsvdir"
    for name in ("default", "single"):
        (sets / name).mkdir(parents=True)
    (sets / "current").symlink_to("default")
    done = machine.inside("telinit", level)
    assert (done.returncode, done.stdout) == (0, "runsvchdir: single: now current.\n")
    assert os.readlink(sets / "current") == "single"
    done = machine.inside("/usr/bin/env", "PATH=/nowhere", "/suite/telinit", "1")
    assert (done.returncode, done.stderr) == (111, "telinit: fatal: unable to run runsvchdir: file does not exist\n")


@pytest.mark.parametrize(
    "command",
    ["shutdown", "shutdown -x now", "shutdown tomorrow", "shutdown -", "shutdown +9999999", "reboot -x", "halt 12:00x",
     "telinit", "telinit 9", "telinit 0 6"],
)  # fmt: skip
def test_what_is_not_understood_does_nothing(machine, command):
    done = machine.inside(*command.split())
    assert machine.living() and done.returncode == 100
    assert done.stderr.startswith(f"usage: {command.split()[0]} ")


@pytest.mark.parametrize("command", ["reboot", "shutdown -h now", "poweroff -f"])
def test_only_root_may(machine, command):
    done = machine.inside("setpriv", "--reuid=54321", "--clear-groups", *command.split())
    assert (done.returncode, done.stderr) == (111, f"{command.split()[0]}: fatal: you must be root\n")
    assert machine.living()
