"""runsvdir: what it starts, what it ends, and when. Run against our runsv and against that of Debian."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import harness
from harness import alive, children, stays, wait_until

WARNING = "runsvdir sd: warning: "


def regardless(test):
    """Marks a test in which nothing depends on whose runsv it is."""
    test.regardless = True
    return test


@pytest.fixture(params=["ours", "debian"], autouse=True)
def whose_runsv(request, world):
    """PATH has our runsv, or Debian's: the directory is supervised the same."""
    if request.param == "debian":
        if hasattr(request.function, "regardless"):
            pytest.skip("nothing in it depends on runsv")
        theirs = harness.reference("2.3.1") or harness.reference("2.1.2")
        if theirs is None:
            pytest.skip("Debian's runit has not been unpacked")
        only = world.directory / "their-bin"
        only.mkdir()
        (only / "runsv").symlink_to(theirs.path("runsv"))
        world.suite = harness.Suite(only, *world.suite.directories)


@pytest.fixture
def sd(world):
    (world.directory / "sd").mkdir()
    (world.directory / "sv").mkdir()
    return world.directory / "sd"


# -- helpers ----------------------------------------------------------------------------------------------------------


def command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def runsvs(process):
    """The names of the runsv processes that a runsvdir has, with their pids."""
    found = {}
    for pid in children(process.pid):
        words = command(pid)
        if len(words) == 2 and words[0] == b"runsv" and alive(pid):
            found[os.fsdecode(words[1])] = pid
    return found


def remove(directory):
    """A tree in which a runsv still writes."""
    wait_until(lambda: subprocess.run(["rm", "-rf", directory], stderr=subprocess.DEVNULL).returncode == 0, "removed")


def running(directory):
    return harness.stat_words(directory) == "run"


def add(world, name, **options):
    """A service in sv/, linked into sd/."""
    world.service(f"sv/{name}", **options)
    (world.directory / "sd" / name).symlink_to(f"../sv/{name}")
    return world.directory / "sv" / name


def runsvdir(world, *arguments, **options):
    return world.start("runsvdir", *(arguments or ("sd",)), **options)


def wait_for_names(process, *names):
    try:
        return wait_until(lambda: (r := runsvs(process)) and set(r) == set(names) and r or (not names and not r), names)
    except AssertionError as late:
        raise AssertionError(f"{late}; there are {runsvs(process)}") from None


