"""svctl enable and disable: the link, and what the supervisor makes of it."""

import os

import harness
import pytest
from harness import alive, pid_of, wait_until


@pytest.fixture
def tree(any_services):
    """A services directory with a runsvdir, and a service to enable."""
    any_services.world.service("available/web")
    any_services.world.service("available/web-2")
    any_services.runsvdir = any_services.world.start(
        any_services.suite.path("runsvdir"), "-P", any_services.directory, env=any_services.suite.environment())
    return any_services


def svctl(services, *words, **options):
    return services.svctl(*words, env={"SVAVAILABLE": services.available}, **options)


def test_enable_links_and_waits_until_it_is_up(tree):
    said = svctl(tree, "enable", "web", "--timeout", "60")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("web: enabled\nweb: up, process ")
    assert os.readlink(tree.directory / "web") == str(tree.available / "web")
    assert alive(pid_of(tree.directory / "web"))


def test_disable_waits_until_it_has_gone(tree):
    svctl(tree, "enable", "web", "--timeout", "60")
    pid = pid_of(tree.directory / "web")
    said = svctl(tree, "disable", "web", "--timeout", "60")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("web: disabled\nweb: no runsv, after ")
    assert not alive(pid) and not os.path.lexists(tree.directory / "web")
    assert (tree.available / "web/run").exists()


def test_down_is_enabled_but_not_started(tree):
    said = svctl(tree, "enable", "--down", "web", "--timeout", "60")
    assert said.returncode == 0 and "web: down, after " in said.stdout
    assert (tree.available / "web/down").exists()
    assert harness.Status(tree.directory / "web").now == "down"


def test_now_starts_what_does_not_start_by_itself(tree):
    (tree.available / "web/down").touch()
    said = svctl(tree, "enable", "--now", "web", "--timeout", "60")
    assert said.returncode == 0 and "web: up, process " in said.stdout
    assert svctl(tree, "enable", "--now", "--down", "web").returncode == 2


def test_disable_now_does_not_wait_for_the_supervisor_to_notice(tree):
    svctl(tree, "enable", "web", "--timeout", "60")
    tree.runsvdir.kill()
    tree.runsvdir.wait()
    said = svctl(tree, "disable", "--now", "web", "--timeout", "60")
    assert said.returncode == 0 and "web: no runsv, after " in said.stdout


def test_patterns_are_of_what_is_available(tree):
    said = svctl(tree, "enable", "w*", "--timeout", "60")
    assert said.returncode == 0
    assert sorted(p.name for p in tree.directory.iterdir()) == ["web", "web-2"]


def test_enabled_twice_is_enabled(services):
    services.world.service("available/web")
    assert svctl(services, "enable", "web").stdout == "web: enabled\n"
    assert svctl(services, "enable", "web").stdout == "web: enabled already\n"


def test_nobody_acts_where_there_is_no_runsvdir(services):
    services.world.service("available/web")
    said = svctl(services, "enable", "web")
    assert said.returncode == 0
    assert said.stderr == (f"svctl: no runsvdir runs on {services.directory}: nothing is started or stopped now\n"
                           f"svctl: start one: runsvdir -P {services.directory} &\n")
    assert svctl(services, "disable", "web").returncode == 0
    assert not os.path.lexists(services.directory / "web")


def test_a_name_that_is_not_available(services):
    services.world.service("available/web")
    said = svctl(services, "enable", "wbe")
    assert said.returncode == 4
    assert said.stderr == (f"svctl: 'wbe': no such service in {services.available}\n"
                           "svctl: did you mean 'web'?\n")
    for wrong in ("../web", "web/log", "/etc"):
        assert svctl(services, "enable", wrong).returncode in (2, 4)
    assert list(services.directory.iterdir()) == []


def test_what_is_in_the_way_stays(services):
    for name in ("db", "web"):
        services.world.service(f"available/{name}")
    services.make("web")
    said = svctl(services, "enable", "db", "web")
    assert said.returncode == 1
    assert said.stderr.splitlines()[0] == f"svctl: {services.directory}/web is there already, and no link"
    assert not (services.directory / "db").exists(), "nothing is done where one cannot be"
    other = services.world.service("other")
    (services.directory / "db").symlink_to(other)
    assert svctl(services, "enable", "db").stderr.splitlines()[0] == (
        f"svctl: {services.directory}/db is a link to {other}")


