"""svctl new: what it writes is clean, runs under any runsv, and says every word as it was said."""

import os
import stat

import pytest

import harness
from harness import wait_until

WORDS = ["plain", "two words", "it's", "$HOME", "`id`", "a\\b", "new\nline", "*", "~", "#", ";", '"', "", "-n", "ünï"]


def new(services, *arguments, **options):
    return services.svctl("new", "--available", services.available, *arguments, **options)


def lint(services, name):
    said = services.svctl("lint", services.available / name)
    assert (said.stdout, said.returncode) == ("", 0)


def supervise(services, name):
    """Starts a runsv on what was written, in the tree of services."""
    (services.directory / name).symlink_to(services.available / name)
    services.world.start(services.suite.path("runsv"), name, cwd=services.directory)
    services_dir = services.directory / name
    wait_until(lambda: (services_dir / "supervise/status").exists(), "runsv is there")


def test_everything_that_it_can_write(any_services):
    """… is supervised by ours and by runit's, and what the service says is in its log."""
    services = any_services
    script = 'printf "<%s>" "$@"; echo; echo "$A|$B|$(id -un)" >&2; exec sleep 1000'
    said = new(services, "web", "--env", "A=a b  c", "--env", "B=x\ny'$z", "--run-as", "nobody", "--check", "test -e ready",
               "--finish", "--", "sh", "-c", script, "sh", *WORDS)
    assert (said.stdout, said.stderr, said.returncode) == (
        f"{services.available}/web is written; start it with: svctl enable --available {services.available} web\n", "", 0)
    lint(services, "web")
    assert sorted(str(p.relative_to(services.available)) for p in services.available.rglob("*") if p.is_file()) == [
        "web/check", "web/env/A", "web/env/B", "web/finish", "web/log/main/config", "web/log/run", "web/run"]
    if os.geteuid() != 0:
        return
    for place in (services.world.directory, services.available):
        place.chmod(0o755)
    supervise(services, "web")
    expected = "".join(f"<{word}>" for word in WORDS) + "\na b  c|x\ny'$z|nobody\n"

    def has_said():
        return "".join(line.split(" ", 2)[2] if line[:2] == "20" else line
                       for line in services.svctl("logs", "web").stdout.splitlines(True)) == expected

    wait_until(has_said, "all of it")
    services.world.run(services.suite.path("sv"), "down", "web", argv0="sv",
                       env=services.suite.environment(SVDIR=services.directory))
    wait_until(lambda: "ended: exit code -1, wait status 15" in services.svctl("logs", "web").stdout, "finish has spoken")


def test_a_plain_one(services):
    assert new(services, "web", "--", "sleep", "1000").returncode == 0
    lint(services, "web")
    directory = services.available / "web"
    lines = (directory / "run").read_text().splitlines()
    assert lines[0] == "#!/bin/sh" and lines[-1] == "exec sleep 1000" and "exec 2>&1" in lines
    assert (directory / "log/run").read_text().endswith("\nexec svlogd -tt ./main\n")
    modes = {name: stat.S_IMODE((directory / name).stat().st_mode) for name in ("", "run", "log/run", "log/main")}
    assert modes == {"": 0o755, "run": 0o755, "log/run": 0o755, "log/main": 0o750}
    assert not (directory / "down").exists() and not (directory / "finish").exists()


def test_modes_do_not_depend_on_the_umask(services):
    assert new(services, "web", "--env", "A=secret", "--", "sleep", "1000", preexec_fn=lambda: os.umask(0o777)).returncode == 0
    mode = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (services.available / "web").rglob("*")}
    assert mode["run"] == 0o755 and mode["env"] == 0o700 and mode["A"] == 0o600 and mode["config"] == 0o644


def test_without_a_log_and_down(services):
    assert new(services, "web", "--no-log", "--down", "--", "sleep", "1000").returncode == 0
    assert sorted(os.listdir(services.available / "web")) == ["down", "run"]
    assert "2>&1" not in (services.available / "web/run").read_text()


