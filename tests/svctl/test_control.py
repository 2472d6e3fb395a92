"""svctl up, down, restart, reload, once, kill, signal: each is sent, waited for, and has one clear result."""

import os
import re
import time

import harness
import pytest
from harness import alive, pid_of, wait_until

TRAPS = """#!/bin/sh
trap 'echo hup >>got' HUP
trap 'echo usr1 >>got' USR1
touch ready
while :; do sleep 0.05; done
"""
STUBBORN = "#!/bin/sh\ntrap '' TERM\ntouch ready\nwhile :; do sleep 0.05; done\n"


def says(result, out="", code=0, err=""):
    """The output, with N for every process and T for every time."""
    text = re.sub(r"\d+\.\d\d s|(?<=after )\d+ s", "T", re.sub(r"process \d+", "process N", result.stdout))
    assert (text, result.stderr, result.returncode) == (out, err, code)


def test_up_and_down(any_services):
    any_services.supervise("web", down="")
    says(any_services.svctl("up", "web"), "web: up, process N, after T\n")
    pid = pid_of(any_services.directory / "web")
    assert alive(pid)
    says(any_services.svctl("up", "web"), "web: up, process N, after T\n")
    says(any_services.svctl("down", "web"), "web: down, after T\n")
    assert not alive(pid)


def test_restart_is_another_process(any_services):
    any_services.running("web")
    before = pid_of(any_services.directory / "web")
    says(any_services.svctl("restart", "web"), "web: up, process N, after T\n")
    assert harness.Status(any_services.directory / "web").pid not in (0, before)


def test_once_is_not_started_again(any_services):
    any_services.supervise("job", "#!/bin/sh\necho x >>runs\n", down="")
    said = any_services.svctl("once", "job")
    assert (said.returncode, said.stderr) == (0, "")  # it may have ended, or not
    any_services.until_status("job", now="down")
    assert (any_services.directory / "job/runs").read_text() == "x\n"


def test_kill_ends_what_does_not_listen(any_services):
    any_services.running("web", STUBBORN)
    wait_until(lambda: (any_services.directory / "web/ready").exists(), "the trap is set")
    before = pid_of(any_services.directory / "web")
    says(any_services.svctl("kill", "web"), "web: up, process N, after T\n")
    assert not alive(before)


@pytest.mark.parametrize("word, sent", [
    ("hup", "h"), ("SIGUSR1", "1"), ("USR2", "2"), ("2", "i"), ("term", "t"), ("Quit", "q"), ("ALRM", "a"), ("9", "k"),
    ("STOP", "p"), ("cont", "c")])
def test_a_signal_is_one_byte(services, word, sent):
    services.fake("web", pid=os.getpid(), phase=1, paused=int(sent == "p"))
    control = os.open(services.directory / "web/supervise/control", os.O_RDWR | os.O_NONBLOCK)
    try:
        assert services.svctl("signal", word, "web").returncode == 0
        assert os.read(control, 100) == sent.encode()
    finally:
        os.close(control)


def test_reload_is_hup(any_services):
    any_services.running("web", TRAPS)
    wait_until(lambda: (any_services.directory / "web/ready").exists(), "the traps are set")
    says(any_services.svctl("reload", "web"), "web: sent HUP\n")
    wait_until(lambda: (any_services.directory / "web/got").exists(), "HUP has come")


def test_stop_and_cont_are_waited_for(any_services):
    any_services.running("web")
    says(any_services.svctl("signal", "STOP", "web"), "web: paused, process N, after T\n")
    says(any_services.svctl("signal", "CONT", "web"), "web: up, process N, after T\n")


def test_a_signal_wants_a_process(services):
    services.fake("web", want="d", down="")
    said = services.svctl("reload", "web")
    assert said.returncode == 1
    assert said.stderr.splitlines()[0] == "svctl: web: there is no process to tell: it is down"
    assert services.svctl("signal", "HUP", "web").returncode == 1


def test_what_is_no_signal_is_refused_with_those_that_are(services):
    services.fake("web")
    says(services.svctl("signal", "WINCH", "web"), "", 2,
         "svctl: 'WINCH' is no signal that a supervisor sends\n"
         "svctl: these are: TERM KILL STOP CONT HUP ALRM INT QUIT USR1 USR2\n")


def test_many_are_told_at_once(any_services):
    """Each exits only when all have their TERM: one after the other, none would."""
    run = "#!/bin/sh\ntrap 'touch ../../told-NAME; until [ -e ../../told-a -a -e ../../told-b -a -e ../../told-c ]; do sleep 0.05; done; exit' TERM\ntouch ready\nwhile :; do sleep 0.05; done\n"
    for name in ("a", "b", "c"):
        any_services.running(name, run.replace("NAME", name))
        wait_until(lambda name=name: (any_services.directory / name / "ready").exists(), "the trap is set")
    said = any_services.svctl("down", "*", "--timeout", "60")
    assert sorted(re.sub(r"\d+\.\d\d s|\d+ s", "T", said.stdout).splitlines()) == [
        "a: down, after T", "b: down, after T", "c: down, after T"]
    assert (said.returncode, said.stderr) == (0, "")


