"""The words of someone who has only known systemctl: each works, or is answered with the command to type."""

import os
import re
import subprocess
import time

import harness
import pytest
from harness import pid_of, wait_until

STAMP = f"@{2**62 + 10 + 1795342240:016x}00000000"  # 2026-11-22 10:10:40 UTC


def code_and_words(said):
    return said.returncode, said.stdout.split()


def test_start_stop_and_their_other_names(any_services):
    any_services.supervise("web", down="")
    for word, runs in (("start", True), ("stop", False), ("up", True), ("down", False)):
        said = any_services.svctl(word, "web")
        assert (said.returncode, said.stderr) == (0, ""), word
        any_services.until_status("web", now="run" if runs else "down")


def test_try_restart_is_for_those_that_run(any_services):
    any_services.running("web")
    any_services.supervise("idle", down="")
    before = pid_of(any_services.directory / "web")
    for word in ("try-restart", "condrestart"):
        said = any_services.svctl(word, "web", "idle", "--timeout", "30")
        assert "idle: down, left as it is\n" in said.stdout and said.returncode == 0
        assert pid_of(any_services.directory / "web") not in (0, before)
        before = pid_of(any_services.directory / "web")
    assert harness.Status(any_services.directory / "idle").want == "d"


def test_is_active_is_what_systemctl_says(any_services):
    any_services.fake("runs", pid=os.getpid(), phase=1)
    any_services.fake("leaves", pid=os.getpid(), phase=1, want="d")
    any_services.fake("idle", want="d")
    any_services.fake("broken")
    any_services.world.service("available/off")
    names = {"runs": ("active", 0), "leaves": ("deactivating", 3), "idle": ("inactive", 3), "broken": ("failed", 3),
             "off": ("inactive", 3), "nosuch": ("unknown", 4)}
    env = {"SVAVAILABLE": any_services.available}
    for name, (word, code) in names.items():
        said = any_services.svctl("is-active", name, env=env)
        assert (said.stdout, said.stderr, said.returncode) == (f"{word}\n", "", code), name
        assert code_and_words(any_services.svctl("is-active", "-q", name, env=env)) == (code, [])
        failed = 0 if name == "broken" else 4 if name == "nosuch" else 1
        assert code_and_words(any_services.svctl("is-failed", name, env=env)) == (failed, [word]), name
    assert code_and_words(any_services.svctl("is-active", *names, env=env)) == (0, [word for word, _ in names.values()])


def test_enabled_is_linked_and_nothing_else(services):
    env = {"SVAVAILABLE": services.available}
    services.fake("web", want="d", down="")
    services.world.service("available/off")
    assert code_and_words(services.svctl("is-enabled", "web", env=env)) == (0, ["enabled"])
    assert code_and_words(services.svctl("is-enabled", "off", env=env)) == (1, ["disabled"])
    assert code_and_words(services.svctl("is-enabled", "nosuch", env=env)) == (4, ["unknown"])
    assert "by hand" in services.svctl("list", "web").stdout


def test_the_whole_system_has_a_word(services):
    assert code_and_words(services.svctl("is-system-running")) == (1, ["offline"])
    services.world.start("runsvdir", "-P", services.directory)
    services.make("web")
    wait_until(lambda: services.svctl("is-system-running").stdout == "running\n", "it runs")
    services.make("broken", run="")
    wait_until(lambda: services.svctl("is-system-running").stdout == "degraded\n", "something fails")


@pytest.mark.parametrize("before, after", [(["-t", "2", "stop"], ["web"]), (["--no-wait", "stop"], ["web"]),
                                           (["stop", "-t", "2"], ["web"]), (["--timeout=2", "down", "web"], [])])
def test_options_may_stand_before_the_command(services, before, after):
    services.fake("web", want="d")
    said = services.svctl(*before, *after)
    assert (said.returncode, said.stderr) == (0, ""), said


def test_options_without_a_command_are_those_of_list(services):
    services.fake("web", want="d")
    services.fake("broken")
    assert services.json("--json")["services"][0]["name"] == "broken"
    assert services.svctl("--failed", "-q").stdout == "broken\n"