def switches(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return [int(n) for n in re.findall(r"^(?:non)?voluntary_ctxt_switches:\s+(\d+)", text, re.M)]


def is_asleep(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"


def stays_asleep(process, seconds):
    """Whether nothing wakes it for so long."""
    wait_until(lambda: is_asleep(process.pid), "it sleeps")
    before = switches(process.pid)[0]
    return stays(lambda: switches(process.pid)[0] == before, seconds)


def errors(world):
    """What runsvdir itself has said; its children have the same standard error."""
    return "".join(line for line in world.errors("runsvdir").splitlines(True) if not line.startswith("runsv "))


# -- the command line -------------------------------------------------------------------------------------------------


@regardless
@pytest.mark.parametrize("arguments", [[], ["-P"], ["--"], ["-Pxyz"], ["-W"], ["--wait"], ["-PW"], ["-P", "-W"], ["-W", "--"]])
def test_without_a_directory_it_says_how_it_is_used(world, arguments):
    result = world.run("runsvdir", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "usage: runsvdir [-P] dir\n\n"


@regardless
@pytest.mark.parametrize(
    "arguments, directory",
    [
        (["-P", "-P"], "-P"),
        (["-X"], "-X"),
        (["-"], "-"),
        (["--", "-P"], "-P"),
        (["-P", "--"], "--"),
        (["-W", "-W"], "-W"),
        (["-Wx"], "-Wx"),
        (["-W", "--", "-P"], "-P"),
        (["--wait", "-P", "gone"], "gone"),
        (["-P", "--wait", "gone"], "gone"),
        (["-Pxyz", "gone"], "gone"),
    ],
)
def test_one_option_is_read_and_any_other_word_is_the_directory(world, arguments, directory):
    process = runsvdir(world, *arguments)
    wait_until(lambda: errors(world), "a warning")
    assert errors(world) == f"runsvdir {directory}: warning: unable to stat {directory}: file does not exist\n"
    process.terminate()
    assert process.wait() == 0


@pytest.mark.parametrize("arguments", [["-P", "sd"], ["-Pxyz", "sd"], ["-PW", "sd"], ["-W", "-P", "sd"], ["sd"], ["-W", "sd"]])
def test_with_P_every_runsv_leads_a_session(world, sd, arguments):
    add(world, "web")
    process = runsvdir(world, *arguments)
    pid = wait_for_names(process, "web")["web"]
    session = any("P" in word for word in arguments)
    assert os.getsid(pid) == (pid if session else os.getsid(process.pid))
    assert os.getpgid(pid) == (pid if session else os.getpgid(process.pid))


# -- what it starts ---------------------------------------------------------------------------------------------------


def test_it_starts_one_runsv_for_each_directory(world, sd):
    add(world, "web")
    add(world, "db")
    world.service("sd/plain")
    world.service("sd/.hidden")
    world.service("sd/without-run", run=None)
    (sd / "file").write_text("")
    (sd / "link-to-file").symlink_to("file")
    process = runsvdir(world)
    pids = wait_for_names(process, "web", "db", "plain", "without-run")
    for name, pid in pids.items():
        assert command(pid) == [b"runsv", name.encode()]
        wait_until(lambda n=name: (sd / n / "supervise/ok").exists(), "runsv works there")
    assert Path(f"/proc/{process.pid}/comm").read_text() == "runsvdir\n"
    assert errors(world) == ""


@regardless
def test_runsv_starts_in_the_services_directory_and_inherits_nothing(world, sd):
    tools = world.directory / "tools"
    world.write("tools/runsv", '#!/bin/sh\npwd >"$OUT"; ls -l /proc/$$/fd >>"$OUT"; echo end >>"$OUT"; exec sleep 1000\n')
    add(world, "web")
    out = world.directory / "out"
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "OUT": str(out)}
    process = runsvdir(world, env=environment)
    text = wait_until(lambda: out.exists() and (t := out.read_text()).endswith("end\n") and t, "runsv was started")
    assert text.splitlines()[0] == str(sd)
    targets = [target for number, target in re.findall(r" (\d+) -> (.*)", text) if int(number) > 2]
    assert not [target for target in targets if re.search(r"anon_inode|mountinfo|pipe|/sd", target)]
    pid = wait_until(lambda: [p for p in children(process.pid) if command(p)[:1] == [b"sleep"]], "it waits")[0]
    assert re.search(r"SigBlk:\s+0+\n", Path(f"/proc/{pid}/status").read_text())


def test_nothing_delays_the_first_scan(world, sd):
    add(world, "web")
    begin = time.monotonic()
    process = runsvdir(world)
    wait_for_names(process, "web")
    assert time.monotonic() - begin < 0.9  # runit: 1.0 s


def test_names_may_have_any_bytes(world, sd):
    names = ["with space", "with\nnewline", "n" * 255, "ünïcode", "-option", "\\", os.fsdecode(b"\xff\xfe"), "$(true)"]
    for name in names:
        world.service("sv/any")
        (sd / name).mkdir()
        (sd / name / "run").symlink_to("../../sv/any/run")
    process = runsvdir(world)
    pids = wait_for_names(process, *names)
    for name in names:
        wait_until(lambda n=name: running(sd / n), name)
    (sd / names[2]).rename(sd / ".gone")
    wait_until(lambda: not alive(pids[names[2]]), "the long one ends")


@regardless
@pytest.mark.parametrize("problem", ["dangling", "loop"])
def test_a_dangling_link_is_reported_once(world, sd, problem):
    add(world, "web")
    (sd / "link").symlink_to("nowhere" if problem == "dangling" else "link")
    process = runsvdir(world)
    wait_for_names(process, "web")
    for n in range(3):
        add(world, f"more{n}")
        process.send_signal(signal.SIGALRM)
        wait_until(lambda n=n: f"more{n}" in runsvs(process), "the next")
    words = "file does not exist" if problem == "dangling" else "symbolic link loop"
    assert errors(world) == f"{WARNING}unable to stat link: {words}\n"


# -- what changes -----------------------------------------------------------------------------------------------------


def test_a_new_link_is_started_at_once_and_a_removed_one_is_ended_at_once(world, sd):
    process = runsvdir(world)
    wait_until(lambda: is_asleep(process.pid), "it watches")
    service = world.service("sv/web")
    begin = time.monotonic()
    (sd / "web").symlink_to(service)
    pid = wait_for_names(process, "web")["web"]
    assert time.monotonic() - begin < 2  # runit: up to 5 s
    wait_until(lambda: running(service), "run")
    begin = time.monotonic()
    (sd / "web").unlink()
    wait_until(lambda: not alive(pid), "runsv ends")
    assert time.monotonic() - begin < 2
    assert harness.stat_words(service) == "down"
    wait_until(lambda: not children(process.pid), "runsv is reaped")


def test_many_removed_at_once_all_end(world, sd):
    for n in range(6):
        add(world, f"s{n}")
    process = runsvdir(world)
    wait_for_names(process, *(f"s{n}" for n in range(6)))
    for n in range(6):
        wait_until(lambda n=n: running(sd / f"s{n}"), "run")
    for n in range(6):
        (sd / f"s{n}").unlink()
    begin = time.monotonic()
    wait_for_names(process)
    assert time.monotonic() - begin < 3  # runit 2.1.2: three scans


def test_a_renamed_service_keeps_its_runsv(world, sd):
    service = add(world, "web")
    process = runsvdir(world)
    pid = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(service), "run")
    (sd / "web").rename(sd / "www")
    add(world, "marker")
    wait_for_names(process, "web", "marker")  # argv keeps the old name
    assert runsvs(process)["web"] == pid
    os.kill(pid, signal.SIGKILL)
    wait_for_names(process, "www", "marker")


def test_two_names_of_one_directory_are_one_service(world, sd):
    service = add(world, "web")
    (sd / "www").symlink_to("../sv/web")
    add(world, "marker")
    process = runsvdir(world)
    wait_until(lambda: len(runsvs(process)) == 2, "two services")
    wait_until(lambda: running(service), "run")
    first = (set(runsvs(process)) - {"marker"}).pop()
    pid = runsvs(process)[first]
    (sd / first).unlink()
    add(world, "marker2")
    wait_for_names(process, first, "marker", "marker2")
    assert runsvs(process)[first] == pid


def test_a_directory_replaced_under_its_name_starts_when_the_old_one_has_ended(world, sd):
    shared = world.directory / "supervise.web"  # as Debian and Void have it: outside, under a name
    shared.mkdir(mode=0o700)
    slow = "#!/bin/sh\ntrap 'sleep 0.7; exit 0' TERM\nwhile :; do sleep 0.1; done\n"
    old = world.service("sd/web", run=slow)
    (old / "supervise").symlink_to(shared)
    new = world.service("new", run="#!/bin/sh\nexec sleep 2000\n")
    (new / "supervise").symlink_to(shared)
    process = runsvdir(world)
    first = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(old), "run")
    old.rename(world.directory / "old")
    new.rename(sd / "web")
    wait_until(lambda: not alive(first), "the old one ends")
    second = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(sd / "web"), "the new one runs")
    assert second != first
    assert "lock" not in world.errors("runsvdir")


def test_a_link_that_is_switched_starts_the_other_directory(world, sd):
    add(world, "web")
    world.service("sv/other")
    process = runsvdir(world)
    first = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(sd / "web"), "run")
    (sd / ".new").symlink_to("../sv/other")
    (sd / ".new").rename(sd / "web")
    wait_until(lambda: running(world.directory / "sv/other"), "the other runs")
    wait_until(lambda: not alive(first), "the first ended")
    assert errors(world) == ""


@pytest.mark.parametrize("how", ["renamed", "removed"])
def test_a_target_replaced_behind_its_link_is_seen(world, sd, how):
    """The services directory does not change at all: a package replaces /etc/sv/web."""
    service = add(world, "web")
    process = runsvdir(world)
    first = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(service), "run")
    world.service("sv/web.new", run="#!/bin/sh\nexec sleep 2000\n")
    if how == "renamed":
        service.rename(world.directory / "sv/web.old")
    else:
        remove(service)
    wait_until(lambda: not alive(first), "the old one ends")
    (world.directory / "sv/web.new").rename(service)
    wait_until(lambda: running(service), "the new one runs")
    assert errors(world) == f"{WARNING}unable to stat web: file does not exist\n"


