"""svctl list: every service on a line."""

import os
import re

import harness
import pytest
from harness import pid_of, wait_until


def rows(said):
    """The words of each line but the heading, by name."""
    return {line.split()[0]: line.split() for line in said.stdout.splitlines()[1:]}


def test_a_service_is_a_line(any_services):
    any_services.running("web")
    any_services.supervise("idle", down="")
    # (The child of a runit's runsv is runsv itself for a moment, and its status says run already.)
    wait_until(lambda: "sleep 1000" in any_services.svctl("list").stdout, "./run has become sleep")
    said = any_services.svctl("list")
    assert said.stdout.splitlines()[0].split() == [
        "NAME", "STATE", "WANT", "PID", "SINCE", "STARTS", "LOG", "CPU", "PSS", "COMMAND"]
    web = rows(said)["web"]
    assert web[:4] == ["web", "run", "up", str(pid_of(any_services.directory / "web"))]
    assert web[5:7] == ["itself", "-"]
    assert web[-2:] == ["sleep", "1000"]
    assert rows(said)["idle"] == ["idle", "down", "down", "-", rows(said)["idle"][4], "by", "hand", "-", "-", "-", "-"]
    assert (said.returncode, said.stderr) == (0, "")


def test_no_command_is_list(services):
    services.fake("web", want="d", age=90_000)  # of which a second more is not seen
    assert services.svctl().stdout == services.svctl("list").stdout
    assert "web" in services.svctl().stdout


@pytest.mark.parametrize(
    "state, word, want, code",
    [
        (dict(pid=1, phase=1), "run", "up", 0),
        (dict(pid=1, phase=1, want="d"), "run", "down", 0),
        (dict(pid=1, phase=1, paused=1), "paused", "up", 0),
        (dict(pid=1, phase=2), "finish", "up", 3),
        (dict(pid=1, phase=2, want="d"), "finish", "down", 0),
        (dict(want="d"), "down", "down", 0),
        (dict(want="u"), "down", "up", 3),
    ],
)
def test_the_state_the_wish_and_the_exit_code(services, state, word, want, code):
    services.fake("web", **state)
    said = services.svctl("list")
    assert rows(said)["web"][1:3] == [word, want]
    assert said.returncode == code


def test_a_service_without_runsv_fails_unless_it_is_down(services):
    services.make("idle", down="")
    assert services.svctl("list").returncode == 0
    services.make("web")
    said = services.svctl("list")
    assert rows(said)["web"][1:4] == ["no", "runsv", "up"]
    assert said.returncode == 3
    assert services.svctl("list", "idle").returncode == 0


def test_a_broken_status_and_a_link_that_leads_nowhere_are_said(services):
    services.fake("bad", status=b"short")
    (services.directory / "gone").symlink_to("/nowhere/at/all")
    (services.directory / "file").write_text("no service")
    (services.directory / ".hidden").mkdir()
    said = rows(services.svctl("list"))
    assert {name: row[1] for name, row in said.items()} == {"bad": "broken", "gone": "missing"}