def test_a_name_may_be_a_path(services):
    directory = services.directory
    (services.available / "web").mkdir()
    (services.available / "web/run").write_text("#!/bin/sh\n")
    (directory / "web").symlink_to(services.available / "web")
    services.fake("db", want="d", log__run="#!/bin/sh\n")

    def named(*words, cwd=directory):
        return services.svctl("list", "-q", *words, cwd=cwd).stdout.split()

    for word in ("./web", "web/", "./web/", directory / "web", services.available / "web", "../services/web", "web.service"):
        assert named(word) == ["web"], word
    assert named("./db/log", "db/log/", directory / "db/log") == ["db/log"]
    assert named("./web", cwd=services.available) == ["web"]
    said = services.svctl("stop", "/etc")
    assert (said.returncode, said.stdout) == (2, "")
    services.world.service("elsewhere/new")
    said = services.svctl("start", services.world.directory / "elsewhere/new")
    assert said.stderr.splitlines()[1] == f"svctl: to make it one: svctl enable {services.world.directory}/elsewhere/new"
    assert services.svctl("enable", services.world.directory / "elsewhere/new").stdout == "new: enabled\n"
    assert os.readlink(directory / "new") == str(services.world.directory / "elsewhere/new")


@pytest.mark.parametrize("words, cure", [
    (["mask", "web"], "type: svctl disable web"),
    (["reload-or-restart", "web"], "type: svctl reload web, if it reads its files at HUP; else: svctl restart web"),
    (["show", "web"], "type: svctl status --json web"),
    (["isolate", "single"], "type: runsvchdir single"),
    (["web", "restart"], "the command comes first: svctl restart web"),
    (["sotp", "web"], "did you mean 'svctl stop web'?"),
    (["tail", "web"], "did you mean 'svctl logs web'?"),
    (["list", "--no-pager"], "svctl starts no pager: leave it out"),
    (["stop", "web", "--no-block"], "svctl's word for it is --no-wait"),
    (["list", "--fialed"], "did you mean --failed? All of them: svctl list --help"),
    (["start"], "name a service, or a pattern for several: svctl start '*'"),
    (["new", "z", "sleep", "-x", "10"], "options of the program stand behind --: svctl new z -- sleep -x 10"),
    (["new", "--no-log", "z", "sleep", "-x", "10"], "options of the program stand behind --: svctl new --no-log z -- sleep -x 10"),
])
def test_what_does_not_work_is_answered_with_what_does(services, words, cure):
    services.fake("web", want="d")
    said = services.svctl(*words)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.splitlines()[1] == f"svctl: {cure}"


def test_daemon_reload_has_nothing_to_do(services):
    said = services.svctl("daemon-reload")
    assert (said.returncode, said.stdout) == (0, "") and "nothing to do" in said.stderr


@pytest.mark.parametrize("words, cause", [
    (["logs", "-n", "x"], "--lines: x is no whole number: 0, 20 and 1000 are"),
    (["logs", "-n", "1e9999"], "--lines: 1e9999 is no whole number: 0, 20 and 1000 are"),
    (["stop", "-t", "inf", "web"], "--timeout: inf is no number: 0, 7 and 0.5 are"),
    (["list", "--sort", "size"], "--sort: size is none of: name, state, since, pid, cpu, memory"),
    (["list", "--columns", "name,size"],
     "--columns: size is none of: name, state, want, pid, since, starts, log, cpu, memory, command"),
    (["--color", "blue", "list"], "--color: blue is none of: auto, always, never"),
    (["logs", "-p", "bad"], "--priority: bad is none of: emerg, alert, crit, err, warning, notice, info, debug"),
    (["--user", "--svdir", "/x", "list"], "--user and --svdir name two directories"),
])
def test_what_is_malformed_is_said_with_what_is_possible(services, words, cause):
    services.fake("web", want="d")
    said = services.svctl(*words)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.splitlines()[0] == f"svctl: {cause}"
    assert len(said.stderr.splitlines()) == 2


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "CETX", "+1", "/etc/passwd", "Europe", ":x y\x1b[31m"])
def test_a_time_zone_that_does_not_exist_is_reported_once_and_times_are_in_utc(services, zone):
    services.make("web", log__run="#!/bin/sh\nexec svlogd ./main\n", log__main__current=f"{STAMP} a\n{STAMP} b\n")
    said = services.svctl("logs", "--since", "2020-01-01", "web", env={"TZ": zone})
    assert said.stdout == "2026-11-22 10:10:40.000 a\n2026-11-22 10:10:40.000 b\n"
    shown = zone.replace("\x1b", "\\x1b")
    assert said.stderr == (f"svctl: TZ={shown} in the environment names no time zone of this machine: times are in UTC\n"
                           "svctl: to have them in the zone of the machine: unset TZ\n")