def test_a_directory_that_is_being_filled_is_started_when_it_is_complete(world, sd):
    """As cp -r makes it: the service first, its log and its `down` later."""
    process = runsvdir(world)
    wait_until(lambda: is_asleep(process.pid), "it watches")
    made = sd / "web"
    made.mkdir()
    world.write("sd/web/run", "#!/bin/sh\nexec sleep 1000\n")
    (made / "log").mkdir()
    assert not runsvs(process)
    world.write("sd/web/log/run", "#!/bin/sh\nexec cat >/dev/null\n")
    (made / "down").touch()
    wait_for_names(process, "web")
    harness.wait_for_words(made / "log", "run")
    harness.wait_for_words(made, "down")


def test_a_directory_that_never_stops_changing_is_started_too(world, sd):
    process = runsvdir(world)
    wait_until(lambda: is_asleep(process.pid), "it watches")
    world.service("sd/web")

    def changes():
        world.write("sd/web/data", str(time.monotonic()))
        return runsvs(process)

    wait_until(changes, "it is started")


def test_a_directory_without_run_gets_its_runsv_too(world, sd):
    process = runsvdir(world)
    wait_until(lambda: is_asleep(process.pid), "it watches")
    (sd / "empty").mkdir()
    wait_for_names(process, "empty")


def test_a_directory_moved_in_is_complete(world, sd):
    process = runsvdir(world)
    wait_until(lambda: is_asleep(process.pid), "it watches")
    world.service("web").rename(sd / "web")
    wait_for_names(process, "web")


@pytest.mark.parametrize("target", ["../late", "/ABSOLUTE/late", "../a/b/late", "hop"])
def test_a_dangling_links_target_appears(world, sd, target):
    if target == "hop":
        (sd / ".hop").symlink_to("../late")
        target = ".hop"
    (sd / "web").symlink_to(target.replace("/ABSOLUTE", str(world.directory)))
    process = runsvdir(world)
    wait_until(lambda: errors(world), "a warning")
    place = world.directory / ("a/b" if "/b/" in target else "")
    wait_until(lambda: is_asleep(process.pid), "it watches")
    place.mkdir(parents=True, exist_ok=True)
    world.service("made").rename(place / "late")
    wait_for_names(process, "web")
    remove(place / "late")
    wait_for_names(process)


def test_the_directory_is_a_link_that_is_switched(world):
    for level in ("one", "two"):
        (world.directory / level).mkdir()
    for name in ("web", "db", "both"):
        world.service(f"sv/{name}")
    for level, name in (("one", "web"), ("one", "both"), ("two", "both"), ("two", "db")):
        (world.directory / level / name).symlink_to(f"../sv/{name}")
    (world.directory / "sd").symlink_to("current")
    (world.directory / "current").symlink_to("one")
    process = runsvdir(world)
    both = wait_for_names(process, "web", "both")["both"]
    for level, names in (("two", ("db", "both")), ("one", ("web", "both"))):
        (world.directory / "next").symlink_to(level)
        (world.directory / "next").rename(world.directory / "current")
        assert wait_for_names(process, *names)["both"] == both
    world.service("sv/late")
    (world.directory / "one/late").symlink_to("../sv/late")
    wait_for_names(process, "web", "both", "late")
    assert errors(world) == ""


def test_the_directory_comes_later(world):
    process = runsvdir(world, "a/b/sd")
    wait_until(lambda: errors(world), "a warning")
    assert errors(world) == "runsvdir a/b/sd: warning: unable to stat a/b/sd: file does not exist\n"
    wait_until(lambda: is_asleep(process.pid), "it watches")
    world.service("a/b/sd/web")
    wait_for_names(process, "web")


def test_while_the_directory_is_away_services_stay_and_when_it_returns_empty_they_end(world, sd):
    add(world, "web")
    process = runsvdir(world)
    pid = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(world.directory / "sv/web"), "run")
    sd.rename(world.directory / "away")
    wait_until(lambda: "unable to stat sd: file does not exist" in errors(world), "a warning")
    assert alive(pid) and process.poll() is None
    (world.directory / "sd").mkdir()
    wait_until(lambda: not alive(pid), "the service ends")
    (world.directory / "sd").rmdir()
    (world.directory / "away").rename(sd)
    wait_for_names(process, "web")


@regardless
def test_the_missing_directory_is_reported_again(world):
    runsvdir(world, "nodir")
    line = "runsvdir nodir: warning: unable to stat nodir: file does not exist\n"
    wait_until(lambda: errors(world) == 2 * line, "said again")


def test_a_mounted_directory_leaves_and_returns(world, sd):
    (world.directory / "other").mkdir()
    world.service("sv/web")
    world.service("sv/mounted")
    (sd / "web").symlink_to("../sv/web")
    (world.directory / "other/mounted").symlink_to("../sv/mounted")
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("no mount namespace can be made here")
    process = subprocess.Popen(
        ["unshare", "-m", world.suite.path("runsvdir"), "sd"], cwd=world.directory, env=world.suite.environment()
    )
    world.processes.append(process)

    def inside(*words):
        subprocess.run(["nsenter", "-t", str(process.pid), "-m", *words], cwd=world.directory, check=True)

    wait_for_names(process, "web")
    inside("mount", "--bind", f"{world.directory}/other", f"{world.directory}/sd")
    wait_for_names(process, "mounted")
    inside("umount", "-l", f"{world.directory}/sd")
    wait_for_names(process, "web")
    inside("mount", "--bind", f"{world.directory}/other", f"{world.directory}/sd")
    wait_for_names(process, "mounted")


# -- what dies --------------------------------------------------------------------------------------------------------


def test_a_dead_runsv_is_started_again(world, sd):
    add(world, "web", run="#!/bin/sh\nexec sleep 1\n")
    process = runsvdir(world)
    first = wait_for_names(process, "web")["web"]
    os.kill(first, signal.SIGKILL)
    second = wait_until(lambda: runsvs(process).get("web", first) != first and runsvs(process)["web"], "another")
    assert second != first


