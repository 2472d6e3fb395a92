"""svctl logs: the lines of services, out of directories that svlogd writes to and rotates meanwhile."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import threading

import harness
import jsonschema
import pytest

from harness import DEADLINE, is_waiting, ours, stays, wait_until

EPOCH = 1_795_345_900  # 2026-11-22 11:11:40 UTC

LINE_SCHEMA = {
    "type": "object",
    "properties": {
        "service": {"type": "string"},
        "time": {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$"},
        "line": {"type": "string"},
    },
    "required": ["service", "time", "line"],
    "additionalProperties": False,
}


def label(second):
    return f"@{2**62 + 10 + EPOCH + second:016x}{0:08x}"


def log_of(services, name, text="", **old):
    """A service with a log without a writer; keywords are old files: s5="…" has been rotated at second 5."""
    directory = services.make(name, log__run="#!/bin/sh\nexec svlogd -t ./main\n")
    main = directory / "log/main"
    main.mkdir()
    (main / "current").write_text(text)
    for key, content in old.items():
        (main / f"{label(int(key[1:]))}.{key[0]}").write_text(content)
    return main


def stamped(*seconds, word="line"):
    return "".join(f"{label(s)} {word} {s}\n" for s in seconds)


def test_old_files_and_current_are_one_stream_in_local_time(services):
    log_of(services, "web", stamped(5), s2=stamped(1, 2), u4=stamped(3))
    said = services.svctl("logs", "web", env={"TZ": "Europe/Berlin"})
    assert said.stdout.splitlines() == [f"2026-11-22 12:11:4{s}.000 line {s}" for s in (1, 2, 3, 5)]
    assert (said.stderr, said.returncode) == ("", 0)


def test_only_the_last_lines(services):
    log_of(services, "web", stamped(5), s2=stamped(1, 2), u4=stamped(3))
    assert services.svctl("logs", "-n", "2", "web").stdout.split()[3::4] == ["3", "5"]
    assert services.svctl("logs", "-n", "0", "web").stdout == ""
    assert len(services.svctl("logs", "-n", "99", "web").stdout.splitlines()) == 4


@pytest.mark.parametrize("since, first", [
    ("2026-11-22 11:11:43", 3), ("2026-11-22T11:11:43Z", 3), (label(2), 2), ("2026-11-22_11:11:45.00000", 5),
    ("2026-11-21", 1)])
def test_only_what_is_not_older(services, since, first):
    log_of(services, "web", stamped(5, 6), s2=stamped(1, 2), s4=stamped(3, 4))
    said = services.svctl("logs", "--since", since, "web").stdout.splitlines()
    assert [int(line.split()[-1]) for line in said] == list(range(first, 7))


def test_only_what_is_found_and_of_that_the_last(services):
    log_of(services, "web", stamped(5, 6) + stamped(7, word="other"), s2=stamped(1, 2))
    said = services.svctl("logs", "--grep", "^l[i]ne (1|5|6)$", "-n", "2", "web").stdout
    assert re.findall(r"(\w+ \d)$", said, re.M) == ["line 5", "line 6"]
    assert services.svctl("logs", "--grep", "2026|@", "web").stdout == "", "stamps are not searched"


def test_several_services_by_time(services):
    log_of(services, "web", stamped(1, 4) + "  continued\n")
    log_of(services, "database", stamped(2, 3, 5))
    said = services.svctl("logs", "*").stdout.splitlines()
    assert [line.split()[0] for line in said] == ["web", "database", "database", "web", "web", "database"]
    assert said[0] == "web       2026-11-22 11:11:41.000 line 1"
    assert said[4] == "web         continued"
    assert len(services.svctl("logs", "-n", "2", "web", "database").stdout.splitlines()) == 2


def test_names_are_told_apart_by_colour(services):
    log_of(services, "a", stamped(1)), log_of(services, "b", stamped(2))
    said, code = services.on_a_terminal("logs", "a", "b")
    assert code == 0
    colours = re.findall(r"^\x1b\[(\d+)m([ab])\x1b\[0m", said, re.M)
    assert [name for _, name in colours] == ["a", "b"]
    assert colours[0][0] != colours[1][0]
    assert "\x1b" not in services.on_a_terminal("--color", "never", "logs", "a", "b")[0]


def test_a_line_cannot_act_on_the_terminal(services):
    log_of(services, "web", "a\x1b[2Jb\tc\n")
    assert services.on_a_terminal("logs", "web")[0] == "a\\x1b[2Jb\tc\n"
    assert services.svctl("logs", "web").stdout == "a\x1b[2Jb\tc\n", "in a pipe it is what it is"


def test_json(services):
    main = log_of(services, "web", stamped(1) + "no stamp\n")
    with open(main / "current", "ab") as log:
        log.write(b"2026-11-22_11:11:42.00001 \xff\n")
    lines = [json.loads(line) for line in services.svctl("logs", "--json", "web").stdout.splitlines()]
    for line in lines:
        jsonschema.validate(line, LINE_SCHEMA)
    assert lines == [
        {"service": "web", "time": "2026-11-22T11:11:41.000000000Z", "line": "line 1"},
        {"service": "web", "time": None, "line": "no stamp"},
        {"service": "web", "time": "2026-11-22T11:11:42.000010000Z", "line": "\ufffd"},
    ]


@pytest.mark.parametrize("tool", ["gzip", "xz", "zstd", "bzip2"])
def test_what_a_processor_has_packed(services, tool):
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool}")
    main = log_of(services, "web", stamped(5))
    packed = subprocess.run([tool, "-c"], input=stamped(1, 2).encode(), capture_output=True, check=True).stdout
    (main / f"{label(2)}.s").write_bytes(packed)
    assert [line.split()[-1] for line in services.svctl("logs", "web").stdout.splitlines()] == ["1", "2", "5"]
    # Without the program, it is said what is missing.
    empty = services.world.directory / "empty"
    empty.mkdir()
    said = services.svctl("logs", "web", env={"PATH": empty})
    assert said.stdout.split()[-1:] == ["5"]
    assert said.stderr == f"svctl: web: {label(2)}.s: skipped: there is no {tool} here\n"


# -- where the log is ------------------------------------------------------------------------------------------------


def test_a_running_svlogd_is_asked_whatever_log_run_looks_like(any_services):
    services = any_services
    elsewhere = services.world.directory / "elsewhere"
    elsewhere.mkdir()
    program = services.suite.path("svlogd")
    services.running("web", "#!/bin/sh\necho hello\nexec sleep 1000\n",
                     log__run=f"#!/bin/sh\nX={elsewhere}\n{program} -tt $X; :\n")
    wait_until(lambda: (elsewhere / "current").exists() and (elsewhere / "current").stat().st_size, "a line")
    assert services.svctl("logs", "web").stdout.endswith(" hello\n")


@pytest.mark.parametrize("line", [
    "exec svlogd -tt ./main", "exec chpst -u root:root svlogd -ttr_ -l 2000 -b4096 'main'",
    "svlogd -R xyz -- main/", "exec /usr/bin/svlogd \"./main\""])
def test_one_that_does_not_run_is_read_from_its_run(services, line):
    main = log_of(services, "web", "hello\n")
    (main.parent / "run").write_text(f"#!/bin/sh\n# svlogd nowhere\n{line}\n")
    assert services.svctl("logs", "web").stdout == "hello\n"


def test_all_directories_of_one_svlogd_are_read_by_time(services):
    """As of socklog-unix, whose first directory is empty on many machines."""
    main = log_of(services, "web", "")
    for place, lines in (("auth", ["2026-01-01_00:00:01.00000 one", "2026-01-01_00:00:03.00000 three"]),
                         ("mail", ["2026-01-01_00:00:02.00000 two"])):
        (main.parent / place).mkdir()
        (main.parent / place / "current").write_text("".join(line + "\n" for line in lines))
    (main.parent / "run").write_text("#!/bin/sh\nexec svlogd ./main ./auth ./mail\n")
    said = services.svctl("logs", "-o", "cat", "web")
    assert (said.stdout, said.stderr, said.returncode) == ("one\ntwo\nthree\n", "", 0)
    assert services.svctl("logs", "-o", "cat", "-n", "2", "web").stdout == "two\nthree\n"
    assert re.findall(r"  (\w+)$", services.svctl("status", "web").stdout, re.M)[-3:] == ["one", "two", "three"]


def test_a_directory_that_is_not_there_does_not_hide_the_others(services):
    main = log_of(services, "web", "hello\n")
    (main.parent / "run").write_text("#!/bin/sh\nexec svlogd ./main /no/such/place\n")
    said = services.svctl("logs", "web")
    assert (said.stdout, said.returncode) == ("hello\n", 0)
    assert said.stderr.startswith("svctl: /no/such/place: unable to open log directory")


def test_a_directory_may_be_named(services):
    main = log_of(services, "web", "hello\n")
    assert services.svctl("logs", "--dir", main).stdout == "hello\n"
    log_of(services, "db", "there\n")
    assert services.svctl("logs", "--dir", main, "db").stdout.splitlines() == [
        f"db{' ' * (len(str(main)) - 2)}  there", f"{main}  hello"]


def sentences(said):
    """Cause, cure, and the code."""
    return [line.removeprefix("svctl: ") for line in said.stderr.splitlines()], said.returncode


def test_what_cannot_be_read_is_said_with_its_cure(services):
    base = services.directory
    services.make("bare")
    services.make("variable", log__run="#!/bin/sh\nexec svlogd -tt \"$DIR\"\n")
    services.make("other", log__run="#!/bin/sh\nexec cat\n")
    services.make("lost", log__run="#!/bin/sh\nexec svlogd -tt ./main\n")
    where = "say where its log is: svctl logs --dir DIRECTORY"
    assert sentences(services.svctl("logs", "bare")) == (
        [f"bare has no log: there is no {base}/bare/log",
         f"give it one: an executable {base}/bare/log/run that ends in: exec svlogd -tt DIRECTORY"], 4)
    assert sentences(services.svctl("logs", "variable")) == (
        [f"where {base}/variable/log/run logs to is only known when it runs: $DIR", where], 1)
    assert sentences(services.svctl("logs", "other")) == ([f"{base}/other/log/run starts no svlogd that runs", where], 1)
    cause, code = sentences(services.svctl("logs", "lost"))
    assert (cause[0], code) == (f"{base}/lost/log/main: unable to open log directory: file does not exist", 4)


def test_one_log_that_cannot_be_read_does_not_hide_the_others(services):
    services.make("bare")
    log_of(services, "web", "hello\n")
    said = services.svctl("logs", "web", "bare")
    assert said.stdout == "hello\n"
    assert (said.stderr.splitlines()[0].startswith("svctl: bare has no log"), said.returncode) == (True, 4)


def test_a_pattern_passes_over_what_has_no_log(services):
    for name in "abcdefg":
        services.make(name)
    log_of(services, "web", "hello\n")
    said = services.svctl("logs", "*")
    assert (said.stdout, said.returncode) == ("hello\n", 0)
    assert said.stderr == "svctl: 7 services have no log of svlogd: a, b, c, d, e, …\n"
    said = services.svctl("logs", "[ab]")
    assert (said.stdout, said.stderr, said.returncode) == ("", "svctl: 2 services have no log of svlogd: a, b\n", 4)


@pytest.mark.parametrize("words", [["-n", "x", "web"], ["-n", "1.5", "web"], ["-n", "-1", "web"],
                                   ["--since", "soon", "web"], ["--grep", "(", "web"], ["../web"], ["web/.."]])
def test_what_is_not_understood_is_refused(services, words):
    log_of(services, "web", "hello\n")
    said = services.svctl("logs", *words)
    assert said.returncode in (2, 4) and said.stdout == "" and said.stderr.startswith("svctl: ")


def test_unprivileged_it_says_what_it_may_not(services):
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    main = log_of(services, "web", "hello\n")
    for path in (services.world.directory, services.directory):
        path.chmod(0o755)
    main.chmod(0o700)
    said = services.svctl("logs", "web", user=65534)
    assert sentences(said) == (
        [f"{main}: unable to open log directory: access denied", "try it as root: sudo svctl --svdir " + str(services.directory) + " logs web"], 5)
    main.chmod(0o755)
    assert services.svctl("logs", "web", user=65534).stdout == "hello\n"


# -- following -------------------------------------------------------------------------------------------------------


class Follower:
    """A `svctl logs -f` whose lines can be waited for."""

    def __init__(self, services, *arguments, prepare=None):
        environment = ours().environment(SVDIR=services.directory, TZ="UTC")
        self.process = subprocess.Popen([ours().path("svctl"), "logs", "-f", *map(str, arguments)], env=environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=prepare)
        services.world.processes.append(self.process)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def until(self, expected):
        try:
            wait_until(lambda: self.lines == expected, expected)
        except AssertionError:
            assert self.lines == expected

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        return self.process.stderr.read()


def append(main, text):
    with open(main / "current", "a") as log:
        log.write(text)


def test_following_begins_with_the_last_ten_lines(services):
    main = log_of(services, "web", "".join(f"{i}\n" for i in range(20)))
    follower = Follower(services, "web")
    follower.until([str(i) for i in range(10, 20)])
    append(main, "20\n")
    follower.until([str(i) for i in range(10, 21)])
    assert follower.stop() == ""


def test_following_across_rotations_processors_and_deletions(services):
    main = log_of(services, "web", "a\n")
    follower = Follower(services, "-n", "1", "web")
    follower.until(["a"])
    append(main, "b\n")
    (main / "current").rename(main / f"{label(1)}.u")
    follower.until(["a", "b"])
    (main / "current").write_text("d\n")
    follower.until(["a", "b", "d"])
    (main / f"{label(1)}.t").write_text("c, processed\n")
    (main / f"{label(1)}.t").rename(main / f"{label(1)}.s")
    (main / f"{label(1)}.u").unlink()
    append(main, "e")
    append(main, "f\n")
    follower.until(["a", "b", "d", "ef"])
    (main / "current").rename(main / f"{label(2)}.s")
    (main / f"{label(2)}.s").unlink()
    (main / "current").write_text("g\n")
    follower.until(["a", "b", "d", "ef", "g"])
    assert follower.stop() == ""


def test_following_a_log_that_is_not_there_yet(services):
    main = log_of(services, "web")
    (main / "current").unlink()
    follower = Follower(services, "web")
    (main / "current").write_text("a\n")
    follower.until(["a"])
    follower.stop()


def test_a_service_that_has_no_log_yet_is_waited_for(any_services):
    """It is said once, with the cure; the log comes, and its lines from then on are shown."""
    services = any_services
    directory = services.make("web", "#!/bin/sh\necho hello\nexec sleep 1000\n")
    follower = Follower(services, "web")
    wait_until(lambda: is_waiting(follower.process), "it waits")
    services.world.write(directory / "log/run", "#!/bin/sh\nexec svlogd ./main\n", mode=0o755)
    services.world.start(services.suite.path("runsv"), "web", cwd=services.directory)
    services.until_status("web", now="run")
    (directory / "log/main").mkdir()
    follower.until(["hello"])
    said = follower.stop().splitlines()
    assert said[0] == f"svctl: web has no log: there is no {directory}/log" and said[1].startswith("svctl: give it one: "), said
    assert said[2:] == ["svctl: web: waiting until it has a log"]


def test_a_service_that_goes_while_its_log_is_waited_for(services):
    directory = services.make("web")
    follower = Follower(services, "web")
    wait_until(lambda: is_waiting(follower.process), "it waits")
    shutil.rmtree(directory)
    assert follower.process.wait(DEADLINE) == 4


def test_following_ends_with_the_directory(services):
    main = log_of(services, "web", "a\n")
    follower = Follower(services, "web")
    follower.until(["a"])
    shutil.rmtree(main)
    assert follower.process.wait(DEADLINE) == 4
    assert "has been removed, and is not followed" in follower.process.stderr.read()


def test_following_costs_nothing_when_nothing_is_said(services):
    log_of(services, "web", "a\n")
    follower = Follower(services, "web")
    follower.until(["a"])

    def switches():
        text = open(f"/proc/{follower.process.pid}/status").read()
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M).group(1))

    before = switches()
    assert stays(lambda: switches() - before <= 1, 1), "it may have been on its way to sleep"
    follower.stop()


@pytest.mark.parametrize("config, keeps_all", [("s2048\nn0\n", True), ("s4096\nn0\n!gzip\n", True), ("s2048\nn3\n", False)])
def test_a_torrent_is_followed_without_losing_or_doubling_a_line(services, config, keeps_all):
    """svlogd rotates every few dozen lines, as fast as it can; a file that was deleted too early must at least be reported."""
    count = 20_000
    directory = services.make("web", log__run="#!/bin/sh\nexec svlogd -t -l 200 ./main\n")
    main = directory / "log/main"
    main.mkdir()
    (main / "config").write_text(config)
    (main / "current").write_text("start -1\n")
    follower = Follower(services, "web")
    follower.until(["start -1"])
    svlogd = services.world.start("svlogd", "-t", "-l", "200", main, stdin=subprocess.PIPE)
    for first in range(0, count, 500):
        svlogd.stdin.write("".join(f"{i}\n" for i in range(first, first + 500)).encode())
        svlogd.stdin.flush()
    svlogd.stdin.close()
    wait_until(lambda: follower.lines and follower.lines[-1].endswith(f" {count - 1}"), "the last line", 4 * DEADLINE)
    complaints = follower.stop()
    numbers = [int(line.split()[-1]) for line in follower.lines]
    if keeps_all or not complaints:
        assert numbers == list(range(-1, count)) and complaints == ""
    else:
        assert numbers == sorted(set(numbers)), "in order, none twice"
        gaps = sum(1 for a, b in zip(numbers, numbers[1:]) if b != a + 1)
        assert gaps <= complaints.count("its lines are missing"), "every gap is told"


def test_hundreds_of_logs_are_followed(services):
    """More than a usual limit of open files allows; each line once, of whichever service."""
    for i in range(600):
        log_of(services, f"s{i:03}", f"first {i}\n")
    follower = Follower(services, "-n", "1000", "*", prepare=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    wait_until(lambda: len(follower.lines) == 600, "all first lines")
    for i in range(0, 600, 7):
        with open(services.directory / f"s{i:03}/log/main/current", "a") as log:
            log.write(f"second {i}\n")
    wait_until(lambda: len(follower.lines) >= 600 + 86, "all second lines")
    assert follower.stop() == ""
    assert sorted(line.split()[-1] for line in follower.lines[600:]) == sorted(str(i) for i in range(0, 600, 7))


IN_A_NAMESPACE = """
mount --make-rprivate / && mount -t tmpfs logs "$1" && mkdir "$1/web" || exit 99
cd "$2" && exec "$3" web
"""


def test_a_logger_in_a_mount_namespace_of_its_own(services):
    """Its directory is covered by a file system that only it sees: the lines are read where it writes them."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    logs = services.world.directory / "logs"
    (logs / "web").mkdir(parents=True)
    (logs / "web/current").write_text("not this one\n")
    services.make("web", "#!/bin/sh\necho hello\nexec sleep 1000\n", log__run=f"#!/bin/sh\nexec {ours().path('svlogd')} {logs}/web\n")
    started = services.world.start(shutil.which("unshare"), "--mount", "sh", "-c", IN_A_NAMESPACE, "sh", logs, services.directory,
                                   services.suite.path("runsv"))
    wait_until(lambda: started.poll() is not None or services.svctl("logs", "web").stdout == "hello\n", "its line")
    if started.poll() == 99:
        pytest.skip("nothing can be mounted here")
    assert (logs / "web/current").read_text() == "not this one\n"
    follower = Follower(services, "web")
    follower.until(["hello"])
    services.svctl("restart", "web")
    follower.until(["hello", "hello"])
    assert follower.stop() == ""
    assert [line["text"] for line in services.json("status", "--json", "web")["services"][0]["said"]] == ["hello", "hello"]


