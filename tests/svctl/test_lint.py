"""svctl lint: every rule finds what it is about, and nothing where all is well."""

import json
import os
import shutil
import subprocess

import jsonschema
import pytest

from harness import wait_until

GOOD = "#!/bin/sh\nexec 2>&1\nexec sleep 1000\n"
LOG = "#!/bin/sh\nexec svlogd -tt ./main\n"

SCHEMA = {
    "type": "object",
    "properties": {
        **{key: {"type": "integer", "minimum": 0} for key in ("directories", "errors", "warnings", "notes")},
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "severity": {"enum": ["error", "warning", "note"]},
                    "rule": {"type": "string", "pattern": "^[a-z-]+$"},
                    "path": {"type": "string"},
                    "line": {"type": ["integer", "null"], "minimum": 1},
                    "what": {"type": "string", "pattern": "[^.]$"},
                    "cure": {"type": "string", "minLength": 1},
                },
                "required": ["severity", "rule", "path", "line", "what", "cure"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["directories", "errors", "warnings", "notes", "findings"],
    "additionalProperties": False,
}


def lint(services, *arguments):
    said = services.svctl("lint", "--json", *arguments)
    assert said.stderr == "", said.stderr
    found = json.loads(said.stdout)
    jsonschema.validate(found, SCHEMA)
    assert said.returncode == (1 if found["errors"] + found["warnings"] else 0)
    return found["findings"]


def rows(services, *arguments):
    """severity rule file:line"""
    return [f"{one['severity']} {one['rule']} {os.path.relpath(one['path'], services.directory)}"
            + (f":{one['line']}" if one["line"] else "") for one in lint(services, *arguments)]


def test_what_is_well_is_not_complained_about(services):
    services.make("plain")
    services.make("full", GOOD, log__run=LOG, finish="#!/bin/sh\necho $1\n", check="#!/bin/sh\nexec true\n",
                  control__t="#!/bin/sh\nexit 1\n", env__KEY="value\n", README="words\n", data__x="", control__d=GOOD,
                  essential="", conf="A=1\n")
    (services.directory / "full/log/main").mkdir()
    services.make("binary", None)
    shutil.copy("/bin/true", services.directory / "binary/run")
    services.make("python", "#!/usr/bin/env python3\nimport time\n")
    said = services.svctl("lint")
    assert (said.stdout, said.stderr, said.returncode) == ("", "", 0)


RUN = [
    ("no-interpreter-line", "error", 1, "exec sleep 1\n"),
    ("no-interpreter-line", "error", 1, "\ufeff#!/bin/sh\nexec 2>&1\nexec sleep 1\n"),
    ("no-interpreter", "error", 1, "#!/bin/nosuchshell\nexec sleep 1\n"),
    ("no-interpreter", "error", 1, "#!/usr/bin/env nosuchshell\n"),
    ("no-interpreter", "error", 1, "#!/etc/passwd\n"),
    ("no-interpreter", "error", 1, "#!\n"),
    ("crlf", "error", 3, "#!/bin/sh\nexec 2>&1\nexec sleep 1\r\n"),
    ("empty", "error", None, ""),
    ("no-command", "error", None, "#!/bin/sh\nexec 2>&1\n# nothing\n"),
    ("no-exec", "warning", 3, "#!/bin/sh\nexec 2>&1\nsleep 1000\n"),
    ("no-exec", "warning", 4, "#!/bin/bash\nexec 2>&1\nif true; then\nsleep 1000\nfi\n"),
    ("background", "error", 3, "#!/bin/sh\nexec 2>&1\nsleep 1000 &\n"),
    ("daemonises", "error", 3, "#!/bin/sh\nexec 2>&1\nexec cron\n"),
    ("stderr-lost", "warning", 2, "#!/bin/sh\nexec sleep 1000\n"),
    ("not-installed", "warning", 3, "#!/bin/sh\nexec 2>&1\nexec nosuchprogram -f\n"),
    ("not-installed", "warning", 3, "#!/bin/sh\nexec 2>&1\nexec ./nosuchprogram -f\n"),
    ("no-user", "error", 3, "#!/bin/sh\nexec 2>&1\nexec chpst -u nosuchuser sleep 1000\n"),
    ("no-user", "error", 3, "#!/bin/sh\nexec 2>&1\nexec setuidgid nosuchuser sleep 1000\n"),
]


@pytest.mark.parametrize("rule, severity, line, text", RUN)
def test_a_run_with_one_fault(services, rule, severity, line, text):
    directory = services.make("web", text, log__run=LOG)
    (directory / "run").chmod(0o755)
    (directory / "log/main").mkdir()
    assert rows(services, directory) == [f"{severity} {rule} web/run" + (f":{line}" if line else "")]


@pytest.mark.parametrize("text", [
    "exec 2>&1\ntrap 'kill $child' TERM\nsleep 1000 &\nchild=$!\nwait\n",
    "exec sleep 1000 2>&1\n", "exec sleep 1000 &>log\n", "exec 2>/dev/null\nexec sleep 1000\n",
    "exec 2>&1\ncd /opt\nexec ./server\n", "exec 2>&1\nPATH=/opt:$PATH\nexec server\n",
    "exec 2>&1\nexec $PROGRAM\n", "exec 2>&1\n[ -e /x ] || exit 1\nexec chpst -u :1000:1000 sleep 1\n"])
def test_a_run_that_knows_what_it_does(services, text):
    directory = services.make("web", "#!/bin/sh\n" + text, log__run=LOG)
    (directory / "log/main").mkdir()
    assert rows(services, directory) == []


@pytest.mark.parametrize("text", [
    # What the shell does itself, or has to stay for.
    "exit 1\n", "kill -SEGV $$\n", "echo done\n", "wait\n", "sleep 9 &\nwait $!\n", "read line\n", "[ -e x ]\n", ":\n",
    "trap 'rm x' EXIT\nsleep 1000\n", "sleep 1000 &\ntrap 'kill $!' TERM\nwait\n", "eval $COMMAND\n", ". ./really-run\n",
    # What exec would change, or cannot stand before.
    "while :; do sleep 5; done\n", "until sleep 5; do :; done\n", "for i in 1 2; do sleep $i; done\n", "sleep 9 | cat\n",
    "exec 3>&1; (sleep 9; sleep 10)\n", "! sleep 9\n", "f() { echo x; }\nf\n", "exec sleep 9 || exit 1\n",
    "[ -x /bin/sleep ] && exec sleep 9\nexit 1\n", "if true; then exec sleep 9; else exec sleep 10; fi\n",
    "case $x in a) exec sleep 1;; *) exec sleep 2;; esac\n", "$PROGRAM -f\n", "${PROGRAM} -f\n", "`which sleep` 9\n",
    ". ./functions\nstart_the_service\n", "set -e\nexec sleep 9\n", "exec sleep 9 <<END\nx\nEND\n", "A=1 exec sleep 9\n",
    "sleep 1\nrm -f down\n", "sv start x || exit 1\nexec sleep 9\n", "f() { exec sleep 9; }\nf\n", "exec sleep 9; rm x\n"])
def test_exec_is_not_asked_for_where_it_cannot_stand(services, text):
    services.make("web", "#!/bin/sh\n" + text)
    assert not [row for row in rows(services, "web") if "no-exec" in row or "background" in row]


@pytest.mark.parametrize("text, line, program", [
    ("A=1 sleep 9\n", 2, "sleep"), ("[ -e /x ] || sleep 9\n", 2, "sleep"), ("sleep 9 || exit 1\n", 2, "sleep"),
    ("cd / && sleep 9\n", 2, "sleep"), ("if true; then\nsleep 9\nelse\nexec sleep 10\nfi\n", 3, "sleep"),
    ("f() {\nsleep 9\n}\nf\n", 3, "sleep"), ("sleep 9 <<END\nx\nEND\n", 2, "sleep"), ("{ sleep 9; } 2>&1\n", 2, "sleep"),
    ("sleep 9; exit\n", 2, "sleep"), ("chpst -b x sleep 9\n", 2, "chpst"), (". ./functions\n/bin/sleep 9\n", 3, "/bin/sleep"),
    ("[ -r ./conf ] && . ./conf\nnew-program $OPTS\n", 3, "new-program"), (". /etc/default/x\nnew-program\n", 3, "new-program"),
    ("set -e\nsleep 9\n", 3, "sleep"), ("nice sleep 9 &\nsleep 10\n", 3, "sleep")])
def test_exec_is_asked_for_where_it_can(services, text, line, program):
    services.make("web", "#!/bin/sh\n" + text)
    found = [one for one in lint(services, services.directory / "web") if one["rule"] == "no-exec"]
    assert [(one["line"], one["cure"]) for one in found] == [(line, f"put exec before {program}")]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_what_only_this_user_may_not_do_is_no_fault_of_the_service(services):
    """The user nobody runs lint on services of root: one whose log is for root alone, one that is closed, one with a private program."""
    base = services.directory
    services.world.directory.chmod(0o755)
    (services.make("web", GOOD, log__run=LOG) / "log/main").mkdir(mode=0o700)
    (services.make("closed", GOOD, log__run=LOG) / "log/main").mkdir()
    (base / "closed/log").chmod(0o700)
    hidden = services.world.directory / "private"
    services.world.write("private/program", GOOD)
    services.world.write("private/log/x", "")
    services.make("private", f"#!/bin/sh\nexec 2>&1\nexec {hidden}/program\n", log__run=f"#!/bin/sh\nexec svlogd {hidden}/log\n")
    hidden.chmod(0o700)
    services.make("closed-as-a-whole", "#!/bin/sh\nexec cron\n").chmod(0o700)
    (services.make("supervised", GOOD) / "supervise").mkdir(mode=0o700)
    said = services.svctl("lint", "--json", user=65534, group=65534, extra_groups=[])
    found = [(one["severity"], one["rule"], os.path.relpath(one["path"], base)) for one in json.loads(said.stdout)["findings"]]
    assert found == [("note", "unreadable", "closed/log/run"), ("note", "unreadable", "closed-as-a-whole/run")] or found == [
        ("note", "unreadable", "closed-as-a-whole/run"), ("note", "unreadable", "closed/log/run")]
    assert said.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_a_program_behind_busybox_is_not_looked_for_in_path(services):
    services.make("web", "#!/bin/sh\nexec 2>&1\nexec busybox nosuchprogram -f -p 8080\n")
    assert not [row for row in rows(services, "web") if "not-installed" in row]


def test_a_log_of_another_user_than_runsv_is_a_fault_whoever_looks(services):
    """runsv runs as the owner of supervise/."""
    directory = services.make("web", GOOD, log__run=LOG)
    (directory / "log/main").mkdir(mode=0o755)
    (directory / "supervise").mkdir()
    os.chown(directory / "supervise", 65534, 65534)
    assert rows(services, "web") == ["error log-directory web/log/main"]
    os.chown(directory / "log/main", 65534, 65534)
    assert rows(services, "web") == []


def test_two_svlogd_that_share_a_directory(services):
    """By whatever path; all services of the tree count, a service under two names is one."""
    base = services.directory
    shared = services.world.directory / "shared"
    shared.mkdir()
    (services.world.directory / "link").symlink_to(shared)
    for name, place in [("a", shared), ("b", services.world.directory / "link"), ("c", "./main")]:
        services.make(name, GOOD, log__run=f"#!/bin/sh\nexec svlogd -tt {place}\n")
    (base / "c/log/main").mkdir()
    (base / "also-a").symlink_to("a")
    assert rows(services) == ["error log-shared a/log/run", "error log-shared b/log/run"]
    assert [one["what"] for one in lint(services, "b")] == [
        f"svlogd is to log to {services.world.directory}/link, and that of {base}/a logs there, too: only one of them can"]
    assert rows(services, "c") == []


def test_invoke_run_of_debian_is_a_shell(services):
    services.make("web", "#!/usr/bin/env /lib/runit/invoke-run\nexec cron\n")
    assert "error daemonises web/run:2" in rows(services, "web")


def test_a_fifo_does_not_hold_it_up(services):
    directory = services.make("web", GOOD, down="")
    (directory / "supervise").mkdir()
    os.mkfifo(directory / "supervise/status")
    os.mkfifo(directory / "finish")
    assert rows(services, "web") == ["error not-a-file web/finish", "note down web/down"]


@pytest.mark.parametrize("line, severity, cure", [
    ("nginx", "warning", "exec nginx -g 'daemon off;'"), ("nginx -g 'daemon off;'", None, None),
    ("/usr/sbin/sshd", "error", "add -D"), ("/usr/sbin/sshd -De", None, None),
    ("redis-server --daemonize yes", "error", "leave out --daemonize yes"), ("redis-server x.conf", None, None),
    ("pg_ctl start", "error", "start the server itself: exec postgres -D DIRECTORY"), ("postgres -D /x", None, None),
    ("php-fpm8.2", "warning", "add -F"), ("php-fpm8.2 --nodaemonize", None, None),
    ("apache2 -DFOREGROUND", None, None), ("apache2 -k start", "error", "add -DFOREGROUND"),
    ("chpst -u root memcached -d", "error", "leave out -d"), ("rsyslogd $OPTIONS", "note", "add -n"),
    ("rsync --daemon", "error", "add --no-detach"), ("rsync --daemon --no-detach", None, None), ("rsync a b", None, None),
    ("/etc/init.d/web start", "error", "start the program that it starts, in the foreground"),
    ("service web start", "error", "start the program itself, with the option that keeps it in the foreground")])
def test_programs_that_go_into_the_background(services, line, severity, cure):
    services.make("web", f"#!/bin/sh\nexec {line}\n")
    found = [one for one in lint(services, services.directory / "web") if one["rule"] == "daemonises"]
    assert [(one["severity"], one["cure"]) for one in found] == ([(severity, cure)] if severity else [])


def test_other_files(services):
    base = services.directory
    services.make("web", GOOD, finish="#!/bin/sh\n", check="#!/bin/sh\n", control__t="#!/bin/sh\n", control__o="#!/bin/sh\n",
                  control__term="#!/bin/sh\n", control__kill="", control__z="", finsh="")
    for name in ("run", "finish", "check", "control/t"):
        (base / "web" / name).chmod(0o644)
    assert sorted(rows(services, base / "web")) == [
        "error not-executable web/check", "error not-executable web/finish", "error not-executable web/run",
        "warning not-executable web/control/t", "warning unknown-control web/control/kill",
        "warning unknown-control web/control/o", "warning unknown-control web/control/term",
        "warning unknown-control web/control/z"]
    cures = {one["path"].split("/")[-1]: one["cure"] for one in lint(services, base / "web")}
    assert cures["term"] == f"did you mean control/t? mv {base}/web/control/term {base}/web/control/t"
    assert cures["o"] == f"did you mean control/u? mv {base}/web/control/o {base}/web/control/u"
    assert cures["z"] == "name it after a command of runsv(8): one of u d x t k p c h a i q 1 2"
    assert cures["run"] == f"make it so: chmod +x {base}/web/run"


@pytest.mark.parametrize("name, known", [
    ("runn", "run"), ("run.sh", "run"), ("Run", "run"), ("finsih", "finish"), ("chekc", "check"), ("dwon", "down"),
    ("logs", "log"), ("controls", "control"), ("supervice", "supervise"), ("esential", "essential"),
    ("timeout_kill", "timeout-kill"), ("timeout-finsh", "timeout-finish"), ("downsignal", "down-signal"),
    ("reload-signals", "reload-signal"), ("contains", "contain")])
def test_a_name_that_is_nearly_right(services, name, known):
    services.make("web", None if known == "run" else "#!/bin/sh\nexec sleep 1\n", **{name: ""})
    found = [one for one in lint(services, "web") if one["rule"] == "unknown-name"]
    assert [(os.path.basename(one["path"]), one["cure"]) for one in found] == [
        (name, f"did you mean {known}? mv {services.directory}/web/{name} {services.directory}/web/{known}")]


@pytest.mark.parametrize("name", ["run~", "run.bak", "run.dpkg-old", "env", "root", "conf", "data", "README", ".git", "runs"])
def test_other_names_are_nobodys_business(services, name):
    services.make("web", "#!/bin/sh\nexec sleep 1\n", **{name: ""})
    assert rows(services, "web") == []


@pytest.mark.parametrize("name, good, bad, cure", [
    ("down-signal", ["QUIT\n", " SIGINT \nmore\n", "3"], ["", "quit now\n", "SIGNOTHING\n"], "name one: echo TERM >"),
    ("reload-signal", ["USR2\n"], ["USR3\n"], "name one: echo HUP >"),
    ("timeout-kill", ["1500\n", "500ms\n", "10s", "2m\n", "1h\n"], ["10 s\n", "1.5s\n", "\n", "-1\n", "for ever\n"],
     "write a number and one of ms, s, m, h: echo 10s >"),
    ("timeout-finish", ["5s\n"], ["5sec\n"], "write a number and one of ms, s, m, h: echo 10s >"),
    ("contain", ["", "anything\n"], [], "")])
def test_the_value_of_a_file(services, name, good, bad, cure):
    file = services.make("web", "#!/bin/sh\nexec sleep 1\n") / name
    for value in good:
        file.write_text(value)
        assert lint(services, "web") == [], value
    for value in bad:
        file.write_text(value)
        [found] = lint(services, "web")
        assert (found["severity"], found["rule"], found["path"]) == ("warning", "malformed-value", str(file)), value
        assert found["what"].startswith(f"'{value.strip()}' in {name} is no ") and found["cure"] == f"{cure}{file}"


def test_a_value_that_cannot_be_read(services):
    directory = services.make("web", "#!/bin/sh\nexec sleep 1\n")
    (directory / "timeout-kill").mkdir()
    (directory / "down-signal").symlink_to("/nowhere")
    os.mkfifo(directory / "reload-signal")
    assert rows(services, "web") == [f"warning malformed-value web/{name}"
                                     for name in ("down-signal", "reload-signal", "timeout-kill")]


def test_there_is_no_run(services):
    services.make("web", None, x="")
    services.make("link", None, x="")
    (services.directory / "link/run").symlink_to("/nowhere")
    services.make("directory", None, run__x="")
    services.make("log", "#!/bin/sh\nexec sleep 1 2>&1\n", log__x="")
    services.make("file", "#!/bin/sh\nexec sleep 1\n", log="")
    assert rows(services) == [
        "error not-a-file directory/run", "error log-no-directory file/log", "error missing link/run",
        "error missing log/log/run", "error missing web/run"]
    assert rows(services, services.directory / "nothing") == ["error no-directory nothing"]
    assert rows(services, "/etc/passwd")[0].startswith("error no-directory")


def test_anyone_may_change_it(services):
    services.make("web", GOOD)
    (services.directory / "web/run").chmod(0o777)
    assert rows(services, "web") == ["error writable-by-all web/run"]


def test_the_directory_of_the_log(services):
    base = services.directory
    missing = services.make("missing", GOOD, log__run="#!/bin/sh\nexec chpst -u nobody svlogd -tt ./main\n")
    made = services.make("made", GOOD, log__run="#!/bin/sh\nmkdir -p ./main\nexec svlogd -tt ./main\n")
    file = services.make("file", GOOD, log__run=LOG, log__main="")
    variable = services.make("variable", GOOD, log__run="#!/bin/sh\nexec svlogd -tt $HERE\n")
    assert rows(services) == ["error log-directory file/log/main", "error log-directory missing/log/main"]
    assert lint(services, missing)[0]["cure"] == f"make it: mkdir -p {base}/missing/log/main && chown nobody {base}/missing/log/main"
    assert (lint(services, made), lint(services, variable)) == ([], []) and file


def test_who_may_write_to_the_log(services):
    place = services.make("web", GOOD, log__run="#!/bin/sh\nexec chpst -u nobody svlogd -tt ./main\n") / "log/main"
    place.mkdir(mode=0o755)
    assert rows(services, "web") == ["error log-directory web/log/main"]
    assert "where nobody may not write" in lint(services, "web")[0]["what"]
    place.chmod(0o777)
    assert rows(services, "web") == []
    place.chmod(0o770)
    shutil.chown(place, "root", "nogroup")
    assert rows(services, "web") == []
    (services.directory / "web/log/run").write_text("#!/bin/sh\nexec chpst -u nobody:daemon svlogd -tt ./main\n")
    assert rows(services, "web") == ["error log-directory web/log/main"], "the groups that are named, and no others"
    shutil.chown(place, "nobody", "root")
    assert rows(services, "web") == []


def test_a_log_service_has_no_finish(services):
    services.make("web", GOOD, log__run=LOG, log__finish=GOOD, log__main__config="")
    assert rows(services, "web") == ["warning unused web/log/finish"]


def test_supervise_that_leads_nowhere(services):
    directory = services.make("web", GOOD)
    (directory / "supervise").symlink_to("/nowhere/at/all")
    assert rows(services, "web") == ["warning supervise-nowhere web/supervise"]
    (directory / "supervise").unlink()
    (directory / "supervise").symlink_to(services.world.directory / "made-by-runsv")
    assert rows(services, "web") == []


def test_a_read_only_file_system(services):
    """In a mount namespace of its own."""
    directory = services.make("web", GOOD, log__run=LOG)
    (directory / "log/main").mkdir()
    script = f"mount --bind {directory} {directory} && mount -o remount,ro,bind {directory} && exec \"$@\""
    said = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh",
         services.suite.path("svctl"), "lint", "--json", directory], capture_output=True, text=True,
        env=services.suite.environment(SVDIR=services.directory))
    if "unshare" in said.stderr or "mount" in said.stderr:
        pytest.skip(said.stderr)
    found = json.loads(said.stdout)["findings"]
    assert [(one["rule"], os.path.relpath(one["path"], directory)) for one in found] == [
        ("log-directory", "log/main"), ("supervise-read-only", "supervise"), ("supervise-read-only", "log/supervise")]
    assert found[1]["cure"] == f"link supervise to a place that can be written to, where the directory is made: ln -s /run/runit/supervise.web {directory}/supervise"