@regardless
def test_a_runsv_that_cannot_stay_is_started_once_a_second(world, sd):
    world.write("tools/runsv", '#!/bin/sh\ncat /proc/uptime >>"$OUT"\n')
    add(world, "web")
    out = world.directory / "out"
    runsvdir(world, env={"PATH": f"{world.directory}/tools:/usr/bin:/bin", "OUT": str(out)})
    wait_until(lambda: out.exists() and len(out.read_text().splitlines()) >= 4, "four starts")
    times = [float(line.split()[0]) for line in out.read_text().splitlines()[:4]]
    assert times[3] - times[0] > 2.0, times  # three seconds, less what the first took to say so


@regardless
def test_without_runsv_in_PATH_it_says_so_and_tries_again(world, sd):
    add(world, "web")
    empty = world.directory / "empty"
    empty.mkdir()
    process = runsvdir(world, env={"PATH": str(empty)})
    line = "runsvdir sd: fatal: unable to start runsv web: file does not exist\n"
    wait_until(lambda: errors(world), "told")
    assert errors(world) == line
    assert stays(lambda: errors(world) == line, 1.5)
    (empty / "runsv").symlink_to(world.suite.path("runsv"))
    wait_for_names(process, "web")


def test_it_reaps_orphans_as_the_first_process_of_a_namespace(world, sd):
    if subprocess.run(["unshare", "-p", "-f", "true"], capture_output=True).returncode != 0:
        pytest.skip("no process namespace can be made here")
    add(world, "web", run="#!/bin/sh\n(sleep 0.2 & ) \necho $$ >started\nexec sleep 1000\n")
    process = subprocess.Popen(
        ["unshare", "-p", "-f", world.suite.path("runsvdir"), "sd"], cwd=world.directory, env=world.suite.environment()
    )
    world.processes.append(process)
    one = wait_until(lambda: children(process.pid), "pid 1")[0]
    wait_until(lambda: (world.directory / "sv/web/started").exists(), "run")
    wait_until(lambda: len(children(one)) == 1, "only runsv is left")
    os.kill(one, signal.SIGTERM)
    assert process.wait() == 0


# -- signals ----------------------------------------------------------------------------------------------------------


def test_TERM_ends_it_and_leaves_the_services(world, sd):
    add(world, "web")
    process = runsvdir(world)
    pid = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(world.directory / "sv/web"), "run")
    process.terminate()
    assert process.wait() == 0
    assert stays(lambda: alive(pid), 0.3)


def test_HUP_ends_every_runsv_and_does_not_wait(world, sd):
    slow = "#!/bin/sh\ntrap 'sleep 0.5; exit 0' TERM\necho >up\nwhile :; do sleep 0.1; done\n"
    service = add(world, "slow", run=slow)
    process = runsvdir(world)
    pid = wait_for_names(process, "slow")["slow"]
    wait_until(lambda: (service / "up").exists(), "run")
    process.send_signal(signal.SIGHUP)
    assert process.wait() == 111
    assert alive(pid)
    wait_until(lambda: not alive(pid), "runsv ends")


@pytest.mark.parametrize("option", ["-W", "--wait"])
@pytest.mark.parametrize("sent, code", [(signal.SIGTERM, 0), (signal.SIGHUP, 111)])
def test_with_W_it_waits_for_every_runsv(world, sd, option, sent, code):
    last = "echo >told; until [ $(ls -d ../s?/told | wc -l) = 4 ]; do sleep 0.01; done; echo >ended; exit 0"
    slow = f"#!/bin/sh\ntrap '{last}' TERM\necho >up\nwhile :; do sleep 0.1; done\n"
    services = [add(world, f"s{n}", run=slow) for n in range(4)]  # none exits before all have their TERM
    process = runsvdir(world, option, "sd")
    wait_for_names(process, *(f"s{n}" for n in range(4)))
    for service in services:
        wait_until(lambda s=service: (s / "up").exists(), "run")
    process.send_signal(sent)
    assert process.wait() == code
    for service in services:
        assert (service / "ended").exists()
        assert harness.stat_words(service) == "down"


def test_with_W_the_second_signal_ends_it_at_once(world, sd):
    stuck = "#!/bin/sh\ntrap '' TERM\necho >up\nwhile :; do sleep 0.1; done\n"
    service = add(world, "stuck", run=stuck)
    process = runsvdir(world, "-W", "sd")
    pid = wait_for_names(process, "stuck")["stuck"]
    wait_until(lambda: (service / "up").exists(), "run")
    process.terminate()
    wait_until(lambda: harness.stat_words(service) == "run, got TERM, want exit" or "want" in harness.stat_words(service), "told")
    add(world, "new")  # nothing is started any more
    assert stays(lambda: process.poll() is None and set(runsvs(process)) == {"stuck"}, 0.5)
    process.send_signal(signal.SIGHUP)
    assert process.wait() == 111
    assert alive(pid)


@regardless
def test_with_W_it_says_whom_it_waits_for(world, sd):
    stuck = "#!/bin/sh\ntrap '' TERM\necho >up\nuntil [ -e ../go ]; do sleep 0.05; done\n"
    services = [add(world, name, run=stuck) for name in ("s1", "s2", "s3", "s4", "s5")]
    process = runsvdir(world, "-W", "sd")
    wait_for_names(process, *(one.name for one in services))
    for service in services:
        wait_until(lambda s=service: (s / "up").exists(), "run")
    process.terminate()
    wait_until(lambda: "waiting for" in world.errors("runsvdir"), "a word")
    (services[0].parent / "go").touch()
    assert process.wait() == 0
    said = re.search(WARNING + r"waiting for (.*) and 2 more, until they have ended\n", world.errors("runsvdir"))
    assert len(set(said[1].split(", ")) & {one.name for one in services}) == 3


def test_with_W_and_no_service_it_just_exits(world, sd):
    process = runsvdir(world, "-W", "sd")
    wait_until(lambda: is_asleep(process.pid), "it watches")
    process.terminate()
    assert process.wait() == 0


