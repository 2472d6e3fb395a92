"""sv: what it says, what it sends, how long it waits, and what it exits with. Rows V1 to V37 of docs/contract.md."""

import os
import pty
import re
import select
import struct
import subprocess
import threading
import time

import pytest

import harness
from harness import fifo_has_reader, pid_of, stat_words, wait_for_words, wait_until

SLEEP = "#!/bin/sh\nexec sleep 1000\n"
STUBBORN = "#!/bin/sh\ntrap '' TERM\ntouch ready\nwhile :; do sleep 0.05; done\n"
USAGE = "usage: sv [-v] [-w sec] command service ...\n\n"
NOBODY = 65534


@pytest.fixture(params=["ours", "2.1.2", "2.3.1"])
def supervise(world, request):
    """Starts a runsv, ours or Debian's, on a service directory of the world, and waits until it takes commands."""
    suite = harness.ours() if request.param == "ours" else harness.reference(request.param)
    if suite is None or not any((d / "runsv").exists() for d in suite.directories):
        pytest.skip(f"no runsv {request.param} here")

    def start(name, **files):
        directory = world.service(name, **files)
        process = world.start(suite.path("runsv"), name)
        wait_until(lambda: fifo_has_reader(directory / "supervise/ok"), f"runsv {name} takes commands")
        wait_until(lambda: (directory / "supervise/status").exists(), f"runsv {name} tells its status")
        return process

    return start


@pytest.fixture
def fake(world):
    """A service directory whose supervise/ is made by hand: exactly the status that a test wants, for ever."""
    held = []

    def make(name, pid=0, paused=0, want="u", got_term=0, phase=0, age=5, status=None, ok=True, taking=True):
        supervise = world.directory / name / "supervise"
        supervise.mkdir(parents=True)
        for fifo in ("ok", "control"):
            os.mkfifo(supervise / fifo)
        if ok:
            held.append(os.open(supervise / "ok", os.O_RDONLY | os.O_NONBLOCK))
        if taking:
            make.control = os.open(supervise / "control", os.O_RDWR | os.O_NONBLOCK)
            held.append(make.control)
        record = struct.pack(">QI", harness.TAI_OFFSET + int(time.time()) - age, 500) + struct.pack("<I", pid)
        record += bytes([paused, ord(want), got_term, phase])
        (supervise / "status").write_bytes(record if status is None else status)
        return world.directory / name

    make.sent = lambda: os.read(make.control, 100)
    yield make
    for fd in held:
        os.close(fd)


def wait_for_run(directory):
    """supervise/stat says so a little earlier than supervise/status, which sv reads."""
    wait_until(lambda: harness.Status(directory).now == "run", f"{directory} runs")


def says(result, pattern, code=0, err=""):
    """Asserts what sv has said, N for every pid and every age."""
    text = re.sub(r"\(pid \d+\)", "(pid N)", re.sub(r"\b\d+s\b", "Ns", result.stdout))
    assert (text, result.stderr, result.returncode) == (pattern, err, code)


def pid_said(result):
    return int(re.search(r"\(pid (\d+)\)", result.stdout).group(1))


def after(seconds, action):
    thread = threading.Timer(seconds, action)
    thread.start()
    return thread


# -- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["status"], ["Z", "a"], ["restar", "a"], ["force", "a"], ["", "a"], ["-w", "3"]])
def test_a_command_line_that_says_nothing_gets_the_usage(world, words):
    """V1"""
    says(world.sv(*words), "", 100, USAGE)


def test_an_option_that_is_not_one_is_named(world):
    """V1"""
    says(world.sv("-x", "status", "a"), "", 100, "sv: illegal option -- x\n" + USAGE)
    says(world.sv("-vx", "status", "a"), "", 100, "sv: illegal option -- x\n" + USAGE)
    says(world.sv("-w"), "", 100, "sv: option requires an argument -- w\n" + USAGE)


@pytest.mark.parametrize("words", [[], ["Z"], ["s"], ["sttus"], ["starx"]])
def test_an_init_script_that_is_told_nothing_has_its_own_usage(world, words):
    """V2"""
    says(world.run("sv", *words, argv0="/etc/init.d/a"), "", 2, "usage: a [-w sec] command\n\n")


def test_the_version_comes_before_the_usage(world):
    """V3"""
    said = world.sv("-V", "status", "a")
    assert re.fullmatch(r"runwell [0-9.]+\n" + re.escape(USAGE), said.stderr)
    assert (said.returncode, said.stdout) == (100, "")


def test_options_end_where_the_command_begins(world, fake):
    """V1"""
    fake("a", pid=9, phase=1)
    says(world.sv("--", "status", "a"), "run: a: (pid N) Ns\n")
    said = world.sv("status", "-v", "a")
    says(said, "fail: -v: unable to change to service directory: file does not exist\nrun: a: (pid N) Ns\n", 1)


# -- status -----------------------------------------------------------------------------------------------------------