def test_who_may_not_look_into_the_logger_is_told_so(services):
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    services.running("web", log__run="#!/bin/sh\ntest -e never || exec cat >/dev/null\nexec svlogd ../../../hidden\n")
    hidden = services.world.directory / "hidden"
    hidden.mkdir()
    for path in (services.world.directory, services.directory, services.directory / "web", services.directory / "web/log", hidden):
        path.chmod(0o755)
    said = services.svctl("logs", "web", user=65534)
    assert said.returncode == 5 and said.stdout == ""
    assert said.stderr.splitlines() == [
        f"svctl: web: its logger does not show this user where it writes, and in {hidden}, of {services.directory}/web/log/run, there is no log",
        "svctl: see it as root, or say where its log is: svctl logs --dir DIRECTORY"]


# -- journalctl's words ----------------------------------------------------------------------------------------------


def test_without_a_name_all_logs_are_read(services):
    log_of(services, "web", stamped(1, word="web"))
    log_of(services, "db", stamped(2, word="db"))
    services.make("bare")
    said = services.svctl("logs", "-o", "cat")
    assert (said.stdout, said.returncode) == ("web 1\ndb 2\n", 0)
    assert said.stderr == "svctl: 1 service has no log of svlogd: bare\n"


def test_until_reverse_and_the_format(services):
    log_of(services, "web", stamped(1, 2, 3, 4))
    assert services.svctl("logs", "-o", "cat", "-r", "web").stdout == "line 4\nline 3\nline 2\nline 1\n"
    assert services.svctl("logs", "-o", "cat", "-r", "-n", "2", "-u", "web").stdout == "line 4\nline 3\n"
    assert services.svctl("logs", "-o", "cat", "--until", label(3), "web").stdout == "line 1\nline 2\nline 3\n"
    assert services.svctl("logs", "-o", "cat", "-U", label(3), "-n", "2", "web").stdout == "line 2\nline 3\n"
    assert services.svctl("logs", "-o", "cat", "-S", label(2), "-U", label(3), "web").stdout == "line 2\nline 3\n"
    assert [json.loads(line)["line"] for line in services.svctl("logs", "-o", "json", "web").stdout.splitlines()][0] == "line 1"
    for words in (["-f", "-r"], ["-f", "-U", "1h"]):
        assert services.svctl("logs", *words, "web").returncode == 2