def test_ALRM_looks_at_once_and_leaves_a_label(world, sd):
    process = runsvdir(world)
    wait_until(lambda: is_asleep(process.pid), "it watches")
    (sd / "web").mkdir()  # made in place, and without a run: it would wait
    process.send_signal(signal.SIGALRM)
    label = sd / ".forced-rescan"
    wait_until(label.exists, "the label")
    wait_for_names(process, "web")
    assert re.fullmatch(rb"@[0-9a-f]{24}", label.read_bytes())
    assert harness.mode_of(label) == 0o644
    first = label.read_bytes()
    process.send_signal(signal.SIGALRM)
    wait_until(lambda: label.read_bytes() != first, "a new label")
    assert sorted(p.name for p in sd.iterdir()) == [".forced-rescan", "web"]


# -- a foreign runsv ---------------------------------------------------------------------------------------------------


def test_after_a_kill_it_watches_what_runs_and_takes_over_when_it_ends(world, sd):
    services = [add(world, name) for name in ("web", "db")]
    first = runsvdir(world)
    old = wait_for_names(first, "web", "db")
    for service in services:
        wait_until(lambda s=service: running(s), "run")
    first.kill()
    first.wait()
    pids = [harness.pid_of(s) for s in services]
    second = runsvdir(world)
    add(world, "marker")
    wait_for_names(second, "marker")
    assert stays(lambda: set(runsvs(second)) == {"marker"}, 1.5)
    assert [harness.pid_of(s) for s in services] == pids
    harness.control(services[0], "x")
    wait_until(lambda: not alive(old["web"]), "the old runsv ends")
    wait_for_names(second, "web", "marker")
    wait_until(lambda: running(services[0]), "run again")
    assert alive(old["db"])
    assert world.errors("runsvdir") == ""


def test_removing_what_another_runsv_holds_ends_it(world, sd):
    service = add(world, "web")
    other = world.start("runsv", "web", cwd=sd)
    wait_until(lambda: running(service), "run")
    process = runsvdir(world)
    add(world, "marker")
    wait_for_names(process, "marker")
    (sd / "web").unlink()
    assert other.wait(timeout=harness.DEADLINE) == 0
    assert harness.stat_words(service) == "down"
    (sd / "web").symlink_to("../sv/web")
    wait_for_names(process, "marker", "web")


@pytest.mark.parametrize("wait", [True, False])
def test_HUP_ends_what_another_runsv_holds(world, sd, wait):
    slow = "#!/bin/sh\ntrap 'sleep 0.5; exit 0' TERM\necho >up\nwhile :; do sleep 0.1; done\n"
    service = add(world, "web", run=slow)
    other = world.start("runsv", "web", cwd=sd)
    wait_until(lambda: (service / "up").exists(), "run")
    process = runsvdir(world, *(["-W"] if wait else []), "sd")
    add(world, "marker")
    wait_for_names(process, "marker")
    process.send_signal(signal.SIGHUP)
    assert process.wait() == 111
    if wait:
        assert harness.stat_words(service) == "down"
    assert other.wait(timeout=harness.DEADLINE) == 0


def test_without_descriptors_to_spare_it_still_takes_over(world, sd):
    services = [add(world, f"s{n}") for n in range(8)]
    others = [world.start("runsv", f"s{n}", cwd=sd) for n in range(8)]
    for service in services:
        wait_until(lambda s=service: running(s), "run")
    process = subprocess.Popen(
        ["prlimit", "--nofile=18", world.suite.path("runsvdir"), "sd"], cwd=world.directory, env=world.suite.environment(),
        stderr=open(world.directory / "runsvdir.err", "ab"),
    )
    world.processes.append(process)
    wait_until(lambda: len(list(Path(f"/proc/{process.pid}/fd").iterdir())) >= 9, "it holds what it can")
    for service in services:
        harness.control(service, "x")
    for other in others:
        other.wait(timeout=harness.DEADLINE)
    for service in services:
        assert world.sv("start", service).returncode == 0
    wait_for_names(process, *(f"s{n}" for n in range(8)))
    assert errors(world) == ""


@pytest.fixture
def crowded(world, sd):
    """A runsvdir that has descriptors for only some of the foreign runsv that it finds."""
    services = [add(world, f"s{n}") for n in range(8)]
    others = [world.start("runsv", f"s{n}", cwd=sd) for n in range(8)]
    for service in services:
        wait_until(lambda s=service: running(s), "run")
    process = subprocess.Popen(
        ["prlimit", "--nofile=18:18", world.suite.path("runsvdir"), "-W", "sd"], cwd=world.directory,
        env=world.suite.environment(), stderr=open(world.directory / "runsvdir.err", "ab"),
    )
    world.processes.append(process)
    wait_until(lambda: len(list(Path(f"/proc/{process.pid}/fd").iterdir())) >= 9, "it holds what it can")
    wait_until(lambda: is_asleep(process.pid), "it watches")
    return process, others


def test_without_a_descriptor_for_it_the_runsv_of_a_removed_link_is_asked_to_exit(world, sd, crowded):
    process, others = crowded
    assert stays_asleep(process, 6)
    for n in range(8):
        (sd / f"s{n}").unlink()
    for other in others:
        assert other.wait(timeout=harness.DEADLINE) == 0
    assert process.poll() is None and errors(world) == ""


def test_without_a_descriptor_for_them_all_end_with_W(world, crowded):
    process, others = crowded
    process.terminate()
    assert process.wait(timeout=harness.DEADLINE) == 0
    assert [other.wait(timeout=harness.DEADLINE) for other in others] == [0] * 8
    assert errors(world) == ""


def test_without_a_descriptor_for_it_a_killed_runsv_is_followed(world, crowded):
    process, others = crowded
    for other in others:
        other.kill()
        other.wait()
    wait_for_names(process, *(f"s{n}" for n in range(8)))


@regardless
def test_services_get_the_limit_of_files_that_runsvdir_was_started_with(world, sd):
    limits = "#!/bin/sh\nulimit -Sn >soft; ulimit -Hn >hard; echo >up\nexec sleep 1000\n"
    service = add(world, "web", run=limits)
    limited(world, "--nofile=60:100")
    wait_until(lambda: (service / "up").exists(), "run")
    assert ((service / "soft").read_text(), (service / "hard").read_text()) == ("60\n", "100\n")