def test_a_file_down_is_noted_and_a_forgotten_one_warned_of(services):
    services.make("later", "#!/bin/sh\nexec sleep 1\n", down="")
    assert rows(services, "later") == ["note down later/down"]
    services.running("web")
    (services.directory / "web/down").touch()
    assert rows(services, "web") == ["warning forgotten-down web/down"]
    services.world.sv("down", "web", env=services.suite.environment(SVDIR=services.directory))
    wait_until(lambda: rows(services, "web") == ["note down web/down"], "it is down")


def test_what_it_says_to_a_person(services):
    base = services.directory
    services.make("a b", "#!/bin/sh\nexec cron\n", down="")
    said = services.svctl("lint")
    assert said.stdout.splitlines() == [
        f"{base}/a b/run:2: error: cron goes into the background: runsv sees it end, and starts another [daemonises]",
        "    cure: add -f",
        f"{base}/a b/down: note: the service is not started by itself [down]",
        f"    cure: if it is to be: rm '{base}/a b/down'",
        "1 service: 1 error, 0 warnings, 1 note"]
    assert (said.stderr, said.returncode) == ("", 1)


def test_a_word_is_a_directory_or_a_service(services):
    services.make("web", "#!/bin/sh\nexec cron\n")
    here = services.world.directory / "here"
    services.world.service("here/web", "#!/bin/sh\nexec sleep 1\n")
    assert services.svctl("lint", "web").returncode == 1
    assert services.svctl("lint", "web", cwd=here).returncode == 0
    assert services.svctl("lint", f"{services.directory}/web/").stdout.startswith(f"{services.directory}/web/run:2")