def test_nothing_is_done_when_one_word_is_wrong(services):
    services.running("web")
    pid = pid_of(services.directory / "web")
    for wrong in ("db", "../web", "", "q*"):
        said = services.svctl("down", "web", wrong)
        assert said.returncode in (2, 4) and said.stdout == ""
    assert alive(pid) and harness.Status(services.directory / "web").want == "u"


def test_a_log_service_is_a_service(any_services):
    any_services.running("web", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    any_services.until_status("web/log", now="run")
    says(any_services.svctl("restart", "web/log"), "web/log: up, process N, after T\n")


def test_a_check_that_says_no_is_asked_again(services):
    services.supervise("web", down="", check="#!/bin/sh\necho asked >>asked\ntest -e allowed\n")
    waiting = services.world.start("svctl", "up", "web", "--timeout", "60",
                                   env=services.suite.environment(SVDIR=services.directory))
    asked = services.directory / "web/asked"
    wait_until(lambda: asked.exists() and asked.read_text().count("asked") >= 2, "it was asked twice")
    assert waiting.poll() is None
    (services.directory / "web/allowed").touch()
    assert waiting.wait(timeout=harness.DEADLINE) == 0


def test_the_time_is_over(any_services):
    any_services.running("web", STUBBORN)
    wait_until(lambda: (any_services.directory / "web/ready").exists(), "the trap is set")
    said = any_services.svctl("down", "web", "--timeout", "0.2")
    assert (said.returncode, said.stdout) == (6, "")
    lines = [re.sub(r"process \d+", "process N", line) for line in said.stderr.splitlines()]
    assert lines == [
        "svctl: web: not down after 0.2 s: up, process N, wanted down",
        "svctl: process N was sent TERM and lives on",
        "svctl: give it its time, or send KILL: svctl kill web",
    ]


def test_svwait_is_the_time_where_no_other_is_named(services):
    services.fake("web", want="d")
    begun = time.monotonic()
    assert services.svctl("up", "web", env={"SVWAIT": "0"}).returncode == 6
    assert time.monotonic() - begun < 6


def test_who_does_not_wait_is_told_that_it_was_told(services):
    services.fake("web", want="d")
    says(services.svctl("up", "web", "--no-wait"), "web: told\n")
    assert services.svctl("up", "web", "--no-wait", "--timeout", "1").returncode == 2


def test_without_a_runsv_the_cause_and_the_cure(services):
    services.make("web")
    said = services.svctl("up", "web")
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        "svctl: web: no runsv looks after it",
        f"svctl: no runsvdir looks after {services.directory}",
        f"svctl: start one: runsvdir -P {services.directory} &",
    ]


def test_the_cause_of_what_does_not_start(services):
    services.supervise("web", run=None)
    services.world.write("services/web/run", "#!/bin/sh\nexec sleep 1000\n", mode=0o644)
    said = services.svctl("up", "web", "--timeout", "0.1")
    assert said.returncode == 6
    assert "svctl: web/run is not executable" in said.stderr.splitlines()
    assert f"svctl: make it so: chmod +x {services.directory}/web/run" in said.stderr.splitlines()


def test_failures_of_several_kinds_are_a_failure(services):
    services.fake("idle", want="d", down="")
    services.make("alone")
    assert services.svctl("up", "idle", "--timeout", "0").returncode == 6
    assert services.svctl("up", "alone", "--timeout", "0").returncode == 1
    assert services.svctl("up", "idle", "alone", "--timeout", "0").returncode == 1


def test_a_supervisor_that_leaves_meanwhile_is_noticed(services):
    process = services.running("web", STUBBORN)
    waiting = services.world.start("svctl", "down", "web", "--timeout", "60",
                                   env=services.suite.environment(SVDIR=services.directory))
    services.until_status("web", want="d")
    process.kill()
    assert waiting.wait(timeout=harness.DEADLINE) == 1
    assert "web: no runsv looks after it" in services.world.errors("svctl")


def test_a_terminal_gets_a_line_for_each_service(services):
    services.supervise("web", down="")
    services.supervise("db", down="")
    said, code = services.on_a_terminal("up", "*")
    assert code == 0
    final = said.split("\x1b[2A")[-1]
    text = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]|\r", "", final)
    assert re.sub(r"\d+", "N", text) == "db   up, process N, after N.N s\nweb  up, process N, after N.N s\n"


def test_nobody_may_tell_what_is_not_his(services):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    services.fake("web")
    (services.directory / "web/supervise").chmod(0o700)
    services.world.directory.chmod(0o755)
    said = services.svctl("up", "web", user=65534, group=65534, extra_groups=[])
    assert said.returncode == 5
    assert said.stderr.splitlines()[0] == "svctl: web: only root and the owner of supervise/ may control it"