# -- asked to leave ---------------------------------------------------------------------------------------------------

COUNTED = "#!/bin/sh\necho >>starts\nexec sleep 1000\n"


def starts(service):
    return (service / "starts").read_text().count("\n") if (service / "starts").exists() else 0


def at(world, *words):
    return world.sv(*words, env=world.suite.environment(SVDIR=world.directory / "sd"))


def test_all_asked_to_exit_and_then_runsvdir_leaves_nothing(world, sd):
    """As it is published: sv force-shutdown "$D"/*; kill $runsvdir."""
    services = [add(world, f"s{n}") for n in range(4)]
    process = runsvdir(world)
    for service in services:
        wait_until(lambda s=service: running(s), "run")
    assert stays(lambda: running(services[0]), 1.1)  # else the next one would wait for the end of its second
    assert at(world, "force-shutdown", *(f"s{n}" for n in range(4))).returncode == 0
    process.terminate()
    assert process.wait() == 0
    wait_until(lambda: not world.living(), "nobody is left")
    assert stays(lambda: not world.living(), 0.5)


def test_supervise_removed_after_the_end_of_a_runsv_is_made_again(world, sd):
    service = add(world, "web")
    process = runsvdir(world)
    wait_until(lambda: running(service), "run")
    assert stays(lambda: running(service), 1.1)  # else the next one would wait for the end of its second
    assert at(world, "shutdown", "web").returncode == 0
    wait_until(lambda: not runsvs(process), "it has left")
    assert stays(lambda: not runsvs(process), 0.5)
    shutil.rmtree(service / "supervise")
    wait_until(lambda: running(service), "it is reachable")


def test_a_link_removed_after_the_end_of_its_runsv_starts_nothing(world, sd):
    service = add(world, "web", run=COUNTED)
    process = runsvdir(world)
    wait_until(lambda: running(service), "run")
    assert stays(lambda: running(service), 1.1)  # else the next one would wait for the end of its second
    assert at(world, "force-shutdown", "web").returncode == 0
    (sd / "web").unlink()
    add(world, "marker")
    wait_for_names(process, "marker")
    assert stays(lambda: starts(service) == 1, 1.5)