@pytest.mark.parametrize("zone", ["UTC", "", ":UTC", "UTC0", "<UTC>0", "CET-1", "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"])
def test_a_time_zone_that_exists_is_not_spoken_of(services, zone):
    if "Berlin" in zone and not os.path.exists("/usr/share/zoneinfo/Europe/Berlin"):
        pytest.skip("tzdata is not installed")
    services.make("web", log__run="#!/bin/sh\nexec svlogd ./main\n", log__main__current=f"{STAMP} a\n")
    said = services.svctl("logs", "web", env={"TZ": zone})
    hour = 11 if "Berlin" in zone or zone == "CET-1" else 10
    assert (said.stdout, said.stderr) == (f"2026-11-22 {hour}:10:40.000 a\n", "")


@pytest.mark.parametrize("columns, width", [("40", 40), ("0", 80), ("-1", 80), ("x", 80), ("1e9", 80), ("99999999999999999999", 80), ("", 80)])
def test_a_terminal_without_a_size_has_what_columns_says_else_eighty(services, columns, width):
    services.fake("a-name-that-is-long-enough-to-be-cut", want="d")
    said, code = services.on_a_terminal("list", columns=0, lines=0, env={"COLUMNS": columns})
    assert code == 0 and "COLUMNS" not in said
    same, _ = services.on_a_terminal("list", columns=width, env={"COLUMNS": "7"})
    ages = re.compile(r"\d+s")
    assert ages.sub("", said) == ages.sub("", same)


def test_a_malformed_environment_is_said(services):
    services.fake("web", want="d")
    said = services.svctl("stop", "web", env={"SVWAIT": "x"})
    assert (said.returncode, said.stderr.splitlines()[0]) == (2, "svctl: SVWAIT=x in the environment is no number of seconds")
    said = services.svctl("list", env={"SVDIR": "/no/such/place"})
    assert said.returncode == 4 and "(the variable SVDIR names it)" in said.stderr


def test_a_wrong_svwait_stops_enable_before_it_links(services):
    services.world.service("available/web")
    said = services.svctl("enable", "--available", services.available, "web", env={"SVWAIT": "x"})
    assert said.returncode == 2 and not (services.directory / "web").is_symlink()


def test_help_is_a_command(services):
    assert services.svctl("help").stdout == services.svctl("--help").stdout
    assert services.svctl("help", "stop").stdout == services.svctl("stop", "--help").stdout
    assert services.svctl("help", "down").stdout == services.svctl("stop", "--help").stdout
    assert all(len(line) <= 80 for word in ("", "logs", "list") for line in services.svctl("help", *word.split()).stdout.splitlines())


# -- list ------------------------------------------------------------------------------------------------------------


def test_list_can_choose_sort_and_name_columns(services):
    services.fake("young", pid=os.getpid(), phase=1, age=1)
    services.fake("old", pid=os.getpid(), phase=1, age=900)
    services.fake("idle", want="d")
    services.fake("broken")
    names = lambda *words: services.svctl("list", "-q", *words).stdout.split()  # noqa: E731
    assert names("--failed") == names("--state", "failed") == ["broken"]
    assert names("--state", "run") == names("--state=active") == ["old", "young"]
    assert names("--state", "inactive,failed") == ["broken", "idle"]
    assert names("--sort", "since") == ["young", "broken", "idle", "old"]
    assert names("--sort", "state")[0] == "broken"
    assert names("ou") == ["young"] and names("o") == ["broken", "old", "young"]
    said = services.svctl("list", "--columns", "state,name", "old")
    assert [line.split() for line in said.stdout.splitlines()] == [["STATE", "NAME"], ["run", "old"]]
    assert [one["name"] for one in services.json("list", "--json", "--state", "run")["services"]] == ["old", "young"]