def test_status_is_one_line_for_each_service(world, supervise):
    """V4"""
    supervise("a", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    supervise("b")
    supervise("n", down="")
    wait_for_run(world.directory / "a")
    wait_for_run(world.directory / "a/log")
    wait_for_run(world.directory / "b")
    says(
        world.sv("status", "a", "b", "n"),
        "run: a: (pid N) Ns; run: log: (pid N) Ns\nrun: b: (pid N) Ns\ndown: n: Ns\n",
    )
    assert pid_said(world.sv("status", "b")) == pid_of(world.directory / "b")


@pytest.mark.parametrize(
    "status, down_file, line",
    [
        (dict(pid=9, phase=1), False, "run: a: (pid N) Ns"),
        (dict(pid=9, phase=1), True, "run: a: (pid N) Ns, normally down"),
        (dict(want="d"), False, "down: a: Ns, normally up"),
        (dict(want="d"), True, "down: a: Ns"),
        (dict(want="u"), False, "down: a: Ns, normally up, want up"),
        (dict(pid=9, phase=1, want="d", got_term=1), False, "run: a: (pid N) Ns, want down, got TERM"),
        (dict(pid=9, phase=1, paused=1), True, "run: a: (pid N) Ns, normally down, paused"),
        (dict(pid=9, phase=2, want="d"), False, "finish: a: (pid N) Ns, want down"),
        (dict(pid=9, phase=1, age=-1000), False, "run: a: (pid N) Ns"),
    ],
)
def test_the_line_says_what_is_not_normal(world, fake, status, down_file, line):
    """V5"""
    made = fake("a", **status)
    if down_file:
        (made / "down").touch()
    says(world.sv("status", "a"), line + "\n")


def test_a_start_in_the_future_is_zero_seconds_old(world, fake):
    """V5: a clock that jumped back"""
    fake("a", pid=9, phase=1, age=-100000)
    assert world.sv("status", "a").stdout == "run: a: (pid 9) 0s\n"


def test_a_service_is_called_as_it_was_called(world, fake):
    """V6"""
    fake("a", pid=9, phase=1)
    for name in ("a", "./a", "a/", f"{world.directory}/a"):
        says(world.sv("status", name), f"run: {name}: (pid N) Ns\n")


@pytest.mark.parametrize("name", ["with space", "new\nline", "-v", "x" * 255, "ünïcödé", "a\tb"])
def test_any_name_is_a_name(world, fake, name):
    """V6"""
    fake(name, pid=9, phase=1)
    says(world.sv("status", "--", name), f"fail: --: unable to change to service directory: file does not exist\nrun: {name}: (pid N) Ns\n", 1)


def test_a_name_beyond_all_bounds_is_only_a_failure(world):
    """V8"""
    for length in (256, 5000, 100_000):
        says(world.sv("status", "x" * length), f"fail: {'x' * length}: unable to change to service directory: file name too long\n", 1)


@pytest.mark.parametrize("word", ["s", "stat", "sxyz", "starx"])
def test_words_with_s_tell_the_status(world, fake, word):
    """V7"""
    fake("a", pid=9, phase=1)
    says(world.sv(word, "a"), "run: a: (pid N) Ns\n")


@pytest.mark.parametrize(
    "word, sent",
    [("uXX", "u"), ("hello", "h"), ("once", "o"), ("15", "1"), ("2", "2"), ("exit", "x"), ("kill", "k"), ("down", "d"),
     ("pause", "p"), ("cont", "c"), ("alarm", "a"), ("interrupt", "i"), ("quit", "q"), ("term", "t")],
)  # fmt: skip
def test_a_word_sends_its_byte_and_says_nothing(world, fake, word, sent):
    """V7, V16"""
    fake("a", pid=9, phase=1)
    says(world.sv(word, "a"), "")
    assert fake.sent() == sent.encode()


def test_a_command_is_sent_even_if_the_status_says_so_already(world, fake):
    """0.3"""
    fake("a", pid=9, phase=1)
    says(world.sv("up", "a"), "")
    assert fake.sent() == b"u"


def test_restart_is_three_bytes_in_one_write(world, fake):
    fake("a", pid=9, phase=1)
    says(world.sv("-w0", "restart", "a"), "timeout: run: a: (pid N) Ns\n", 1)
    assert fake.sent() == b"tcu"


def test_what_is_no_directory_is_a_failure(world):
    """V8"""
    world.write("file", "")
    says(world.sv("status", "nope"), "fail: nope: unable to change to service directory: file does not exist\n", 1)
    says(world.sv("up", "nope"), "fail: nope: unable to change to service directory: file does not exist\n", 1)
    says(world.sv("status", "file"), "fail: file: unable to change to service directory: not a directory\n", 1)
    says(world.sv("status", ""), "fail: : unable to change to service directory: file does not exist\n", 1)


def test_a_directory_without_supervise_is_a_warning(world):
    """V9"""
    world.service("plain")
    says(world.sv("status", "plain"), "warning: plain: unable to open supervise/ok: file does not exist\n", 1)


def test_a_dead_runsv_is_a_failure(world, supervise):
    """V10"""
    process = supervise("n", down="")
    process.kill()
    process.wait()
    says(world.sv("status", "n"), "fail: n: runsv not running\n", 1)
    says(world.sv("up", "n"), "fail: n: runsv not running\n", 1)


@pytest.mark.parametrize("word", ["exit", "x", "X", "E", "shutdown", "force-shutdown"])
def test_a_dead_runsv_is_what_exit_wanted(world, fake, word):
    """V11"""
    fake("n", ok=False, taking=False)
    says(world.sv(word, "n"), "ok: n: runsv not running\n")


@pytest.mark.parametrize("status", [b"", b"x", b"x" * 19, b"x" * 19 + b"\x03", b"\xff" * 20])
def test_a_torn_status_is_a_warning(world, fake, status):
    """V12"""
    fake("a", status=status)
    says(world.sv("status", "a"), "warning: a: unable to read supervise/status: bad format\n", 1)


def test_a_missing_status_is_a_warning(world, fake):
    """V12"""
    (fake("a") / "supervise/status").unlink()
    says(world.sv("status", "a"), "warning: a: unable to open supervise/status: file does not exist\n", 1)


def test_a_status_that_is_no_file_does_not_hold_sv_up(world, fake):
    """V12"""
    (fake("a") / "supervise/status").unlink()
    os.mkfifo(world.directory / "a/supervise/status")
    says(world.sv("status", "a", timeout=20), "warning: a: unable to read supervise/status: bad format\n", 1)
    (world.directory / "a/supervise/status").unlink()
    (world.directory / "a/supervise/status").mkdir()
    says(world.sv("status", "a"), "warning: a: unable to read supervise/status: is a directory\n", 1)


def test_what_follows_the_twenty_bytes_is_ignored(world, fake):
    made = fake("a", pid=9, phase=1)
    with open(made / "supervise/status", "ab") as file:
        file.write(b"z" * 100_000)
    says(world.sv("status", "a"), "run: a: (pid N) Ns\n")


def test_an_ok_that_is_a_file_counts_as_a_runsv(world, fake):
    """R12: as runit has it"""
    made = fake("a", pid=9, phase=1, ok=False)
    (made / "supervise/ok").unlink()
    (made / "supervise/ok").touch()
    says(world.sv("status", "a"), "run: a: (pid N) Ns\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_the_modes_of_supervise_decide_who_may_do_what(world, fake):
    """V13, V14, V15"""
    world.directory.chmod(0o755)
    made = fake("a", pid=9, phase=1)
    as_nobody = dict(user=NOBODY, group=NOBODY, extra_groups=[])
    (made / "supervise").chmod(0o700)
    says(world.sv("status", "a", **as_nobody), "warning: a: unable to open supervise/ok: access denied\n", 1)

    (made / "supervise").chmod(0o755)
    (made / "supervise/ok").chmod(0o600)
    (made / "supervise/control").chmod(0o600)
    says(world.sv("status", "a", **as_nobody), "warning: a: unable to open supervise/ok: access denied\n", 1)
    says(world.sv("down", "a", **as_nobody), "warning: a: unable to open supervise/ok: access denied\n", 1)

    (made / "supervise/ok").chmod(0o666)
    says(world.sv("status", "a", **as_nobody), "run: a: (pid N) Ns\n")
    says(world.sv("down", "a", **as_nobody), "warning: a: unable to open supervise/control: access denied\n", 1)

    os.chown(made / "supervise/control", NOBODY, NOBODY)
    says(world.sv("down", "a", **as_nobody), "")
    assert fake.sent() == b"d"

    made.chmod(0o700)
    says(world.sv("status", "a", **as_nobody), "fail: a: unable to change to service directory: access denied\n", 1)
    made.chmod(0o711)
    says(world.sv("status", "a", **as_nobody), "run: a: (pid N) Ns\n")


def test_the_log_service_stands_on_the_same_line(world, fake):
    """V4, R39"""
    fake("a", pid=9, phase=1)
    fake("a/log", want="d")
    says(world.sv("status", "a"), "run: a: (pid N) Ns; down: log: Ns, normally up\n")
    says(world.sv("status", "a/log"), "down: a/log: Ns, normally up\n")


def test_trouble_with_the_log_service_is_told_and_counted(world, fake):
    """R39"""
    fake("file", pid=9, phase=1)
    world.write("file/log", "")
    says(world.sv("status", "file"), "run: file: (pid N) Ns; warning: file/log: unable to change directory: not a directory\n", 1)
    fake("dead", pid=9, phase=1)
    fake("dead/log", ok=False)
    says(world.sv("status", "dead"), "run: dead: (pid N) Ns; fail: dead/log: runsv not running\n", 1)
    fake("none", pid=9, phase=1)
    (world.directory / "none/log").mkdir()
    says(world.sv("status", "none"), "run: none: (pid N) Ns; warning: none/log: unable to open supervise/ok: file does not exist\n", 1)


# -- waiting ----------------------------------------------------------------------------------------------------------


def test_without_v_nothing_is_waited_for(world, supervise):
    """V16"""
    supervise("b", run=STUBBORN)
    wait_until((world.directory / "b/ready").exists)
    says(world.sv("down", "b"), "")
    says(world.sv("-v", "-w", "0", "down", "b"), "timeout: run: b: (pid N) Ns, want down, got TERM\n", 1)


def test_a_restart_is_a_new_process(world, supervise):
    """V17, V24: never the old one, within the same second"""
    supervise("a")
    wait_for_run(world.directory / "a")
    for _ in range(3):
        old = pid_of(world.directory / "a")
        said = world.sv("-w9", "restart", "a")
        says(said, "ok: run: a: (pid N) Ns\n")
        assert pid_said(said) == pid_of(world.directory / "a") != old


def test_a_service_that_ignores_term_is_a_timeout(world, supervise):
    """V18, V24"""
    supervise("b", run=STUBBORN)
    wait_until((world.directory / "b/ready").exists)
    begun = time.monotonic()
    says(world.sv("-w1", "down", "b"), "timeout: run: b: (pid N) Ns, want down, got TERM\n", 1)
    assert time.monotonic() - begun >= 1.6
    says(world.sv("-w0", "restart", "b"), "timeout: run: b: (pid N) Ns, got TERM\n", 1)


@pytest.mark.parametrize("word", ["force-stop", "D"])
def test_a_forced_stop_kills_in_the_end(world, supervise, word):
    """V19, V20"""
    supervise("b", run=STUBBORN)
    wait_until((world.directory / "b/ready").exists)
    says(world.sv("-w0", word, "b"), "kill: run: b: (pid N) Ns, want down, got TERM\n", 1)
    wait_for_words(world.directory / "b", "down")


@pytest.mark.parametrize("word", ["force-restart", "force-reload", "T"])
def test_a_forced_restart_kills_in_the_end(world, supervise, word):
    """V20"""
    supervise("b", run=STUBBORN)
    wait_until((world.directory / "b/ready").exists)
    old = pid_of(world.directory / "b")
    says(world.sv("-w0", word, "b"), "kill: run: b: (pid N) Ns, got TERM\n", 1)
    wait_until(lambda: pid_of(world.directory / "b") not in (0, old), "a new b")


def test_failures_come_first_and_are_counted(world, supervise):
    """V21"""
    supervise("a")
    supervise("b", run=STUBBORN)
    wait_until((world.directory / "b/ready").exists)
    wait_for_run(world.directory / "a")
    says(
        world.sv("-w0", "stop", "b", "a", "nope"),
        "fail: nope: unable to change to service directory: file does not exist\n"
        "ok: down: a: Ns, normally up\n"
        "timeout: run: b: (pid N) Ns, want down, got TERM\n",
        2,
    )


def test_results_are_told_as_they_come(world, supervise):
    """V21"""
    slow = "#!/bin/sh\ntrap 'sleep 0.5; exit' TERM\ntouch ready\nwhile :; do sleep 0.01; done\n"
    supervise("slow", run=slow)
    supervise("quick")
    wait_until((world.directory / "slow/ready").exists)
    wait_for_run(world.directory / "quick")
    says(world.sv("stop", "slow", "quick"), "ok: down: quick: Ns, normally up\nok: down: slow: Ns, normally up\n")


def test_all_services_share_one_clock(world, fake):
    """V22, V23"""
    for name in ("z1", "z2", "z3"):
        fake(name, pid=9, phase=1)
    begun = time.monotonic()
    said = world.sv("-w2", "stop", "z1", "z2", "z3")
    says(said, "".join(f"timeout: run: z{i}: (pid N) Ns\n" for i in (1, 2, 3)), 3)
    assert 2.5 <= time.monotonic() - begun < 5


@pytest.mark.parametrize("seconds", ["junk", "", "0"])
def test_a_time_that_is_no_number_is_none(world, fake, seconds):
    """V23"""
    fake("a", want="u")
    begun = time.monotonic()
    says(world.sv("-w", seconds, "up", "a"), "timeout: down: a: Ns, normally up, want up\n", 1)
    env = world.suite.environment(SVDIR=world.directory, SVWAIT=seconds)
    says(world.sv("start", "a", env=env), "timeout: down: a: Ns, normally up, want up\n", 1)
    assert time.monotonic() - begun < 6


def test_w_overrides_svwait(world, fake):
    """V23"""
    fake("a", want="u")
    env = world.suite.environment(SVDIR=world.directory, SVWAIT=1000)
    says(world.sv("-w0", "start", "a", env=env), "timeout: down: a: Ns, normally up, want up\n", 1)


def test_a_stop_is_not_believed_while_up_is_wanted(world, fake):
    """V24"""
    fake("a", want="u")
    says(world.sv("-w0", "stop", "a"), "timeout: down: a: Ns, normally up, want up\n", 1)


def test_a_start_of_what_runs_is_done_at_once(world, supervise):
    """V25"""
    supervise("a")
    wait_for_run(world.directory / "a")
    pid = pid_of(world.directory / "a")
    said = world.sv("start", "a")
    says(said, "ok: run: a: (pid N) Ns\n")
    assert pid_said(said) == pid


def test_a_down_that_is_undone_at_once_is_undone(world, supervise):
    """R50, 0.3"""
    supervise("a")
    wait_for_run(world.directory / "a")
    says(world.sv("down", "a"), "")
    assert re.fullmatch(r"ok: run: a: \(pid \d+\) \d+s(, got TERM)?\n", world.sv("start", "a").stdout)
    wait_for_words(world.directory / "a", "run")


def test_a_stop_waits_for_finish(world, supervise):
    """V5"""
    supervise("a", finish="#!/bin/sh\nsleep 0.5\ntouch finished\n")
    wait_for_run(world.directory / "a")
    says(world.sv("stop", "a"), "ok: down: a: Ns, normally up\n")
    assert (world.directory / "a/finished").exists()


def test_try_restart_leaves_down_what_is_down(world, supervise):
    """V29"""
    supervise("a", down="")
    for word in ("try-restart", "force-reload"):
        says(world.sv(word, "a"), "ok: down: a: Ns\n")
    assert stat_words(world.directory / "a") == "down"


def test_restart_starts_what_is_down(world, supervise):
    supervise("a", down="")
    says(world.sv("restart", "a"), "ok: run: a: (pid N) Ns, normally down\n")


def test_reload_reports(world, supervise):
    """V30"""
    supervise("n", down="", run="#!/bin/sh\ntrap 'echo >hupped' HUP\ntouch ready\nwhile :; do sleep 0.01; done\n")
    says(world.sv("reload", "n"), "ok: down: n: Ns\n")
    says(world.sv("start", "n"), "ok: run: n: (pid N) Ns, normally down\n")
    wait_until((world.directory / "n/ready").exists)
    says(world.sv("reload", "n"), "ok: run: n: (pid N) Ns, normally down\n")
    wait_until((world.directory / "n/hupped").exists)


def test_once_is_confirmed(world, supervise):
    """V31"""
    supervise("n", down="")
    says(world.sv("-v", "once", "n"), "ok: run: n: (pid N) Ns, normally down, want down\n")
    says(world.sv("-v", "once", "n"), "ok: run: n: (pid N) Ns, normally down, want down\n")


def test_once_is_confirmed_for_a_service_that_was_quick(world, supervise):
    """V31"""
    supervise("n", down="", run="#!/bin/sh\ntouch ran\n")
    said = world.sv("-v", "once", "n")
    assert re.match(r"ok: (run: n: \(pid \d+\) \d+s, normally down, want down|down: n: \d+s)\n", said.stdout)
    wait_until((world.directory / "n/ran").exists)


def test_pause_and_cont_are_confirmed(world, supervise):
    supervise("a")
    wait_for_run(world.directory / "a")
    says(world.sv("-v", "pause", "a"), "ok: run: a: (pid N) Ns, paused\n")
    says(world.sv("-v", "cont", "a"), "ok: run: a: (pid N) Ns\n")


def test_term_and_kill_wait_for_the_next_run(world, supervise):
    supervise("a")
    wait_for_run(world.directory / "a")
    for word in ("term", "kill"):
        old = pid_of(world.directory / "a")
        said = world.sv("-v", word, "a")
        says(said, "ok: run: a: (pid N) Ns\n")
        assert pid_said(said) != old


def test_a_shutdown_waits_for_runsv(world, supervise):
    """V11"""
    process = supervise("a")
    wait_for_run(world.directory / "a")
    says(world.sv("shutdown", "a"), "ok: a: runsv not running\n")
    assert process.wait(timeout=harness.DEADLINE) == 0


def test_a_shutdown_is_seen_even_if_another_runsv_follows_at_once(world, fake):
    """A runsvdir may start the next one within a millisecond."""
    made = fake("a", pid=9, phase=1, ok=False)
    ok = made / "supervise/ok"
    first = os.open(ok, os.O_RDONLY | os.O_NONBLOCK)
    sv = world.start("sv", "shutdown", "a", env=world.suite.environment(SVDIR=world.directory))
    wait_until(lambda: select.select([fake.control], [], [], 0)[0], "sv has given its command")
    assert fake.sent() == b"x"
    second = os.open(ok, os.O_RDONLY | os.O_NONBLOCK)
    os.close(first)
    status = made / "supervise/status"
    assert sv.poll() is None
    (made / "supervise/status.new").write_bytes(status.read_bytes()[:12] + struct.pack("<I", 10) + b"\0u\0\1")
    (made / "supervise/status.new").rename(status)
    assert sv.wait(timeout=harness.DEADLINE) == 0
    os.close(second)
    assert (world.directory / "sv.out").read_text() == "ok: a: runsv not running\n"


@pytest.mark.parametrize("name", ["ok", "control"])
@pytest.mark.parametrize("mode", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
def test_another_reader_of_the_fifos_is_not_taken_for_the_exit_of_runsv(world, supervise, name, mode):
    supervise("a", run=STUBBORN)
    directory = world.directory / "a"
    wait_until((directory / "ready").exists)
    sv = world.start("sv", "-w1", "exit", "a", env=world.suite.environment(SVDIR=world.directory))
    wait_for_words(directory, "run, got TERM, want exit")
    for _ in range(20):
        os.close(os.open(directory / "supervise" / name, mode | os.O_NONBLOCK))
    assert sv.wait(timeout=harness.DEADLINE) == 1
    assert (world.directory / "sv.out").read_text().startswith("timeout: run: a: (pid ")
    harness.control(directory, "k")


@pytest.mark.parametrize("name", ["ok", "control"])
def test_a_process_that_has_one_fifo_open_is_not_taken_for_a_runsv(world, fake, name):
    """Nor does it get the commands."""
    made = fake("a", pid=9, phase=1, ok=False, taking=False)
    held = os.open(made / "supervise" / name, os.O_RDONLY | os.O_NONBLOCK)
    for word in ("status", "down", "start", "stop"):
        says(world.sv(word, "a"), "fail: a: runsv not running\n", 1)
    says(world.sv("shutdown", "a"), "ok: a: runsv not running\n")
    assert not select.select([held], [], [], 0)[0] or os.read(held, 100) == b""
    os.close(held)


def test_a_service_that_vanishes_meanwhile_is_a_failure(world, fake):
    fake("a", pid=9, phase=1)
    thread = after(0.3, lambda: (world.directory / "a").rename(world.directory / "b"))
    says(world.sv("-w20", "stop", "a"), "fail: a: unable to change to service directory: file does not exist\n", 1)
    thread.join()


def test_a_runsv_that_dies_meanwhile_is_a_failure(world, supervise):
    process = supervise("b", run=STUBBORN)
    wait_until((world.directory / "b/ready").exists)
    thread = after(0.3, process.kill)
    says(world.sv("-w20", "stop", "b"), "fail: b: runsv not running\n", 1)
    thread.join()


@pytest.mark.parametrize("fault", ["inotify_init1:error=EMFILE", "inotify_add_watch:error=ENOSPC"])
def test_sv_can_do_without_inotify(world, supervise, fault):
    """What it cannot hear, it looks at."""
    supervise("a", finish="#!/bin/sh\nsleep 0.3\n")
    wait_for_run(world.directory / "a")
    traced = ["-qq", "-o", "/dev/null", "-e", f"inject={fault}", world.suite.path("sv"), "stop", "a"]
    said = world.run("/usr/bin/strace", *traced)
    if "ptrace" in said.stderr:
        pytest.skip("strace cannot trace here")
    says(said, "ok: down: a: Ns, normally up\n")


# -- a service that is new --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["start"], ["-v", "up"], ["-v", "once"]])
def test_a_start_awaits_a_runsv_that_is_about_to_come(world, words):
    """ln -s ... && sv start ..."""
    world.service("a")
    thread = after(0.1, lambda: world.start("runsv", "a"))
    said = world.sv(*words, "a")
    thread.join()
    assert re.fullmatch(r"ok: run: a: \(pid \d+\) \d+s(, want down)?\n", said.stdout), said


def test_a_start_fails_as_ever_when_no_runsv_comes(world, fake):
    world.service("plain")
    fake("dead", ok=False, taking=False)
    begun = time.monotonic()
    says(world.sv("start", "plain"), "warning: plain: unable to open supervise/control: file does not exist\n", 1)
    assert time.monotonic() - begun >= 0.5
    says(world.sv("start", "dead"), "fail: dead: runsv not running\n", 1)


@pytest.mark.parametrize("words", [["-w0", "up"], ["-w0", "start"], ["stop"], ["restart"], ["status"], ["start", "nope"]])
def test_nothing_else_awaits_a_runsv(world, fake, words):
    fake("dead", ok=False, taking=False)
    names = [] if words[-1] == "nope" else ["dead"]
    begun = time.monotonic()
    said = world.sv(*words, *names)
    assert said.returncode == 1 and said.stdout.startswith("fail: ")
    assert time.monotonic() - begun < 0.5


# -- check ------------------------------------------------------------------------------------------------------------


def test_a_start_waits_for_check(world, supervise):
    """V26, V28: cwd is the service directory, standard output is closed"""
    check = "#!/bin/sh\npwd >&2\nif [ -e /proc/self/fd/1 ] && ! [ /proc/$$/fd/1 -ef /proc/self/fd/1 ]; then :; fi\n"
    check += "[ -e /proc/$$/fd/1 ] && echo open >&2\ntest -e ready\n"
    supervise("a", check=check)
    thread = after(0.3, (world.directory / "a/ready").touch)
    said = world.sv("start", "a")
    thread.join()
    says(said, "ok: run: a: (pid N) Ns\n", err=said.stderr)
    assert set(said.stderr.splitlines()) == {str(world.directory / "a")}


def test_a_check_that_never_agrees_is_a_timeout(world, supervise):
    """V26"""
    supervise("a", check="#!/bin/sh\nexit 1\n")
    wait_for_run(world.directory / "a")
    for word in ("start", "check"):
        says(world.sv("-w1", word, "a"), "timeout: run: a: (pid N) Ns\n", 1)


def test_a_check_that_hangs_does_not_hold_sv_up(world, fake):
    made = fake("a", pid=9, phase=1)
    world.write("a/check", "#!/bin/sh\necho $$ >pid\nexec sleep 1000\n")
    begun = time.monotonic()
    says(world.sv("-w0", "start", "a"), "timeout: run: a: (pid N) Ns\n", 1)
    assert time.monotonic() - begun < 10
    wait_until(lambda: not harness.alive(int((made / "pid").read_text())), "the check has been ended")


def test_a_check_that_cannot_be_run_has_nothing_against_it(world, fake):
    """V27"""
    fake("a", pid=9, phase=1)
    world.write("a/check", "")
    says(world.sv("start", "a"), "ok: run: a: (pid N) Ns\n", err="warning: unable to run a/check: access denied\n")
    world.write("a/check", "echo no interpreter", mode=0o755)
    says(world.sv("check", "a"), "ok: run: a: (pid N) Ns\n", err="warning: unable to run a/check: exec format error\n")


def test_a_check_that_cannot_be_seen_is_told_once(world, fake):
    fake("a", pid=9, phase=1)
    (world.directory / "a/check").symlink_to("check")
    said = world.sv("-w0", "start", "a")
    says(said, "timeout: run: a: (pid N) Ns\n", 1, "warning: unable to stat a/check: symbolic link loop\n")


def test_one_slow_check_does_not_delay_another_service(world, fake):
    fake("slow", pid=8, phase=1)
    world.write("slow/check", "#!/bin/sh\nsleep 0.7\n")
    fake("quick", pid=9, phase=1)
    world.write("quick/check", "#!/bin/sh\nexit 0\n")
    says(world.sv("check", "slow", "quick"), "ok: run: quick: (pid N) Ns\nok: run: slow: (pid N) Ns\n")


def test_a_restart_asks_check_of_the_new_process(world, supervise):
    """V28"""
    run = "#!/bin/sh\nsleep 0.3\necho $$ >ready\nexec sleep 1000\n"
    supervise("a", run=run, check='#!/bin/sh\ntest "$(cat ready 2>&1)" = "$(cat supervise/pid)"\n')
    says(world.sv("start", "a"), "ok: run: a: (pid N) Ns\n")
    said = world.sv("restart", "a")
    says(said, "ok: run: a: (pid N) Ns\n")
    assert pid_said(said) == int((world.directory / "a/ready").read_text())


def test_check_is_content_with_down_where_down_is_wanted(world, supervise):
    """V37"""
    supervise("b", check="#!/bin/sh\nexit 1\n")
    says(world.sv("-v", "down", "b"), "ok: down: b: Ns, normally up\n")
    says(world.sv("check", "b"), "ok: down: b: Ns, normally up\n")


# -- as an init script ------------------------------------------------------------------------------------------------


def lsb(world, name, *words):
    return world.run("sv", *words, argv0=f"/etc/init.d/{name}")


def test_the_status_of_an_init_script_is_its_exit_code(world, fake):
    """V32"""
    fake("up", pid=9, phase=1)
    fake("down", want="d")
    fake("dead", ok=False)
    world.service("plain")
    says(lsb(world, "up", "status"), "run: up: (pid N) Ns\n")
    says(lsb(world, "up", "status", "and", "more"), "run: up: (pid N) Ns\n")
    says(lsb(world, "down", "status"), "down: down: Ns, normally up\n", 3)
    says(lsb(world, "plain", "status"), "warning: plain: unable to open supervise/ok: file does not exist\n", 4)
    says(lsb(world, "nope", "status"), "fail: nope: unable to change to service directory: file does not exist\n", 1)
    says(lsb(world, "dead", "status"), "fail: dead: runsv not running\n", 1)


def test_the_log_service_does_not_change_the_status_of_an_init_script(world, fake):
    """V33, 0.1"""
    fake("d", want="d")
    fake("d/log", pid=9, phase=1)
    says(lsb(world, "d", "status"), "down: d: Ns, normally up; run: log: (pid N) Ns\n", 3)
    fake("u", pid=9, phase=1)
    fake("u/log", want="d")
    says(lsb(world, "u", "status"), "run: u: (pid N) Ns; down: log: Ns, normally up\n")
    fake("v", pid=9, phase=1)
    world.write("v/log", "")
    says(lsb(world, "v", "status"), "run: v: (pid N) Ns; warning: v/log: unable to change directory: not a directory\n")


def test_an_init_script_that_fails_exits_1(world, fake):
    """V34"""
    fake("dead", ok=False, taking=False)
    says(lsb(world, "dead", "stop"), "fail: dead: runsv not running\n", 1)
    says(lsb(world, "nope", "start"), "fail: nope: unable to change to service directory: file does not exist\n", 1)
    says(lsb(world, "dead", "exit"), "ok: dead: runsv not running\n")


def test_an_init_script_starts_and_stops(world, supervise):
    """V32, V34"""
    supervise("a")
    says(lsb(world, "a", "start"), "ok: run: a: (pid N) Ns\n")
    says(lsb(world, "a", "-w", "9", "restart"), "ok: run: a: (pid N) Ns\n")
    says(lsb(world, "a", "stop"), "ok: down: a: Ns, normally up\n")


def test_any_name_but_sv_is_an_init_script(world, fake):
    """V2"""
    fake("sv2", pid=9, phase=1)
    says(lsb(world, "sv2", "status"), "run: sv2: (pid N) Ns\n")


# -- names ------------------------------------------------------------------------------------------------------------


def test_names_are_looked_up_in_svdir_unless_they_are_paths(world, fake):
    """V35"""
    fake("here/b", pid=9, phase=1)
    fake("here/b/log", pid=8, phase=1)
    env = world.suite.environment(SVDIR="/nowhere")
    cwd = world.directory / "here/b"
    for name in (".", "../b", "./log", "log/", f"{world.directory}/here/b"):
        assert world.sv("status", name, env=env, cwd=cwd).stdout.startswith(f"run: {name}: (pid "), name
        assert world.sv("reload", name, env=env, cwd=cwd).stdout.startswith(f"ok: run: {name}: (pid "), name
    says(world.sv("status", "b/log", env=world.suite.environment(SVDIR="here")), "run: b/log: (pid N) Ns\n")


@pytest.mark.parametrize("directory", ["", "/nowhere"])
def test_a_wrong_svdir_is_a_failure_of_every_service(world, fake, directory):
    """V36"""
    fake("a", pid=9, phase=1)
    env = world.suite.environment(SVDIR=directory)
    says(world.sv("status", "a", env=env), "fail: a: unable to change to service directory: file does not exist\n", 1)
    says(world.sv("status", "./a", env=env), "run: ./a: (pid N) Ns\n")


def test_five_thousand_services_on_one_command_line(world, fake):
    """The exit code has a bound; sv has none."""
    fake("a", pid=9, phase=1)
    for word, line in (("status", "run: a: (pid N) Ns\n"), ("check", "ok: run: a: (pid N) Ns\n")):
        says(world.sv(word, *["a"] * 5000), line * 5000)
    says(world.sv("status", *["no"] * 5000), "fail: no: unable to change to service directory: file does not exist\n" * 5000, 99)


def test_the_answer_for_many_services_is_one_write(world, fake):
    fake("a", pid=9, phase=1)
    trace = world.directory / "trace"
    env = world.suite.environment(SVDIR=world.directory, ASAN_OPTIONS="detect_leaks=0")
    sv = world.suite.path("sv")
    traced = ["strace", "-o", str(trace), "-e", "trace=write", sv, "status", *["a"] * 1000]
    if subprocess.run(traced, env=env, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        pytest.skip("strace cannot trace here")
    assert sum(line.startswith("write(1,") for line in trace.read_text().splitlines()) == 1


def test_standard_descriptors_that_are_closed_stay_harmless(world, fake):
    made = fake("a", pid=9, phase=1)

    def close_all():
        for fd in (0, 1, 2):
            os.close(fd)

    before = (made / "supervise/status").read_bytes()
    sv = [world.suite.path("sv"), "check", "a"]
    env = world.suite.environment(SVDIR=world.directory)
    assert subprocess.run(sv, env=env, preexec_fn=close_all, check=False).returncode == 0
    assert (made / "supervise/status").read_bytes() == before


# -- advice -----------------------------------------------------------------------------------------------------------


def at_a_terminal(world, *words, env=None, **options):
    """What sv says on a terminal as its standard error, and on standard output."""
    ours, theirs = pty.openpty()
    options.setdefault("cwd", world.directory)
    done = subprocess.run(
        [world.suite.path("sv"), *words], env=env or world.suite.environment(SVDIR=world.directory),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, check=False, **options,
    )  # fmt: skip
    os.close(theirs)
    said = harness.rest_of_terminal(ours)
    return done.stdout.decode(), said.replace("\r\n", "\n")


def test_advice_stands_on_a_terminal_and_nowhere_else(world, fake):
    fake("dead", ok=False, taking=False)
    out, err = at_a_terminal(world, "status", "dead")
    assert out == world.sv("status", "dead").stdout == "fail: dead: runsv not running\n"
    assert err == f"sv: no runsvdir looks after {world.directory}\nsv: start one: runsvdir -P {world.directory} &\n"
    assert world.sv("status", "dead").stderr == ""


def test_who_succeeds_gets_no_advice(world, fake):
    fake("a", pid=9, phase=1)
    fake("dead", ok=False, taking=False)
    assert at_a_terminal(world, "status", "a")[1] == ""
    assert at_a_terminal(world, "exit", "dead")[1] == ""


def test_advice_knows_a_missing_link_from_a_wrong_svdir(world):
    assert "has no service a\n" in at_a_terminal(world, "status", "a")[1]
    env = world.suite.environment(SVDIR="/nowhere")
    assert "there is no directory /nowhere" in at_a_terminal(world, "status", "a", env=env)[1]


def test_advice_offers_a_near_name_with_the_command(world, fake):
    fake("web", pid=9, phase=1)
    out, err = at_a_terminal(world, "restart", "wbe")
    assert out == "fail: wbe: unable to change to service directory: file does not exist\n"
    assert err == f"sv: {world.directory} has no service wbe\nsv: did you mean web? sv restart {world.directory}/web\n"


def test_advice_links_a_service_and_starts_no_runsvdir_on_what_is_around_it(world):
    available = world.service("available/web", SLEEP)
    scanned = world.directory / "service"
    scanned.mkdir()
    env = world.suite.environment(SVDIR=scanned)
    out, err = at_a_terminal(world, "status", available, env=env)
    assert out == f"warning: {available}: unable to open supervise/ok: file does not exist\n"
    assert err == (f"sv: {available} is not linked into {scanned}, so that no runsv supervises it\n"
                   f"sv: link it: ln -s {available} {scanned}/\n")
    (scanned / "web").symlink_to(available)
    assert f"start one: runsvdir -P {scanned} &\n" in at_a_terminal(world, "status", available, env=env)[1]


def test_advice_knows_a_runsvdir_that_is_there(world, fake):
    fake("dead", ok=False, taking=False)
    reference = harness.reference("2.1.2")
    if reference is None:
        pytest.skip("no runsvdir 2.1.2 here")
    other = world.directory / "other"
    other.mkdir()
    world.start(reference.path("runsvdir"), str(other), env=reference.environment())
    env = world.suite.environment(SVDIR=other)
    (other / "dead").symlink_to("../dead")
    wait_until(lambda: "there is a runsvdir on" in at_a_terminal(world, "status", "dead", env=env)[1])


def test_advice_knows_what_is_wrong_with_run(world, fake):
    fake("a", want="u")
    assert "a has no run" in at_a_terminal(world, "-w0", "start", "a")[1]
    world.write("a/run", "")
    assert "a/run is not executable\n" in at_a_terminal(world, "-w0", "start", "a")[1]


def test_advice_knows_a_check_that_disagrees_and_a_service_that_stays(world, fake):
    fake("a", pid=9, phase=1)
    world.write("a/run", SLEEP)
    world.write("a/check", "#!/bin/sh\nexit 1\n")
    assert "a/check does not agree\n" in at_a_terminal(world, "-w0", "start", "a")[1]
    fake("b", pid=9, phase=1, want="d", got_term=1)
    world.write("b/run", SLEEP)
    assert "b has not ended on TERM\n" in at_a_terminal(world, "-w0", "stop", "b")[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_advice_knows_who_is_not_root(world, fake):
    world.directory.chmod(0o755)
    (fake("a", pid=9, phase=1) / "supervise").chmod(0o700)
    assert f"try it as root: sudo sv status {world.directory}/a\n" in at_a_terminal(world, "status", "a", user=NOBODY, group=NOBODY, extra_groups=[])[1]


def test_advice_is_at_most_two_remedies(world, fake):
    fake("dead", ok=False, taking=False)
    fake("a", want="u")
    _, err = at_a_terminal(world, "-w0", "start", "no1", "no2", "dead", "a")
    assert len(err.splitlines()) == 4