@pytest.mark.parametrize("told, command", [("exit", "start"), *(("shutdown", word) for word in ("start", "up", "once"))])
@pytest.mark.parametrize("user", ["root", "its owner"])
def test_sv_has_a_runsv_that_has_left_at_once(world, sd, command, user, told):
    """A user who may write to supervise/control needs no other right."""
    service = add(world, "web")
    process = runsvdir(world)
    wait_until(lambda: running(service), "run")
    assert at(world, told, "web").returncode == 0
    begin = time.monotonic()
    as_user = []
    if user != "root":
        if os.getuid() != 0:
            pytest.skip("needs root, to be somebody else")
        (world.directory / "of-user").mkdir()
        shutil.copy(world.suite.path("sv"), world.directory / "of-user/sv")
        world.directory.chmod(0o755)
        for path in ("supervise", "supervise/control", "supervise/ok"):
            os.chown(service / path, 65534, 65534)
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    sv = world.directory / "of-user/sv" if as_user else world.suite.path("sv")
    said = subprocess.run([*as_user, sv, command, sd / "web"], capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    wait_until(lambda: harness.pid_of(service), "run")
    assert time.monotonic() - begin < 4  # unasked: five seconds


def test_sv_up_without_any_runsvdir_fails(world):
    service = world.service("web")
    runsv = world.runsv("web")
    world.sv("exit", service)
    runsv.wait()
    said = world.sv("up", service)
    assert (said.returncode, said.stdout) == (1, f"fail: {service}: runsv not running\n")


@pytest.mark.parametrize("what", ["ALRM", "file", "mode", "link", "touch"])
def test_what_asks_for_a_runsv_that_has_left(world, sd, what):
    service = add(world, "web")
    process = runsvdir(world)
    wait_until(lambda: running(service), "run")
    assert at(world, "shutdown", "web").returncode == 0
    begin = time.monotonic()
    wait_until(lambda: not runsvs(process), "it has left")
    wait_until(lambda: is_asleep(process.pid), "it listens")
    if what == "ALRM":
        process.send_signal(signal.SIGALRM)
    elif what == "file":
        world.write("sv/web/run.new", "#!/bin/sh\nexec sleep 1000\n").rename(service / "run")
    elif what == "mode":
        (service / "run").chmod(0o700)
    elif what == "link":
        (sd / ".new").symlink_to("../sv/web")
        (sd / ".new").rename(sd / "web")
    else:
        os.utime(service)
    wait_until(lambda: running(service), "run")
    assert time.monotonic() - begin < 4.5  # unasked: five seconds


def test_unasked_a_runsv_that_has_left_comes_back_and_then_nothing_wakes(world, sd):
    service = add(world, "web", run=COUNTED)
    process = runsvdir(world)
    wait_until(lambda: running(service), "run")
    at(world, "exit", "web")
    assert stays(lambda: starts(service) == 1, 2)
    wait_until(lambda: starts(service) == 2 and running(service), "it comes back")
    wait_until(lambda: is_asleep(process.pid), "it watches")
    before = switches(process.pid)[0]
    world.write("sv/web/unrelated", "")
    assert stays(lambda: switches(process.pid)[0] == before, 1)


# -- what a killed runsv has left -------------------------------------------------------------------------------------


@pytest.fixture
def ours_only(request):
    if "debian" in request.node.name:
        pytest.skip("only our runsv takes over what another has left")


def killed_runsv(world, process, name):
    """Its runsv is killed, and its service lives."""
    service = world.directory / "sv" / name
    wait_until(lambda: running(service) and harness.pid_of(service), "run")
    pid, runsv = harness.pid_of(service), runsvs(process)[name]
    os.kill(runsv, signal.SIGKILL)
    wait_until(lambda: not alive(runsv), "it is dead")
    return pid


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_with_W_what_a_killed_runsv_has_left_ends_too(world, sd, ours_only, sent):
    for name in ("web", "db"):
        add(world, name, log__run="#!/bin/sh\nexec cat >/dev/null\n")
    process = runsvdir(world, "-W", "sd")
    wait_for_names(process, "web", "db")
    pids = [killed_runsv(world, process, name) for name in ("web", "db")]
    process.send_signal(sent)
    process.wait(timeout=harness.DEADLINE)
    assert [pid for pid in pids if alive(pid)] == []
    assert not world.living()


def test_without_W_HUP_ends_what_a_killed_runsv_has_left(world, sd, ours_only):
    add(world, "web")
    process = runsvdir(world)
    wait_for_names(process, "web")
    pid = killed_runsv(world, process, "web")
    process.send_signal(signal.SIGHUP)
    assert process.wait() == 111
    wait_until(lambda: not alive(pid), "the service ends")
    wait_until(lambda: not world.living(), "nobody is left")


def test_a_link_removed_after_a_kill_ends_the_service(world, sd, ours_only):
    service = add(world, "web", run=COUNTED)
    process = runsvdir(world)
    wait_for_names(process, "web")
    pid = killed_runsv(world, process, "web")
    (sd / "web").unlink()
    wait_until(lambda: not alive(pid), "the service ends")
    wait_until(lambda: not children(process.pid), "nobody is left")
    assert starts(service) == 1


def test_a_runsv_that_is_asked_to_exit_before_it_begins_starts_nothing(world, ours_only):
    """What runsvdir does to stop what is left, where nothing is."""
    service = world.service("web", run=COUNTED, log__run="#!/bin/sh\necho >>../log-starts\nexec cat\n")
    blocked = "import os, signal, sys\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\nos.kill(os.getpid(), signal.SIGTERM)\nos.execvp(sys.argv[1], sys.argv[1:])"
    done = subprocess.run(["/usr/bin/python3", "-c", blocked, world.suite.path("runsv"), service], timeout=60)
    assert done.returncode == 0
    assert starts(service) == 0 and not (service / "log-starts").exists()
    assert harness.stat_words(service) == "down"


# -- nothing happens when nothing happens -----------------------------------------------------------------------------


def test_an_idle_runsvdir_never_wakes(world, sd):
    for n in range(5):
        add(world, f"s{n}")
    (sd / "dangling").symlink_to("../nowhere/at/all")
    process = runsvdir(world)
    wait_for_names(process, *(f"s{n}" for n in range(5)))
    for n in range(5):
        wait_until(lambda n=n: running(sd / f"s{n}"), "run")
    assert stays_asleep(process, 6)


def test_what_happens_beside_the_way_does_not_wake_it(world, sd):
    add(world, "web")
    process = runsvdir(world)
    wait_for_names(process, "web")
    wait_until(lambda: running(sd / "web"), "run")
    wait_until(lambda: is_asleep(process.pid), "it watches")
    before = switches(process.pid)
    for n in range(20):
        world.write(f"unrelated{n}", "")
        world.write("sv/web/unrelated", str(n))
        (world.directory / f"d{n}").mkdir()
        (world.directory / "sv" / f"d{n}").mkdir()
    assert stays(lambda: switches(process.pid)[0] == before[0], 1)
    for n in range(20):
        (world.directory / f"unrelated{n}").unlink()
        (world.directory / f"d{n}").rmdir()
        (world.directory / "sv" / f"d{n}").rmdir()  # beside the target of the link
    (world.directory / "sv/web/unrelated").unlink()
    assert stays(lambda: switches(process.pid)[0] == before[0], 1)


def test_a_target_that_is_removed_without_a_run_is_seen(world, sd):
    """Without ./run, which reports the removal, the directory above is watched."""
    service = add(world, "web")
    process = runsvdir(world)
    pid = wait_for_names(process, "web")["web"]
    wait_until(lambda: running(service), "run")
    (service / "run").unlink()
    (service / "run").symlink_to("elsewhere")
    (service / "run").unlink()
    wait_until(lambda: is_asleep(process.pid), "it watches")
    remove(service)
    wait_until(lambda: not alive(pid), "it ends")


# -- trouble ----------------------------------------------------------------------------------------------------------


def limited(world, *limits, directory="sd", user=None):
    words = ["prlimit", *limits, "--"] if limits else []
    if user is not None:
        words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *words]
    process = subprocess.Popen(
        [*words, world.suite.path("runsvdir"), directory], cwd=world.directory, env=world.suite.environment(),
        stderr=open(world.directory / "runsvdir.err", "ab"),
    )
    world.processes.append(process)
    return process


@regardless
@pytest.mark.parametrize(
    "mode, words", [(0o000, "change directory to"), (0o444, "change directory to"), (0o111, "open directory")]
)
def test_a_directory_that_cannot_be_read_is_reported(world, mode, words):
    if os.getuid() != 0:
        pytest.skip("needs root, to be somebody else")
    shutil.copytree(world.suite.directories[-1], world.directory / "copy")
    world.suite = harness.Suite(world.directory / "copy")
    (world.directory / "sd").mkdir()
    (world.directory / "sd").chmod(mode)
    world.directory.chmod(0o755)
    process = limited(world, user=65534)
    line = f"{WARNING}unable to {words} sd: access denied\n"
    wait_until(lambda: errors(world), "told")
    assert errors(world) == line
    wait_until(lambda: is_asleep(process.pid), "no storm")
    assert process.poll() is None


@regardless
def test_a_file_is_no_directory(world):
    world.write("sd", "")
    process = runsvdir(world)
    wait_until(lambda: errors(world), "told")
    assert errors(world) == f"{WARNING}unable to change directory to sd: not a directory\n"
    (world.directory / "sd").unlink()
    world.service("sd/web")
    wait_for_names(process, "web")


@regardless
def test_when_no_process_can_be_made_it_says_so_and_tries_again(world):
    if os.getuid() != 0:
        pytest.skip("needs root, to be somebody else")
    user = 64123
    shutil.copytree(world.suite.directories[-1], world.directory / "copy")
    world.suite = harness.Suite(world.directory / "copy")
    for name in ("a", "b", "c"):
        world.service(f"sd/{name}")
    subprocess.run(["chown", "-R", str(user), world.directory], check=True)
    world.directory.chmod(0o755)
    process = limited(world, "--nproc=1:100", user=user)
    pattern = f"{WARNING}unable to fork for [abc]: temporary failure\n"
    wait_until(lambda: len(errors(world).splitlines()) >= 2, "told, and told again")
    assert re.fullmatch(f"({pattern})+", errors(world))
    assert len(errors(world).splitlines()) <= 4
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    subprocess.run([*as_user, "prlimit", "--pid", str(process.pid), "--nproc=100:100"], check=True)
    wait_for_names(process, "a", "b", "c")