def test_list_available_is_what_is_not_linked(services):
    for name in ("web", "db", "other"):
        services.world.service(f"available/{name}")
    (services.directory / "web").symlink_to(services.available / "web")
    (services.directory / "renamed").symlink_to(services.available / "other")
    env = {"SVAVAILABLE": services.available}
    assert services.svctl("list", "--available", "-q", env=env).stdout == "db\n"
    assert "svctl enable db" in services.svctl("list", "--available", env=env).stdout
    assert services.json("list", "--available", "--json", env=env) == {
        "directory": str(services.available), "available": [{"name": "db", "path": f"{services.available}/db"}]}


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_row_is_wider_than_the_terminal(services, columns):
    services.fake("a-name-of-23-characters", pid=os.getpid(), phase=1)
    services.fake("w", want="d", log__run="#!/bin/sh\n", down="")
    said, _ = services.on_a_terminal("list", "--color=never", columns=columns)
    lines = said.splitlines()
    assert len(lines) == 3 and all(len(line) <= columns for line in lines), lines
    assert "a-name-of-23-characters" in said
    whole, _ = services.on_a_terminal("list", "--color=never", "-l", columns=columns)
    assert "…" not in whole and whole.splitlines()[0].split() == services.svctl("list").stdout.splitlines()[0].split()
    assert "/" in whole.splitlines()[1]  # the command is shown


# -- cat and edit ----------------------------------------------------------------------------------------------------


def test_cat_shows_the_scripts_of_what_is_enabled_or_available(services):
    services.make("web", run="#!/bin/sh\nexec web\n", log__run="#!/bin/sh\nexec svlogd .")
    said = services.svctl("cat", "web")
    base = services.directory / "web"
    assert said.stdout == f"# {base}/run\n#!/bin/sh\nexec web\n\n# {base}/log/run\n#!/bin/sh\nexec svlogd .\n"
    services.world.service("available/off", "#!/bin/sh\nexec off\n")
    assert "exec off" in services.svctl("cat", "off", env={"SVAVAILABLE": services.available}).stdout
    (base / "finish").write_bytes(b"\x7fELF\0\0\0")
    os.mkfifo(base / "check")
    said = services.svctl("cat", "web", timeout=30)
    assert "# (a program, not a script)" in said.stdout and f"{base}/check" in said.stderr and said.returncode == 1
    assert services.svctl("cat", "nosuch").returncode == 4


def editor(services, script):
    path = services.world.directory / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"VISUAL": str(path), "SVAVAILABLE": str(services.available)}


def test_edit_replaces_the_script_in_one_step_and_says_what_is_next(services):
    run = services.make("web", run="#!/bin/sh\nexec web\n") / "run"
    run.chmod(0o750)
    before = run.stat().st_ino
    said = services.svctl("edit", "web", env=editor(services, "sed -i s/web/sleep/ \"$1\""))
    assert said.stdout == f"{run}: changed; it counts from the next start: svctl restart web\n" and said.returncode == 0
    assert run.read_text() == "#!/bin/sh\nexec sleep\n"
    assert run.stat().st_mode & 0o777 == 0o750 and run.stat().st_ino != before
    assert sorted(path.name for path in run.parent.iterdir()) == ["run"]