def test_the_logger_and_the_tree_of_processes_count(services):
    services.running("web", "#!/bin/sh\nsleep 1000 &\nsleep 1000 &\nwait\n", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    services.until_status("web/log", now="run")
    one = wait_until(lambda: [s for s in services.json("list", "--json")["services"] if s["processes"] == 3],
                     "three processes")[0]
    assert one["log"]["state"] == "run" and one["memory_bytes"] > 0 and one["cpu_seconds"] >= 0
    assert one["command"].startswith("/bin/sh")


def test_only_what_is_asked_for(services):
    for name in ("db", "web-1", "web-2"):
        services.fake(name, want="d")
    assert list(rows(services.svctl("list", "web-*"))) == ["web-1", "web-2"]
    said = services.svctl("list", "wbe-1")
    assert (said.returncode, said.stdout) == (4, "")
    assert said.stderr == (f"svctl: 'wbe-1': no such service in {services.directory}\n"
                           "svctl: did you mean 'web-1'?\n")


def test_colour_on_a_terminal_and_none_in_a_pipe(services):
    services.fake("web", pid=1, phase=1)
    services.fake("young", pid=1, phase=1, age=0)
    services.fake("dead", want="u")
    said, code = services.on_a_terminal("list", columns=200)
    assert code == 3
    assert "\x1b[32mrun\x1b[0m" in said and "\x1b[1;31mdown\x1b[0m" in said
    assert "\x1b" not in services.svctl("list").stdout
    assert "\x1b" in services.svctl("list", "--color", "always").stdout
    assert "\x1b" not in services.on_a_terminal("--color=never", "list")[0]
    assert "\x1b" not in services.on_a_terminal("list", env={"NO_COLOR": "1"})[0]


def test_a_line_ends_where_the_terminal_ends(services):
    services.running("web", "#!/bin/sh\nexec sleep 1000 " + " ".join(["2000"] * 100) + "\n")
    said, _ = services.on_a_terminal("list", "--color=never", columns=80)
    assert [len(line) <= 80 for line in said.splitlines()] == [True, True]
    assert said.splitlines()[1].endswith("…")
    assert len(services.svctl("list").stdout.splitlines()[1]) > 400


def test_a_name_cannot_draw_on_the_terminal(services):
    services.fake("a\x1b[2Jb\n", want="d")
    assert "a\\x1b[2Jb\\n" in services.svctl("list").stdout
    assert services.json("list", "--json")["services"][0]["name"] == "a\x1b[2Jb\n"


def test_what_this_user_may_not_see_is_said(services):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    services.fake("web", want="d")
    (services.directory / "web/supervise").chmod(0o700)
    services.world.directory.chmod(0o755)
    said = services.svctl("list", user=65534, group=65534, extra_groups=[])
    assert rows(said)["web"][1:3] == ["?", "?"]
    assert said.returncode == 5
    assert said.stderr == ("svctl: 1 service does not show all to this user: what cannot be read is ?\n"
                           f"svctl: see all of it as root: sudo svctl --svdir {services.directory} list\n")


@pytest.mark.parametrize("words, code", [
    (["lst"], 2), (["list", "--nonsense"], 2), (["list", "../x"], 2), (["--color=maybe", "list"], 2),
    (["--svdir", "/nowhere/at/all", "list"], 4), (["list", "--svdir=/dev/null"], 4)])
def test_a_wrong_command_line_has_a_cause_and_a_cure(services, words, code):
    services.fake("web")
    said = services.svctl(*words)
    assert (said.returncode, said.stdout) == (code, "")
    assert len(said.stderr.splitlines()) == 2
    assert all(line.startswith("svctl: ") for line in said.stderr.splitlines())


def test_what_a_pattern_means_is_not_what_a_library_makes_of_it(services):
    for name in ("a", "b", "ab", "a,b"):
        services.fake(name)
    names = [one["name"] for one in services.json("list", "--json", "[ab]")["services"]]
    assert names == ["a", "b"]
    assert [one["name"] for one in services.json("list", "--json", "[ab]", "[a][b]")["services"]] == ["a", "b", "ab"]
    assert services.svctl("down", "--no-wait", "[ab,]").stdout == "a: told\nb: told\n"


@pytest.mark.parametrize("word, cure", [("stauts", "did you mean 'svctl status'?"), ("[ab]", "see what there is: svctl --help"),
                                        ("\x1b[2J", "see what there is: svctl --help")])
def test_what_is_no_command(services, word, cure):
    said = services.svctl(word)
    shown = word.replace("\x1b", "\\x1b")
    assert (said.stderr, said.returncode) == (f"svctl: '{shown}' is no command\nsvctl: {cure}\n", 2)


def test_one_long_name_leaves_the_others_their_room(services):
    services.fake("x" * 200, want="d")
    services.fake("web", want="d")
    said, _ = services.on_a_terminal("list", columns=80)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert re.match("web +down +down ", lines[1]) and re.match("x{23}… +down ", lines[2])


def test_help_and_version(services):
    version = services.world.run("sv", "-V").stderr.splitlines()[0]
    for option in ("--version", "-V"):
        said = services.svctl(option)
        assert (said.stdout, said.stderr, said.returncode) == (f"{version}\n", "", 0)
    said = services.svctl("list", "--help")
    assert (said.returncode, said.stderr) == (0, "")
    assert "--json" in said.stdout and "--svdir" in said.stdout


def test_what_cannot_be_written_is_a_failure(services):
    services.fake("web")
    with open("/dev/full", "w") as full:
        process = services.world.start("svctl", "list", stdout=full, env=harness.ours().environment(SVDIR=services.directory))
    assert process.wait(harness.DEADLINE) == 1
    assert services.world.errors("svctl").startswith("svctl: standard output: unable to write: ")