def with_inotify_limits(world, **limits):
    """runsvdir in a user namespace in which only so many instances or watches may be had; and what changes the limits."""
    words = "; ".join(f"echo {most} >/proc/sys/user/max_inotify_{what}" for what, most in limits.items())
    if subprocess.run(["unshare", "-Ur", "sh", "-ec", words], capture_output=True).returncode != 0:
        pytest.skip("no user namespace can be made here")
    process = subprocess.Popen(
        ["unshare", "-Ur", "sh", "-ec", f"{words}; exec runsvdir sd"], cwd=world.directory,
        env=world.suite.environment(), stderr=open(world.directory / "runsvdir.err", "ab"),
    )
    world.processes.append(process)

    def change(what, most):
        set_it = f"echo {most} >/proc/sys/user/max_inotify_{what}"
        subprocess.run(["nsenter", "-U", "--preserve-credentials", "-t", str(process.pid), "sh", "-c", set_it], check=True)

    return process, change


@regardless
def test_without_inotify_it_says_so_and_looks_every_five_seconds(world, sd):
    process, change = with_inotify_limits(world, instances=0)
    wait_until(lambda: errors(world).count("\n") == 2, "told, with the cure")
    assert errors(world) == (
        f"{WARNING}unable to watch for changes: process cannot open more files\n"
        f"{WARNING}changes are found every five seconds only; to watch for them: "
        "sysctl -w fs.inotify.max_user_instances=1024\n"
    )
    add(world, "web")
    wait_for_names(process, "web")
    add(world, "db")
    wait_for_names(process, "web", "db")
    change("instances", 10)
    wait_until(lambda: "anon_inode:inotify" in [os.readlink(f) for f in Path(f"/proc/{process.pid}/fd").iterdir()], "again")
    wait_until(lambda: stays_asleep(process, 6), "all is watched")


@regardless
@pytest.mark.parametrize("left", [0, 12])
def test_without_watches_it_says_so_and_finds_what_was_missed(world, sd, left):
    for n in range(8):
        add(world, f"s{n}")
    process, change = with_inotify_limits(world, watches=left)
    wait_for_names(process, *(f"s{n}" for n in range(8)))
    wait_until(lambda: errors(world).count("\n") == 2, "told, with the cure")
    assert errors(world) == (
        f"{WARNING}unable to watch all services for changes: too few inotify watches\n"
        f"{WARNING}the others are looked at every five seconds; to watch them: "
        "sysctl -w fs.inotify.max_user_watches=524288\n"
    )
    first = runsvs(process)["s7"]
    world.service("sv/other")
    (world.directory / "sv/s7").rename(world.directory / "sv/s7.old")
    (world.directory / "sv/other").rename(world.directory / "sv/s7")
    wait_until(lambda: runsvs(process).get("s7", first) != first, "the other takes its place")
    change("watches", 1000)
    wait_until(lambda: stays_asleep(process, 6), "all is watched")


# -- the log in the process title -------------------------------------------------------------------------------------


@regardless
@pytest.mark.parametrize("log", ["", "123456"])
def test_a_log_of_fewer_than_seven_characters_is_refused(world, sd, log):
    add(world, "web")
    process = runsvdir(world, "sd", log)
    wait_for_names(process, "web")
    assert errors(world) == f"{WARNING}log must have at least seven characters.\n{WARNING}log service disabled.\n"


def test_the_log_shows_the_last_messages(world, sd):
    service = add(world, "web", run="#!/bin/sh\necho to stdout\necho to stderr >&2\nexec sleep 1000\n")
    log = "log: " + 30 * "."
    process = runsvdir(world, "-P", "sd", log)
    title = wait_until(lambda: b"stderr\n" in b"".join((c := command(process.pid))[-1:]) and c, "the message")
    assert title == [b"runsvdir", b"-P", b"sd", b"log: " + b"." * 20 + b"to stderr\n"]
    assert errors(world) == ""
    wait_until(lambda: running(service), "run")
    (sd / "nowhere").symlink_to("nothing")
    wait_until(lambda: command(process.pid)[-1].endswith(b"nowhere: file does not exist\n"[-30:]), "our own messages")
    pid = runsvs(process)["web"]
    assert os.readlink(f"/proc/{pid}/fd/2").startswith("pipe:")
    assert not os.readlink(f"/proc/{pid}/fd/1").startswith("pipe:")


def test_the_shortest_log_shows_two_characters(world, sd):
    add(world, "web", run="#!/bin/sh\nprintf abc >&2\nexec sleep 1000\n")
    process = runsvdir(world, "sd", "log: ..")
    wait_until(lambda: command(process.pid)[-1:] == [b"log: bc"], "the message")


# -- many -------------------------------------------------------------------------------------------------------------


@regardless
def test_there_is_no_limit_on_the_number_of_services(world, sd):
    """5,000 of them, with a runsv that only waits: this tests the directory alone."""
    count = 5000
    tools = world.directory / "tools"
    world.write("tools/runsv.c", "int pause(void);\nint main(void) { return pause(); }\n")
    subprocess.run(["cc", "-O1", "-static", "-o", tools / "runsv", tools / "runsv.c"], check=True)
    for n in range(count):
        (sd / f"s{n}").mkdir()
    process = runsvdir(world, env={"PATH": str(tools)})
    wait_until(lambda: len(children(process.pid)) == count, f"{count} services", seconds=120)
    (sd / "s7").rmdir()
    wait_until(lambda: len(children(process.pid)) == count - 1, "one less")
    (world.directory / "sv/late").mkdir()
    (sd / "late").symlink_to("../sv/late")
    wait_until(lambda: len(children(process.pid)) == count, "one more")
    assert errors(world) == ""
    assert stays_asleep(process, 1)
    process.send_signal(signal.SIGHUP)
    assert process.wait() == 111