def test_edit_leaves_alone_what_was_not_changed_or_could_not_be(services):
    run = services.make("web", run="#!/bin/sh\nexec web\n") / "run"
    assert services.svctl("edit", "web", env=editor(services, "true")).stdout == f"{run}: left as it is\n"
    said = services.svctl("edit", "web", env=editor(services, "echo >>\"$1\"; false"))
    assert said.returncode == 1 and "the editor has failed" in said.stderr
    assert run.read_text() == "#!/bin/sh\nexec web\n"
    said = services.svctl("edit", "web", env=editor(services, f"echo mine >>\"$1\"; echo yours >>{run}"))
    assert said.returncode == 1 and "something else has changed it meanwhile" in said.stderr
    assert "mine" in open(said.stderr.splitlines()[1].removeprefix("svctl: what you have written is in ")).read()
    assert run.read_text().endswith("yours\n")


def test_edit_follows_no_link_and_names_sudoedit_to_whom_it_refuses(services):
    target = services.world.directory / "target"
    target.write_text("#!/bin/sh\n")
    (services.make("web") / "run").unlink()
    (services.directory / "web/run").symlink_to(target)
    said = services.svctl("edit", "web", env=editor(services, "echo x >>\"$1\""))
    assert (said.returncode, said.stderr.splitlines()[1]) == (1, f"svctl: edit what it leads to: sudoedit {target}")
    if os.geteuid() != 0:
        return
    services.make("db")
    services.world.directory.chmod(0o755)
    said = services.svctl("edit", "db", user=65534, group=65534, extra_groups=[])
    assert (said.returncode, said.stderr.splitlines()[1]) == (5, f"svctl: edit it as root: sudoedit {services.directory}/db/run")


# -- the user's own --------------------------------------------------------------------------------------------------


def test_user_is_the_directory_of_the_runsvdir_that_runs(services):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    home = services.world.directory / "home"
    for path in (home / "mine/notes", home / "sv/other", home / "service"):
        path.mkdir(parents=True)
    for path in (home / "mine/notes/run", home / "sv/other/run"):
        path.write_text("#!/bin/sh\nexec sleep 1000\n")
        path.chmod(0o755)
    services.world.directory.chmod(0o755)
    uid = 64_000 + os.getpid() % 1000  # of no other process
    subprocess.run(["chown", "-R", str(uid), home], check=True)
    person = dict(user=uid, group=uid, extra_groups=[], env={"HOME": home, "SVAVAILABLE": ""})
    assert services.svctl("--user", "list", "-q", **person).stdout == ""  # ~/service
    services.world.start("runsvdir", "-P", home / "mine", user=uid, group=uid, extra_groups=[])
    wait_until(lambda: services.svctl("--user", "is-active", "notes", **person).stdout == "active\n", "it runs")
    assert services.svctl("--user", "list", "--available", "-q", **person).stdout == "other\n"
    said = services.svctl("--user", "enable", "other", **person)
    assert said.stdout.startswith("other: enabled\n") and os.readlink(home / "mine/other") == str(home / "sv/other")


# -- for whom supervise/ is closed -----------------------------------------------------------------------------------