def test_a_directory_is_not_taken_away(services):
    services.make("web")
    said = svctl(services, "disable", "web")
    assert said.returncode == 1
    assert "is not a link" in said.stderr and (services.directory / "web/run").exists()


def test_a_link_that_leads_nowhere_is_taken_away(services):
    (services.directory / "web").symlink_to("/nowhere/at/all")
    assert svctl(services, "disable", "web").stdout == "web: disabled\n"
    assert not os.path.lexists(services.directory / "web")


def test_the_option_is_before_the_variable(services):
    services.world.service("elsewhere/db")
    assert svctl(services, "enable", "db").returncode == 4
    elsewhere = services.world.directory / "elsewhere"
    assert svctl(services, "enable", "--available", elsewhere, "db").returncode == 0
    assert services.svctl("enable", "--available", "/nowhere/at/all", "db").returncode == 4


def test_who_does_not_wait_only_links(tree):
    assert svctl(tree, "enable", "--no-wait", "web").stdout == "web: enabled\n"
    wait_until(lambda: (tree.directory / "web/supervise/status").exists(), "runsvdir has seen it")


# Ready when a file says so; at TERM it meets the others, at a named pipe, and ends only with them.
MEETS = """#!/usr/bin/python3
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
open("ready", "w").close()
signal.sigwait([signal.SIGTERM])
open("{base}/meeting", "{mode}").close()
"""


@pytest.mark.parametrize("names", [("web", "db"), ("db", "web")])
def test_all_are_told_before_the_first_is_waited_for(services, names):
    base = services.world.directory
    os.mkfifo(base / "meeting")
    for name, mode in (("web", "r"), ("db", "w")):
        services.world.service(f"available/{name}", MEETS.format(base=base, mode=mode))
        (services.directory / name).symlink_to(services.available / name)
        services.world.start(services.suite.path("runsv"), name, cwd=services.directory)
        wait_until(lambda name=name: (services.available / name / "ready").exists(), f"{name} waits for its end")
    said = svctl(services, "disable", "--now", *names, "--timeout", "60")
    assert (said.returncode, said.stderr) == (0, "")
    assert sorted(line.split(",")[0] for line in said.stdout.splitlines()) == sorted(
        [f"{name}: disabled" for name in names] + [f"{name}: no runsv" for name in names])


def test_one_deadline_for_all(services):
    """Two that do not exit: they share the time."""
    for name in ("web", "db"):
        services.world.service(f"available/{name}", "#!/bin/sh\ntrap '' TERM\n>ready\nwhile :; do sleep 1000; done\n")
        (services.directory / name).symlink_to(services.available / name)
        services.world.start(services.suite.path("runsv"), name, cwd=services.directory)
        wait_until(lambda name=name: (services.available / name / "ready").exists(), f"{name} is ready")
    said = svctl(services, "disable", "--now", "web", "db", "--timeout", "0.2")
    assert said.returncode == 6
    assert [line for line in said.stderr.splitlines() if "not gone after 0.2 s" in line] == [
        f"svctl: {name}: not gone after 0.2 s: up, process {pid_of(services.available / name)}, wanted down" for name in ("web", "db")]


def test_services_of_several_places_are_disabled_together(services):
    for place in ("available", "elsewhere"):
        services.world.service(f"{place}/{place[0]}")
        (services.directory / place[0]).symlink_to(services.world.directory / place / place[0])
        services.world.start(services.suite.path("runsv"), place[0], cwd=services.directory)
        wait_until(lambda at=place[0]: (services.directory / at / "supervise/status").exists(), f"runsv {place[0]} tells its status")
        services.until_status(place[0], now="run")
    said = svctl(services, "disable", "--now", "*", "--timeout", "60")
    assert (said.returncode, said.stderr) == (0, "") and said.stdout.count("no runsv") == 2