def test_case_may_be_ignored(services):
    log_of(services, "web", "An Error\nnothing\n")
    assert services.svctl("logs", "-g", "error", "web").stdout == ""
    assert services.svctl("logs", "-i", "-g", "error", "web").stdout == "An Error\n"


def test_a_priority_is_that_of_syslog_and_its_absence_is_said(services):
    log_of(services, "socklog-unix", "daemon.err: bad\ndaemon.info: good\nkern.warn: so so\n<2>worse\n")
    assert services.svctl("logs", "-p", "warning", "socklog-unix").stdout == "daemon.err: bad\nkern.warn: so so\n<2>worse\n"
    assert services.svctl("logs", "-p", "3", "socklog-unix").stdout == "daemon.err: bad\n<2>worse\n"
    log_of(services, "web", "hello\n")
    said = services.svctl("logs", "-p", "err", "web")
    assert said.stdout == "" and "no line here has one" in said.stderr


def test_what_goes_to_syslog_is_said_with_the_command_that_shows_it(services):
    services.make("web", log__run="#!/bin/sh\nexec vlogger -p daemon\n")
    services.make("db", log__run="#!/bin/sh\nexec logger -t base\n")
    services.make("socklog-unix", log__run="#!/bin/sh\nexec svlogd ./main\n")
    assert sentences(services.svctl("logs", "web")) == (
        ["web sends its lines through vlogger to syslog, as web", "read them there: svctl logs socklog-unix --grep web"], 4)
    assert sentences(services.svctl("logs", "db")) == (
        ["db sends its lines through logger to syslog, as base", "read them there: svctl logs socklog-unix --grep base"], 4)