def test_processes_show_what_supervise_does_not(any_services):
    """State, process and time of a service whose supervise/ is closed; the wanted state is unknown."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    services = any_services
    services.world.directory.chmod(0o755)
    services.make("web", log__run="#!/bin/sh\nexec svlogd ./main\n")
    (services.directory / "web/log/main").mkdir()
    services.make("idle", down="")
    services.world.start(services.suite.path("runsvdir"), "-P", services.directory,
                         env={**os.environ, "PATH": f"{os.path.dirname(services.suite.path('runsv'))}:{os.environ['PATH']}"})
    wait_until(lambda: (services.directory / "web/log/supervise/status").exists(), "it is supervised")
    wait_until(lambda: (services.directory / "idle/supervise/status").exists(), "the other, too")
    services.until_status("web", now="run")
    services.until_status("web/log", now="run")
    nobody = dict(user=65534, group=65534, extra_groups=[])
    for name in ("web", "idle"):
        (services.directory / name / "supervise").chmod(0o700)
    pid = pid_of(services.directory / "web")
    wait_until(lambda: "sleep" in services.svctl("list", "web", **nobody).stdout, "./run has become sleep")
    said = services.svctl("list", "--columns", "name,state,want,pid,log", **nobody)
    assert [line.split() for line in said.stdout.splitlines()[1:]] == [
        ["idle", "down", "?", "-", "-"], ["web", "run", "?", str(pid), "run"]]
    assert said.returncode == 5
    assert said.stderr == ("svctl: 2 services do not show all to this user: what cannot be read is ?\n"
                           f"svctl: see all of it as root: sudo svctl --svdir {services.directory} list --columns name,state,want,pid,log\n")
    assert "RSS" in services.svctl("list", **nobody).stdout and "PSS" in services.svctl("list").stdout
    assert services.svctl("is-active", "web", **nobody).stdout == "active\n"


# -- first guesses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["-9"], ["-KILL"], ["-SIGKILL"], ["-s", "9"], ["-s", "KILL"], ["--signal=SIGKILL"]])
def test_kill_takes_a_signal_as_kill_does(services, words):
    services.running("web")
    before = pid_of(services.directory / "web")
    said = services.svctl("kill", *words, "web")
    assert (said.returncode, said.stdout) == (0, "web: sent KILL\n"), said
    wait_until(lambda: pid_of(services.directory / "web") not in (0, before), "it has been killed, and started again")


@pytest.mark.parametrize("since", ["5 min ago", "-5m", "2 hours ago", "1 day ago"])
def test_since_takes_the_words_of_journalctl(services, since):
    stamp = f"@{2**62 + 10 + int(time.time()) - 10:016x}00000000"
    services.make("web", log__run="#!/bin/sh\nexec svlogd ./main\n", log__main__current=f"{STAMP} old\n{stamp} new\n")
    said = services.svctl("logs", "--since", since, "-o", "cat", "web")
    assert said.stdout.endswith("new\n") and said.stderr == "", said


@pytest.mark.parametrize("words, cure", [
    (["show", "web", "-p", "MainPID"], "type: svctl status --json web"),
    (["reload-or-restart", "--no-block", "web"], "type: svctl reload web, if it reads its files at HUP; else: svctl restart web"),
    (["journalctl", "-u", "web", "-n", "5"], "did you mean 'svctl logs -u web -n 5'?"),
    (["web"], "for a service of that name: svctl status web; for the commands: svctl --help"),
    (["pid", "web"], "did you mean 'svctl status web'?"),
    (["restart", "--all"], "name a service, or a pattern for several: svctl restart '*'"),
    (["status", "--all"], "all of them are a pattern: '*'"),
    (["stop", "--now", "web"], "it is done at once, and counts until the next boot: leave it out"),
    (["logs", "web", "--tail", "2"], "svctl's word for it is --lines"),
])
def test_a_guess_is_answered_with_a_command_that_works(services, words, cure):
    services.fake("web", want="d")
    said = services.svctl(*words)
    assert said.returncode == 2 and said.stderr.splitlines()[-1] == f"svctl: {cure}", said


def test_enable_speaks_of_what_can_be_enabled(services):
    told = {"SVAVAILABLE": services.available}
    for word, cause in (("nothing", f"'nothing': no such service in {services.available}"),
                        ("/etc/sv/nothing/at/all", "'/etc/sv/nothing/at/all': no such directory"), ("./x", "'./x': no such directory")):
        said = services.svctl("enable", word, env=told)
        assert said.returncode == 4
        assert said.stderr.splitlines() == [f"svctl: {cause}", "svctl: see what there is: svctl list --available"]
    said = services.svctl("enable", "--available", services.available, "nothing")
    assert said.stderr.splitlines()[1] == f"svctl: see what there is: ls {services.available}"


@pytest.mark.parametrize("words, line", [([], "no line has been written yet"), (["--grep", "x"], "no line matches"),
                                         (["-n", "3"], "no line has been written yet")])
def test_a_person_is_told_that_there_are_no_lines(services, words, line):
    services.make("web", log__run="#!/bin/sh\nexec svlogd ./main\n", log__main__current="")
    assert services.on_a_terminal("logs", *words, "web") == (f"svctl: {line}\n", 0)
    assert services.svctl("logs", *words, "web").stderr == ""
