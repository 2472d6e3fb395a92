"""svctl status: one service in full, and why it is not as it should be."""

import fcntl
import json
import os
import re
import subprocess
import time

import harness
import pytest
from harness import control, pid_of, wait_until

TITLE = "log: " + "." * 400


def findings(services, name):
    """Cause and cure of each, as the lines `why` and `cure` have them."""
    found = []
    for label, text in re.findall(r"^ *(why|cure):  (.*)$", services.svctl("status", name).stdout, re.M):
        found = [*found, (text, "")] if label == "why" else [*found[:-1], (found[-1][0], text)]
    return found


def causes(services, name):
    return [cause for cause, _ in findings(services, name)]


def until_cause(services, name, cause):
    wait_until(lambda: cause in causes(services, name), f"{name}: {cause!r}, not {causes(services, name)}")


def fields(said):
    """The text after each label."""
    return {m[1]: m[2] for m in re.finditer(r"^ *(\w+):  (.*)$", said.stdout, re.M)}


def test_a_service_in_full(any_services):
    any_services.running("web", "#!/bin/sh\nsleep 1000 &\nsleep 1000 &\nwait\n", finish="#!/bin/sh\n", check="#!/bin/sh\n",
                         control__t="#!/bin/sh\n", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    any_services.until_status("web/log", now="run")
    # (A child of the shell is the shell itself for a moment.)
    drawn = re.compile(r"^ {10}[├└]─ \d+ .*sleep 1000$", re.M)
    wait_until(lambda: len(drawn.findall(any_services.svctl("status", "web").stdout)) == 2, "two children have become sleep")
    said = any_services.svctl("status", "web")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines()[0] == "web"
    told, pid = fields(said), pid_of(any_services.directory / "web")
    assert told["where"] == str(any_services.directory / "web")
    assert re.fullmatch(rf"run, process {pid}, since \d+-\d\d-\d\d \d\d:\d\d:\d\d UTC \(\d+s\)", told["state"])
    assert told["wanted"] == "up"
    assert told["starts"] == "itself, when its supervisor starts"
    assert told["log"].startswith("run, process ")
    assert told["files"] == "run, finish, check, control/t, log/run"
    assert re.fullmatch(r"CPU \d\.\d\ds, memory [\d.]+[KM] \(Pss\), 3 processes", told["cost"])
    assert told["tree"].startswith(f"{pid}  ")
    assert len(drawn.findall(said.stdout)) == 2


def test_the_tree_is_drawn_with_what_the_locale_has(services):
    services.running("web", "#!/bin/sh\nsleep 1000 &\nwait\n")
    wait_until(lambda: harness.children(pid_of(services.directory / "web")), "a child")
    assert "`- " in services.svctl("status", "web", env={"LC_ALL": "C"}).stdout


def test_times_are_local(services):
    services.fake("web", want="d")
    said = services.svctl("status", "web", env={"TZ": "XYZ-3"})
    assert re.search(r"since \d+-\d\d-\d\d \d\d:\d\d:\d\d XYZ", said.stdout)


def test_where_a_link_leads_is_said(services):
    made = services.world.service("available/web")
    (services.directory / "web").symlink_to(made)
    assert fields(services.svctl("status", "web"))["where"] == f"{services.directory}/web -> {made}"


def test_several_are_told_apart(services):
    services.fake("a", want="d")
    services.fake("b", want="d")
    assert re.findall(r"^\w+$", services.svctl("status", "*").stdout, re.M) == ["a", "b"]


def test_without_a_name_all_are_told_in_short(any_services):
    any_services.running("web")
    any_services.supervise("idle", down="")
    (any_services.fake("broken") / "run").chmod(0o644)
    said = any_services.svctl("status")
    lines = said.stdout.splitlines()
    assert lines[0] == f"{any_services.directory}: 3 services: 1 up, 1 down, 1 failing; no runsvdir runs on it"
    assert lines[1].split() == ["NAME", "STATE", "SINCE", "WHY"]
    assert re.fullmatch("broken +down +[0-9]+s  broken/run is not executable", lines[2])
    assert re.fullmatch("idle +down +[0-9]+s  it is not started by itself: there is a file idle/down", lines[3])
    assert re.fullmatch("web +run +[0-9]+s", lines[4])
    assert (lines[5:], said.returncode) == (["more of one: svctl status broken"], 3)


def test_what_is_as_it_should_be_has_no_findings(any_services):
    any_services.running("web")
    any_services.until_status("web", now="run")
    wait_until(lambda: not causes(any_services, "web"), "no findings")


@pytest.mark.parametrize(
    "content, mode, cause, cure",
    [
        (None, 0, "web/run is missing", "write it: an executable that stays in the foreground"),
        ("#!/bin/sh\nexec sleep 9\n", 0o644, "web/run is not executable", "make it so: chmod +x DIR/web/run"),
        ("", 0o755, "web/run is empty", "write it: #!/bin/sh, and exec of the program"),
        ("exec sleep 9\n", 0o755, "web/run is no program, and does not begin with #!",
         "name its interpreter in the first line: sed -i '1i #!/bin/sh' DIR/web/run"),
        ("#!\n", 0o755, "web/run begins with #!, and no interpreter follows", "name one: sed -i '1s|.*|#!/bin/sh|' DIR/web/run"),
        ("#!/bin/sh -e\r\nexec sleep 9\r\n", 0o755, None, None),
        ("#!/bin/sh\r\nexec sleep 9\r\n", 0o755,
         "web/run ends its lines as Windows does: its interpreter '/bin/sh\\r' does not exist",
         "take the carriage returns out: sed -i 's/\\r$//' DIR/web/run"),
        ("#! /no/such/sh -e\n", 0o755, "the interpreter of web/run, /no/such/sh, cannot be found: file does not exist",
         "install it, or name another one in the first line of DIR/web/run"),
        ("#!/etc/passwd\n", 0o755, "the interpreter of web/run, /etc/passwd, is not executable",
         "name another one in the first line of DIR/web/run"),
    ],
)
def test_what_is_wrong_with_run(services, content, mode, cause, cure):
    services.fake("web", run=None, want="u")
    if content is not None:
        services.world.write("services/web/run", content, mode=mode)
    found = findings(services, "web")
    if cause is None:  # "-e\r" is an argument: the shell exists
        assert found[0][0] == "./run has ended, and is started again, once a second at most"
    else:
        assert found[0] == (cause, cure.replace("DIR", str(services.directory)))


def test_a_run_that_is_no_file_or_a_link_to_nothing(services):
    services.fake("web", run=None)
    (services.directory / "web/run").mkdir()
    assert causes(services, "web")[0] == "web/run is not a file"
    (services.directory / "web/run").rmdir()
    (services.directory / "web/run").symlink_to("/nowhere/at/all")
    assert causes(services, "web")[0] == "web/run is a link that leads nowhere"


def test_a_program_for_another_machine(services):
    services.fake("web", run=None)
    elf = bytearray(open("/bin/true", "rb").read())
    elf[18:20] = (0xF3 if elf[18] != 0xF3 else 0x3E).to_bytes(2, "little")  # e_machine
    services.world.write("services/web/run", bytes(elf), mode=0o755)
    assert causes(services, "web")[0] == "web/run is a program for another kind of machine"


def test_a_program_without_its_dynamic_linker(services):
    services.fake("web", run=None)
    elf = open("/bin/true", "rb").read()
    linker = re.search(rb"/lib[\w./-]*ld-[\w.-]+\0", elf).group()
    services.world.write("services/web/run", elf.replace(linker, linker.replace(b"/l", b"/x")), mode=0o755)
    assert causes(services, "web")[0].startswith("web/run needs the dynamic linker /x")


@pytest.mark.parametrize(
    "state, cause",
    [
        (dict(pid=1, phase=1, paused=1), "it is paused: process 1 was sent STOP"),
        (dict(pid=1, phase=1, got_term=1), "process 1 was sent TERM and lives on"),
        (dict(pid=1, phase=2, age=50), "./finish has run for 50s, as process 1"),
        (dict(want="d", age=50), "it was told to be down, or to run once, 50s ago"),
        (dict(status=b"short"), "web/supervise/status cannot be read: it has not the 20 bytes of a status"),
    ],
)
def test_what_the_status_says(services, state, cause):
    services.fake("web", **state)
    assert re.sub(r"\b5[0-5]s\b", "50s", causes(services, "web")[0]) == cause


def test_a_down_file_is_a_reason(services):
    services.fake("web", want="d", down="")
    assert findings(services, "web") == [("it is not started by itself: there is a file web/down",
                                          "start it: svctl start web")]


def test_a_service_that_ends_at_once(any_services):
    any_services.supervise("web", "#!/bin/sh\nexit 3\n")
    any_services.until_status("web", now="down", want="u")
    until_cause(any_services, "web", "./run has ended, and is started again, once a second at most")


def test_nobody_looks_after_it(services):
    services.make("web")
    assert findings(services, "web") == [(f"no runsvdir looks after {services.directory}",
                                          f"start one: runsvdir -P {services.directory} &")]


def test_what_the_supervisors_have_complained_of(any_services):
    services = any_services
    services.make("web", run=None)
    (services.directory / "web/run").write_text("#!/bin/sh\n")
    services.world.start(services.suite.path("runsvdir"), "-P", services.directory, TITLE,
                         env=services.suite.environment())
    wait_until(lambda: any(c.startswith("its supervisor has complained: runsv web: ") and "unable to start ./run" in c
                           for c in causes(services, "web")), "the complaint is there")
    assert causes(services, "web")[0] == "web/run is not executable"


def test_a_runsvdir_without_a_runsv(services):
    services.make("web")
    (services.directory / "web/supervise").write_text("in the way")
    runsvdir = services.world.start(services.suite.path("runsvdir"), "-P", services.directory, TITLE,
                                    env=services.suite.environment())
    until_cause(services, "web", f"process {runsvdir.pid}, runsvdir, looks after {services.directory}, but no runsv after web")
    assert causes(services, "web")[0] == "supervise is not a directory"


def test_a_lock_that_somebody_else_holds(services):
    directory = services.make("web") / "supervise"
    directory.mkdir()
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = causes(services, "web")
    assert found[0].startswith(f"supervise/lock is held by process {os.getpid()} (")


def test_a_link_into_a_directory_that_is_not_there(services):
    (services.make("web") / "supervise").symlink_to("/nowhere/at/all/web")
    assert findings(services, "web")[0] == ("supervise is a link into /nowhere/at/all, which does not exist",
                                            "make that directory: mkdir -p /nowhere/at/all")


def test_a_file_system_that_is_read_only(services):
    """In a mount namespace of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    services.make("web")
    said = subprocess.run(
        ["unshare", "--mount", "sh", "-c",
         f"mount --bind {services.directory} {services.directory} && mount -o remount,bind,ro {services.directory} &&"
         f" exec {harness.ours().path('svctl')} status web"],
        env=harness.ours().environment(SVDIR=services.directory), capture_output=True, text=True)
    assert "why:  web is on a file system that is read-only" in said.stdout, said


def test_a_link_that_leads_nowhere(services):
    (services.directory / "web").symlink_to("/nowhere/at/all")
    assert findings(services, "web") == [("web is a link to /nowhere/at/all, which does not exist",
                                          f"make that directory, or take the link away: rm {services.directory}/web")]


def test_the_logger_has_its_reasons_too(services):
    services.fake("web", pid=1, phase=1)
    services.fake("web/log", run="exec cat\n", want="u")
    (services.directory / "web/log/run").chmod(0o644)
    assert "its logger is not up: web/log/run is not executable" in causes(services, "web")


def test_a_logger_that_cannot_log_is_told_with_its_directory(services):
    nowhere = services.world.directory / "no/such/place"
    services.supervise("web", log__run=f"#!/bin/sh\nexec svlogd {nowhere}\n")
    services.until_status("web", now="run")
    until_cause(services, "web", f"its logger is not up: svlogd is to log to {nowhere}, and there is no such directory")
    assert findings(services, "web") == [
        (f"its logger is not up: svlogd is to log to {nowhere}, and there is no such directory", f"make it: mkdir -p {nowhere}")]


def test_without_a_runsvdir_a_log_is_no_second_reason(services):
    services.make("web", log__run="#!/bin/sh\nexec cat\n")
    assert causes(services, "web") == [f"no runsvdir looks after {services.directory}"]


def test_what_lint_knows_of_a_script_status_says_of_a_service_that_ends(services):
    services.fake("web", run="#!/bin/sh\nexec cron\n", want="u")
    assert findings(services, "web")[0] == ("cron goes into the background: runsv sees it end, and starts another", "add -f")


def test_what_this_user_may_not_see(services):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    services.fake("web", want="d")
    (services.directory / "web/supervise").chmod(0o700)
    services.world.directory.chmod(0o755)
    said = services.svctl("status", "web", user=65534, group=65534, extra_groups=[])
    assert said.returncode == 5
    assert fields(said)["state"] == "?: only root may look into its supervise/"
    assert fields(said)["files"] == "run"
    assert "why" not in fields(said)
    assert said.stderr.splitlines()[1] == f"svctl: see all of it as root: sudo svctl --svdir {services.directory} status web"


def test_a_process_that_was_sent_term_and_stays(any_services):
    any_services.running("web", "#!/bin/sh\ntrap '' TERM\ntouch ready\nwhile :; do sleep 0.05; done\n")
    wait_until(lambda: (any_services.directory / "web/ready").exists(), "the trap is set")
    control(any_services.directory / "web", "d")
    any_services.until_status("web", got_term=1)
    assert f"process {pid_of(any_services.directory / 'web')} was sent TERM and lives on" in causes(any_services, "web")


def test_the_last_lines_of_its_log(services):
    services.running("web", "#!/bin/sh\nseq 20 | sed 's/^/line /'\nprintf 'a\\033[2Jb\\n'\nexec sleep 1000\n",
                     log__run=f"#!/bin/sh\nexec {services.suite.path('svlogd')} -tt ./main\n", log__main__config="")
    current = services.directory / "web/log/main/current"
    wait_until(lambda: current.exists() and current.read_text(errors="replace").count("\n") == 21, "all is in the log")
    said = services.svctl("status", "web").stdout.splitlines()[-5:]
    assert said[0].startswith("   said:  ") and said[0].endswith("  line 17")
    assert said[-1].endswith("  a\\x1b[2Jb")
    told = services.json("status", "--json", "web")["services"][0]["said"]
    assert [one["text"] for one in told] == ["line 17", "line 18", "line 19", "line 20", "a\x1b[2Jb"]
    assert all(one["at"].endswith("Z") for one in told)


# -- services that do not stay up: status reports only what it can read ---------------------------------------------------------


def test_a_service_that_flaps_and_how_long_it_lives(services):
    """Its runsv has written down when ./run was started, and the status says when it ended."""
    services.supervise("web", "#!/bin/sh\nexit 3\n")
    until = r"the last \./run, process (\d+), lived for \d+\.\d\ds"
    wait_until(lambda: any(re.fullmatch(until, cause) for cause in causes(services, "web")), "how long it lived")


def test_what_another_boot_has_written_down_is_not_believed(services):
    services.fake("web", want="u")
    lock = services.directory / "web/supervise/lock"
    line = f"{'0' * 36} {0:010} {0:018} {0:012}\n"
    lock.write_text(line + f"r {4711:010} {1:018}\n")
    assert not any("lived for" in cause for cause in causes(services, "web"))


@pytest.mark.parametrize("end, cause", [("exit 3", "./run has exited 3"), ("kill -9 $$", "./run was killed by signal 9 (KILL)")])
def test_how_it_has_ended_is_what_finish_is_told(any_services, end, cause):
    """As long as ./finish runs: its arguments are the only record."""
    os.mkfifo(any_services.world.directory / "gate")
    any_services.supervise("web", f"#!/bin/sh\n{end}\n", finish=f"#!/bin/sh\nread line <{any_services.world.directory}/gate\n")
    any_services.until_status("web", now="finish")
    until_cause(any_services, "web", cause)
    assert causes(any_services, "web")[0] == cause
    assert causes(any_services, "web")[1].startswith("./finish has run for ")


def test_a_program_that_cannot_be_executed(any_services):
    """runsv has no words for how ./run ended, as it never began: the file has, and the messages of runsv."""
    services = any_services
    services.make("web", run=None)
    services.world.write("services/web/run", b"\x7fELF" + bytes(100), mode=0o755)
    messages = services.world.directory / "messages"
    with open(messages, "w") as file:
        services.world.start(services.suite.path("runsvdir"), "-P", services.directory, stderr=file, env=services.suite.environment())
    until_cause(services, "web", "its supervisor has complained: runsv web: fatal: unable to start ./run: exec format error")
    assert causes(services, "web")[0] == "web/run is a program for another kind of machine"


def test_a_healthy_service_that_was_just_restarted_has_no_why(any_services):
    any_services.running("web")
    assert any_services.svctl("restart", "web").returncode == 0
    assert causes(any_services, "web") == []
    before = pid_of(any_services.directory / "web")
    os.kill(before, 9)
    wait_until(lambda: harness.Status(any_services.directory / "web").pid not in (0, before), "it is back")
    assert causes(any_services, "web") == []


def test_a_program_is_told_findings_where_the_service_fails_and_nowhere_else(services):
    services.fake("fine", pid=os.getpid(), phase=1)
    services.fake("paused", pid=os.getpid(), phase=1, paused=1)
    services.fake("down", want="d")
    services.fake("fails")
    said = json.loads(services.svctl("status", "--json", "*").stdout)
    assert {one["name"]: (one["fails"], bool(one["findings"])) for one in said["services"]} == {
        "fine": (False, False), "paused": (False, False), "down": (False, False), "fails": (True, True)}


def test_prose_is_wrapped_and_a_command_stays_whole(services):
    name = "a-service-with-a-name-that-is-rather-long"
    services.make(name).joinpath("run").chmod(0o644)
    said, _ = services.on_a_terminal("status", "--color=never", name, columns=60)
    lines = said.splitlines()
    command = f"          start one: runsvdir -P {services.directory}"
    assert all(len(line) <= 60 or line.strip() in command for line in lines)
    assert "…" not in said.split("why:", 1)[1]
    whole, _ = services.on_a_terminal("status", "--color=never", "-l", name, columns=60)
    assert max(len(line) for line in whole.splitlines()) > 60 and "…" not in whole