def test_what_goes_to_standard_output_is_said_with_the_command_that_shows_it(services):
    out = services.world.directory / "out"
    services.make("web", "#!/bin/sh\necho hello\nexec sleep 1000\n")
    with open(out, "wb") as file:
        services.world.start("runsv", "web", cwd=services.directory, stdout=file)
    wait_until(lambda: (services.directory / "web/supervise/status").exists(), "it is supervised")
    services.until_status("web", now="run")
    wait_until(lambda: services.svctl("logs", "web").stderr == (
        f"svctl: web has no log: its standard output is the file {out}\nsvctl: read it: tail -F {out}\n"), "it is said")


def test_following_all_takes_up_what_is_enabled_later(any_services):
    services = any_services
    services.running("web", "#!/bin/sh\necho from web\nexec sleep 1000\n", log__run="#!/bin/sh\nexec svlogd -tt ./main\n",
                     log__main__config="")
    services.world.start("svctl", "logs", "-f", "-o", "cat", env=harness.ours().environment(SVDIR=services.directory))
    out = services.world.directory / "svctl.out"
    wait_until(lambda: "from web\n" in out.read_text(), "what there was")
    services.supervise("new", "#!/bin/sh\necho from new\nexec sleep 1000\n", log__run="#!/bin/sh\nexec svlogd -tt ./main\n",
                       log__main__config="")
    wait_until(lambda: "from new\n" in out.read_text(), "what has come")
    harness.control(services.directory / "new", "k")
    wait_until(lambda: out.read_text().count("from new\n") == 2, "it goes on")
    assert out.read_text().count("from web\n") == 1