def test_a_log_elsewhere_is_made(services):
    place = services.world.directory / "logs of web"
    assert new(services, "web", "--log", place, "--", "sleep", "1000").returncode == 0
    assert place.is_dir() and stat.S_IMODE(place.stat().st_mode) == 0o750
    assert (services.available / "web/log/run").read_text().endswith(f"exec svlogd -tt '{place}'\n")
    lint(services, "web")
    # One that is there is used as it is; one that cannot be made is an error, and nothing is left.
    assert new(services, "other", "--log", place, "--", "sleep", "1000").returncode == 0
    said = new(services, "third", "--log", "/nowhere/at/all", "--", "sleep", "1000")
    assert (said.returncode, said.stderr) == (4, "svctl: /nowhere/at/all: unable to make: file does not exist\n")
    assert sorted(os.listdir(services.available)) == ["other", "web"]


@pytest.mark.parametrize("there", ["directory", "file", "link", "empty directory"])
def test_what_is_there_is_left_alone(services, there):
    place = services.available / "web"
    if there == "directory":
        harness.World.write(services.world, place / "run", "mine")
    elif there == "file":
        place.write_text("mine")
    elif there == "link":
        place.symlink_to("/nowhere")
    else:
        place.mkdir()
    said = new(services, "web", "--", "sleep", "1000")
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        f"svctl: {place} exists already, and is left as it is",
        f"svctl: choose another name, or look at what is there: svctl lint {place}"]
    assert os.listdir(services.available) == ["web"]
    if there == "directory":
        assert (place / "run").read_text() == "mine"


@pytest.mark.parametrize("arguments, cause", [
    (["a/b", "--", "x"], "a/b: no name for a service: it begins with a dot, or holds a slash, or nothing"),
    ([".web", "--", "x"], ".web: no name for a service: it begins with a dot, or holds a slash, or nothing"),
    (["a\nb", "--", "x"], "a\\nb: no name for a service: it holds a control character"),
    (["web", "--", ""], "'': no name of a program"),
    (["web", "--", "-x"], "'-x': no name of a program"),
    (["web", "--env", "A", "--", "x"], "A: no variable"),
    (["web", "--env", "1A=x", "--", "x"], "1A=x: no variable"),
    (["web", "--env", "A/B=x", "--", "x"], "A/B=x: no variable"),
    (["web", "--env", "A=x ", "--", "x"], "the value of A ends in a blank, which chpst -e takes away"),
    (["web", "--env", "A=x", "--env", "A=y", "--", "x"], "A is set twice"),
    (["web", "--log", "x", "--no-log", "--", "x"], "--log and --no-log: which?"),
])
def test_what_cannot_be_written_is_refused(services, arguments, cause):
    said = new(services, *arguments)
    assert (said.stderr.splitlines()[0], said.returncode) == (f"svctl: {cause}", 2)
    assert os.listdir(services.available) == []


def test_a_command_is_needed(services):
    assert new(services, "web").returncode == 2
    assert new(services).returncode == 2
    assert os.listdir(services.available) == []


def test_a_directory_that_cannot_be_written_to(services):
    said = services.svctl("new", "--available", "/nowhere", "web", "--", "sleep", "1")
    assert said.returncode == 4 and "does not exist" in said.stderr


def test_what_lint_says_of_it_is_said_at_once(services):
    said = new(services, "web", "--", "cron")
    assert said.returncode == 0
    assert said.stderr == (f"svctl: {services.available}/web/run: cron goes into the background: runsv sees it end, "
                           "and starts another\nsvctl: add -f\n")


def test_where_it_goes_is_told_by_the_environment(services):
    services.svctl("new", "web", "--", "sleep", "1000", env={"SVAVAILABLE": services.available})
    assert os.listdir(services.available) == ["web"]


def test_a_directory_of_available_services_that_is_not_there(services):
    nowhere = services.world.directory / "nowhere"
    said = services.svctl("new", "--available", nowhere, "web", "--", "sleep", "1")
    assert said.returncode == 4 and said.stderr.splitlines() == [
        f"svctl: {nowhere}, the directory of available services, does not exist", f"svctl: make it: mkdir -p {nowhere}"]
