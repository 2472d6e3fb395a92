"""svlogd(8), as whole processes: every behaviour that a log directory, its reader or its supervisor can see."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness import alive, mode_of, stays, wait_until

USAGE = "usage: svlogd [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...\n\n"
OLD = re.compile(r"@[0-9a-f]{24}\.s")
SANITIZED = "dev" in os.environ.get("RUNWELL_BIN", "")


def log_dir(world, name="log", config=None):
    d = world.directory / name
    d.mkdir()
    if config is not None:
        (d / "config").write_bytes(config if isinstance(config, bytes) else config.encode())
    return d


def old_files(d, kind="s"):
    return sorted(p for p in Path(d).iterdir() if p.name.startswith("@") and p.name.endswith("." + kind))


def content(path):
    """Nothing where it was renamed or deleted meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def current(d):
    return content(Path(d) / "current")


def everything(d):
    """The log in the order in which it was written."""
    return b"".join(content(p) for p in sorted(Path(d).glob("@*.[su]"))) + current(d)


def run(world, *arguments, data=b"", env=None, timeout=60):
    """Runs svlogd to its end with `data` in a pipe; the result has returncode and stderr."""
    r, w = os.pipe()
    process = subprocess.Popen(
        ["svlogd", *map(str, arguments)], executable=world.suite.path("svlogd"), stdin=r, stderr=subprocess.PIPE,
        cwd=world.directory, env=env or world.suite.environment())
    world.processes.append(process)
    os.close(r)
    feed(w, data)
    os.close(w)
    _, err = process.communicate(timeout=timeout)
    process.stderr = err.decode(errors="surrogateescape")
    return process


def feed(fd, data):
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view[:65536]) :]
    except BrokenPipeError:
        pass  # it has left


class Live:
    """A svlogd that is running, and the writing end of its pipe."""

    def __init__(self, world, *arguments, pipe=None, command=None, **options):
        self.read, self.write = pipe or os.pipe()
        command = command or [world.suite.path("svlogd")]
        self.err = world.directory / f"{Path(command[0]).name}.err"
        self.process = world.start(command[0], *command[1:], *arguments, stdin=self.read, **options)
        self.keeps_read_end = pipe is not None
        if not self.keeps_read_end:
            os.close(self.read)

    def say(self, data):
        feed(self.write, data)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.write is not None:
            os.close(self.write)
            self.write = None
        return self.process.wait(timeout=60)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def errors(self):
        return self.err.read_text(errors="surrogateescape")


def ready(d):
    wait_until(lambda: (d / "current").exists() and mode_of(d / "current") == 0o644, f"{d}/current is open")


# -- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [[], ["-l", "1024", "d"], ["-b", "1000", "d"], ["-r", "xx", "d"], ["-r", "", "d"], ["-l", "2000", "-b2000", "d"]],
)
def test_usage(world, arguments):
    got = run(world, *arguments)
    assert (got.returncode, got.stderr) == (111, USAGE)


def test_an_unknown_option_is_named(world):
    got = run(world, "-z", "d")
    assert (got.returncode, got.stderr) == (111, "svlogd: illegal option -- z\n" + USAGE)
    got = run(world, "-v", "-l")
    assert (got.returncode, got.stderr) == (111, "svlogd: option requires an argument -- l\n" + USAGE)


def test_version(world):
    got = run(world, "-V")
    assert got.returncode == 111
    assert re.fullmatch(r"runwell [0-9.]+\n" + re.escape(USAGE), got.stderr)


@pytest.mark.parametrize("options", [["-l", "0"], ["-l", "abc"], ["-b", "0"], ["-tvb4096"], ["-l999", "-b1000"], ["--"]])
def test_numbers_fall_back_and_options_cluster(world, options):
    d = log_dir(world)
    assert run(world, *options, d, data=b"x\n").returncode == 0
    assert current(d).endswith(b"x\n")


# -- directories ------------------------------------------------------------------------------------------------------


def test_a_missing_directory_is_not_made(world):
    got = run(world, "d1")
    assert got.returncode == 111
    assert got.stderr == (
        "svlogd: warning: unable to open log directory: d1: file does not exist\n"
        "svlogd: fatal: no functional log directories.\n")
    assert not (world.directory / "d1").exists()


def test_a_file_is_no_directory(world):
    world.write("d1", "")
    got = run(world, "d1")
    assert got.returncode == 111
    assert "svlogd: warning: unable to change directory: d1: not a directory\n" in got.stderr


def test_a_locked_directory_is_left_alone(world):
    first, second = log_dir(world, "d2"), log_dir(world, "d3")
    live = Live(world, "d2")
    ready(first)
    got = run(world, "d2", "d3", data=b"x\n")
    assert got.returncode == 0
    assert got.stderr == (
        "svlogd: warning: unable to lock directory: d2: temporary failure\n"
        "svlogd: another svlogd logs there, and each needs a directory of its own; to see which: fuser d2/lock\n")
    assert current(second) == b"x\n"
    got = run(world, "d2", data=b"x\n")
    assert got.returncode == 111
    assert live.end() == 0


def test_modes(world):
    d = log_dir(world, config="s2000\n")
    live = Live(world, d)
    ready(d)
    assert mode_of(d / "lock") == 0o600
    live.say(b"x" * 1200 + b"\n")
    wait_until(lambda: old_files(d), "a rotation")
    wait_until(lambda: (d / "current").exists() and mode_of(d / "current") == 0o644, "a new current")
    live.say(b"y\n")
    assert live.end() == 0
    assert mode_of(d / "current") == 0o744
    assert [mode_of(p) for p in old_files(d)] == [0o744]
    assert OLD.fullmatch(old_files(d)[0].name)
    assert (d / "lock").exists()


def test_a_current_that_was_not_closed_becomes_a_file_of_its_own(world):
    d = log_dir(world)
    (d / "current").write_text("of a crash\n")
    (d / "current").chmod(0o644)
    leftover = d / ("@" + "4" * 24 + ".t")
    leftover.write_text("")
    assert run(world, d, data=b"x\n").returncode == 0
    (unfinished,) = old_files(d, "u")
    assert unfinished.read_text() == "of a crash\n"
    assert mode_of(unfinished) == 0o644
    assert current(d) == b"x\n"
    assert not leftover.exists()


def test_an_empty_current_is_no_sign_of_a_crash(world):
    d = log_dir(world)
    (d / "current").touch(0o644)
    assert run(world, d, data=b"x\n").returncode == 0
    assert not old_files(d, "u")
    assert current(d) == b"x\n"


def test_a_closed_current_is_appended_to(world):
    d = log_dir(world)
    world.write(d / "current", "before\n", 0o744)
    leftover = d / ("@" + "4" * 24 + ".t")
    leftover.write_text("")
    live = Live(world, d)
    ready(d)
    live.say(b"x\n")
    assert live.end() == 0
    assert current(d) == b"before\nx\n"
    assert leftover.exists()


def test_a_config_that_cannot_be_read(world):
    d = log_dir(world, "o1")
    (d / "config").mkdir()
    got = run(world, "o1", data=b"x\n")
    assert got.returncode == 0
    assert got.stderr == "svlogd: warning: unable to read config: o1: is a directory\n"
    assert current(d) == b"x\n"


def test_what_is_said_with_v(world):
    d = log_dir(world, "t1", "s2000\nn1\n")
    got = run(world, "-v", "t1", data=(b"x" * 99 + b"\n") * 25)
    names = [p.name for p in old_files(d)]
    said = re.sub(r"@[0-9a-f]{24}", "@", got.stderr)
    assert said == (
        "svlogd: info: read: t1/config\nsvlogd: info: new: t1/current\n"
        "svlogd: info: rename: t1/current @.s 1000\nsvlogd: info: rename: t1/current @.s 1000\n"
        "svlogd: info: delete: t1/@.s\nsvlogd: info: close: t1\n")
    assert len(names) == 1
    got = run(world, "-v", "t1", data=b"")
    assert "svlogd: info: append: t1/current\n" in got.stderr


# -- rotation ---------------------------------------------------------------------------------------------------------


def sizes(d):
    return [p.stat().st_size for p in [*old_files(d), d / "current"]]


def test_rotation_at_a_line_end(world):
    d = log_dir(world, config="s2000\n")
    run(world, d, data=(b"x" * 99 + b"\n") * 25)
    assert sizes(d) == [1000, 1000, 500]


def test_rotation_in_a_long_line(world):
    d = log_dir(world, config="s2000\n")
    run(world, d, data=b"x" * 5000 + b"\ntail\n")
    assert sizes(d) == [2000, 2000, 1001, 5]


def test_rotation_where_s_is_not_above_l(world):
    d = log_dir(world, config="s500\nn0\n")
    lines = [b"%d " % i + b"x" * (i * 37 % 300) + b"\n" for i in range(60)]
    run(world, d, data=b"".join(lines))
    assert everything(d) == b"".join(lines)
    assert max(sizes(d)) <= 500
    assert all(p.read_bytes().endswith(b"\n") for p in old_files(d))


def test_size_zero_never_rotates(world):
    d = log_dir(world, config="s0\n")
    run(world, d, data=(b"x" * 99 + b"\n") * 12000)
    assert sizes(d) == [1_200_000]


def test_defaults(world):
    d = log_dir(world)
    data = b"".join(b"%08d\n" % i for i in range(1_400_000))
    run(world, d, data=data)
    assert len(old_files(d)) == 10
    assert all(999_000 <= p.stat().st_size <= 1_000_000 for p in old_files(d))
    assert data.endswith(everything(d))


@pytest.mark.parametrize("config, size", [("s2k", 2048), ("s1m", 1 << 20), ("s2000x", 2000)])
def test_units_of_size(world, config, size):
    d = log_dir(world, config=config)
    run(world, d, data=b"x" * (size + 10))
    assert sizes(d) == [size, 11]


def test_n_reduced_prunes_down_to_n(world):
    d = log_dir(world, config="s2000\nn2\n")
    for i in range(8):
        (d / f"@40000000{i:016d}.s").touch()
    run(world, d, data=b"x" * 1500 + b"\n")
    assert len(old_files(d)) == 2
    assert old_files(d)[0].name == "@400000000000000000000007.s"


def test_n_zero_keeps_everything(world):
    d = log_dir(world, config="s1100\nn0\n")
    run(world, d, data=(b"x" * 199 + b"\n") * 40)
    assert len(old_files(d)) == 40


def test_alrm_rotates_what_is_not_empty(world):
    a, b = log_dir(world, "a"), log_dir(world, "b", "-*\n")
    live = Live(world, "-v", "a", "b")
    ready(b)
    live.say(b"x\n")
    wait_until(lambda: current(a) == b"x\n", "the line")
    live.signal(signal.SIGALRM)
    wait_until(lambda: len(old_files(a)) == 1, "a rotation")
    live.signal(signal.SIGALRM)
    wait_until(lambda: live.errors().count("sigalarm received.") == 2, "the second signal")
    live.say(b"y\n")
    wait_until(lambda: current(a) == b"y\n", "the next line")
    assert live.end() == 0
    assert len(old_files(a)) == 1 and not old_files(b)


def test_age(world):
    d = log_dir(world, config="t1\n")
    live = Live(world, d)
    ready(d)
    assert stays(lambda: not old_files(d), 1.5)  # empty
    live.say(b"x\n")
    wait_until(lambda: len(old_files(d)) == 1, "a rotation by age")
    assert current(d) == b""
    assert live.end() == 0


def test_hup_reads_the_config_again(world):
    d = log_dir(world, config="pa:\n")
    live = Live(world, "-v", d)
    ready(d)
    live.say(b"x\n")
    wait_until(lambda: current(d) == b"a:x\n", "the line")
    (d / "config").write_text("pb:\n-*no*\n")
    live.signal(signal.SIGHUP)
    wait_until(lambda: live.errors().count("/config\n") == 2, "the config is read again")
    live.say(b"y\nno\n")
    wait_until(lambda: current(d) == b"a:x\nb:y\n", "both lines")
    assert "svlogd: info: sighangup received.\n" in live.errors()
    assert live.end() == 0
    assert not old_files(d)


def test_hup_without_a_directory_left_is_fatal(world):
    d = log_dir(world)
    live = Live(world, d)
    ready(d)
    shutil.rmtree(d)
    live.signal(signal.SIGHUP)
    assert live.process.wait(timeout=60) == 111
    assert live.errors().endswith("svlogd: fatal: no functional log directories.\n")


def test_a_clock_that_goes_back(world):
    """Names stay in the order of the rotations, and the newest file is not the one that is pruned."""
    d = log_dir(world, config="s1100\nn3\n")
    future = [f"@40000000ff{i:014d}.s" for i in range(3)]
    for name in future:
        (d / name).write_text("of another time\n")
    data = b"".join(b"%03d" % i + b"x" * 200 + b"\n" for i in range(5))
    run(world, d, data=data)
    kept = [p for p in old_files(d)]
    assert len(kept) == 3 and not any(p.name in future for p in kept)
    assert everything(d) == data[2 * 204 :]


def test_a_stamp_is_the_time_in_utc(world):
    import calendar
    import time

    d = log_dir(world)
    before = time.time()
    run(world, "-ttt", d, data=b"x\n")
    after = time.time()
    text = current(d).split()[0].decode()
    stamp = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + text[19:])
    assert before - 1e-4 <= stamp <= after


# -- lines ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"bar", b"a\nbar", b"x" * 999, b"x" * 1000, b"x" * 5000, b"a\n" + b"y" * 300_000])
def test_a_last_line_without_a_newline_is_kept(world, data):
    d = log_dir(world)
    assert run(world, d, data=data).returncode == 0
    assert current(d) == data + b"\n"


@pytest.mark.parametrize("partial", [b"bar", b"x" * 999])
def test_term_inside_a_line_keeps_it_and_does_not_wait(world, partial):
    d = log_dir(world)
    live = Live(world, d)
    ready(d)
    live.say(b"first\n")
    wait_until(lambda: current(d) == b"first\n", "the first line")
    live.say(partial)
    assert stays(lambda: current(d) == b"first\n", 0.1)
    assert live.stop() == 0
    assert current(d) == b"first\n" + partial + b"\n"


def test_what_is_in_the_pipe_stays_there_for_the_next_logger(world):
    d = log_dir(world)
    pipe = os.pipe()
    live = Live(world, d, pipe=pipe)
    ready(d)
    live.signal(signal.SIGSTOP)
    live.say(b"one\ntwo\n")
    live.signal(signal.SIGTERM)
    live.signal(signal.SIGCONT)
    assert live.process.wait(timeout=60) == 0
    second = Live(world, d, pipe=pipe)
    wait_until(lambda: b"two\n" in current(d), "the lines of the pipe")
    os.close(pipe[0])
    assert second.end() == 0
    assert current(d) == b"one\ntwo\n"


def test_a_line_comes_in_pieces(world):
    d = log_dir(world)
    live = Live(world, d)
    ready(d)
    for piece in [b"a", b"bc", b"\nd", b"", b"ef\ng\n", b"h\n"]:
        live.say(piece)
        stays(lambda: True, 0.02)
    wait_until(lambda: current(d) == b"abc\ndef\ng\nh\n", "all lines")
    assert live.end() == 0


def test_a_pipe_that_is_full_of_crumbs_does_not_block(world):
    """Packets take a piece of the pipe each, however small they are."""
    d = log_dir(world)
    pipe = os.pipe2(os.O_DIRECT)
    live = Live(world, d, pipe=pipe)
    os.close(pipe[0])
    for _ in range(100):
        live.say(b"x")
    live.say(b"\n")
    wait_until(lambda: current(d) == b"x" * 100 + b"\n", "the line")
    assert live.end() == 0


def test_lines_of_every_length(world):
    d = log_dir(world, config="s0\n")
    lengths = [0, 1, 2, 3, 998, 999, 1000, 1001, 1023, 1024, 1025, 4095, 4096, 65535, 65536, 262143, 262144, 1_000_000]
    data = b"".join(bytes([97 + i % 26]) * n + b"\n" for i, n in enumerate(lengths))
    run(world, d, data=data)
    assert current(d) == data


@pytest.mark.parametrize("options", [["-l1", "-b2"], ["-l", "1000000", "-b", "1000001"], ["-l5", "-b100000"], ["-b4096"]])
@pytest.mark.parametrize("stamp", [[], ["-t"]])
def test_extremes_of_l_and_b(world, options, stamp):
    d = log_dir(world, config="s0\n")
    rng = random.Random(4)
    data = b"".join(rng.randbytes(rng.choice([0, 1, 10, 3000])).replace(b"\n", b" ") + b"\n" for _ in range(300))
    data += b"z" * 1_200_000 + b"\n"
    run(world, *options, *stamp, d, data=data)
    got = current(d)
    if stamp:
        got = b"".join(line[26:] for line in got.splitlines(keepends=True)) if b"\r" not in got else strip(got)
    assert got == data


def strip(log, width=26):
    return b"".join(line[width:] + b"\n" for line in log.split(b"\n")[:-1])


def test_binary_data(world):
    d = log_dir(world, config="s0\n")
    data = random.Random(9).randbytes(2_000_000) + b"\n"
    run(world, d, data=data)
    assert current(d) == data


def test_stamps(world):
    for option, form in {
        "-t": rb"@400000006[0-9a-f]{15} x\n",
        "-tt": rb"\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} x\n",
        "-ttt": rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{5} x\n",
        "-ttttt": rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{5} x\n",
    }.items():
        d = log_dir(world, option)
        run(world, option, "--", d, data=b"x\n")
        assert re.fullmatch(form, current(d)), option


def test_the_space_after_a_stamp_stays_before_an_empty_line(world):
    d = log_dir(world)
    run(world, "-tt", d, data=b"\n")
    assert re.fullmatch(rb"\S{25} \n", current(d))


def test_prefix_follows_the_stamp(world):
    d = log_dir(world, config="pPFX:\n")
    run(world, "-t", d, data=b"y\n")
    assert re.fullmatch(rb"@[0-9a-f]{24} PFX:y\n", current(d))


def test_replacement_is_of_the_first_bytes_only(world):
    d = log_dir(world)
    run(world, "-r", ".", "-R", "[]", "-l", "12", d, data=b"a\tb[c]\x80\xff--ef\tg\n[\n")
    assert current(d) == b"a.b.c...--ef\tg\n.\n"
    e = log_dir(world, "e")
    run(world, "-R", "a", e, data=b"a\x01b\n")
    assert current(e) == b"__b\n"


def test_replacement_comes_before_patterns(world):
    d = log_dir(world, config="-*\n+a_b\n")
    run(world, "-r_", d, data=b"a\tb\na b\n")
    assert current(d) == b"a_b\n"


def test_selection(world):
    d = log_dir(world, config="-*\n+a*\n-ab*\n")
    run(world, d, data=b"a\nabc\nb\nac\n")
    assert current(d) == b"a\nac\n"


def test_patterns_see_the_first_bytes_only(world):
    d = log_dir(world, config="-*\n+12345\n")
    run(world, "-l5", d, data=b"123456789\n1234\n12345\n")
    assert current(d) == b"123456789\n12345\n"


def test_alerts(world):
    d = log_dir(world, config="p>\ne*\nEno*\n-xx\n")
    got = run(world, "-l", "5", d, data=b"yes\nno\n12345\n123456\nxx\n")
    assert got.stderr == ">yes\n>12345...\n>12345...\n>xx\n"
    assert current(d) == b">yes\n>no\n>12345\n>123456\n"


def test_alerts_have_stamps(world):
    d = log_dir(world, config="e*\n")
    got = run(world, "-tt", d, data=b"x\n")
    assert got.stderr.encode() == current(d)


def test_three_directories(world):
    a, b, c = log_dir(world, "a", "-*x*\n"), log_dir(world, "b", "-*\n+*x*\npb:\n"), log_dir(world, "c", "s0\n")
    lines = [b"%d%s\n" % (i, b"x" if i % 3 == 0 else b"") for i in range(20_000)]
    run(world, "a", "b", "c", data=b"".join(lines))
    assert everything(c) == b"".join(lines)
    assert everything(a) == b"".join(line for line in lines if b"x" not in line)
    assert everything(b) == b"".join(b"b:" + line for line in lines if b"x" in line)


def test_a_property_of_every_config(world):
    """What all files hold together, stamps and prefixes taken off, is the input that is selected."""
    rng = random.Random(11)
    for round in range(25):
        longest = rng.choice([3, 20, 1000])
        size = rng.choice([0, 900, 1500, 5000, 70000])
        prefix = rng.choice([b"", b"pre: "])
        deselected = rng.choice([None, b"a", b"\xff"])
        stamps = rng.choice([[], ["-t"], ["-tt"]])
        config = b"n0\ns%d\n" % size
        if prefix:
            config += b"p" + prefix + b"\n"
        if deselected is not None:
            config += b"-" + deselected + b"*\n"
        d = log_dir(world, f"p{round}", config)
        lines = [
            bytes(rng.choice(b"ab\x00\xff ") for _ in range(rng.choice([0, 1, 5, 30, 200, 1200]))) + b"\n"
            for _ in range(rng.randrange(300))
        ]
        run(world, "-l", longest, "-b", 2 * longest + 1024, *stamps, d, data=b"".join(lines))
        expected = b"".join(prefix + s for s in lines if deselected is None or not s.startswith(deselected))
        got = everything(d)
        assert (strip(got) if stamps else got) == expected, (round, config, stamps)


# -- standard input ---------------------------------------------------------------------------------------------------


def test_the_description_of_stdin_is_left_as_it_is(world):
    import fcntl

    d = log_dir(world)
    pipe = os.pipe()
    live = Live(world, d, pipe=pipe)
    live.say(b"x\n")
    wait_until(lambda: (d / "current").exists() and current(d) == b"x\n", "the line")
    assert not fcntl.fcntl(pipe[0], fcntl.F_GETFL) & os.O_NONBLOCK
    os.close(pipe[0])
    assert live.end() == 0


def test_stdin_that_is_no_pipe(world):
    d = log_dir(world)
    text = b"of a file\nwithout an end"
    path = world.write("input", text)
    with open(path, "rb") as file:
        got = world.run("svlogd", d, stdin=file)
    assert got.returncode == 0
    assert current(d) == text + b"\n"


def test_stdin_that_is_a_socket(world):
    d = log_dir(world)
    ours, theirs = socket.socketpair()
    process = world.start("svlogd", d, stdin=theirs)
    theirs.close()
    ours.send(b"par")
    ours.send(b"tial\nx")
    wait_until(lambda: (d / "current").exists() and current(d) == b"partial\n", "the line")
    ours.send(b"\n")
    wait_until(lambda: current(d) == b"partial\nx\n", "the next one")
    ours.close()
    assert process.wait(timeout=60) == 0


def test_stdin_that_cannot_be_read(world):
    d = log_dir(world)
    fd = os.open("/", os.O_RDONLY)
    got = world.run("svlogd", d, stdin=fd)
    os.close(fd)
    assert got.returncode == 0
    assert got.stderr == "svlogd: warning: unable to read standard input: is a directory\n"


def test_a_line_alone_is_visible_at_once(world):
    d = log_dir(world)
    live = Live(world, d)
    for i in range(200):
        live.say(b"%d\n" % i)
        wait_until(lambda: (d / "current").exists() and current(d).endswith(b"%d\n" % i), f"line {i}")
    assert live.end() == 0


# -- UDP --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def udp():
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(30)
    yield receiver
    receiver.close()


def test_udp(world, udp):
    d = log_dir(world, config=f"pP:\n-no*\nu127.0.0.1:{udp.getsockname()[1]}\n")
    run(world, "-l", "5", d, data=b"abc\nno\n12345678\n")
    assert [udp.recv(100), udp.recv(100)] == [b"P:abc\n", b"P:12345...\n"]
    assert current(d) == b"P:abc\nP:12345678\n"


def test_udp_only(world, udp):
    d = log_dir(world, config=f"U127.0.0.1:{udp.getsockname()[1]}\n")
    run(world, "-tt", d, data=b"abc\n")
    assert re.fullmatch(rb"\S{25} abc\n", udp.recv(100))
    assert current(d) == b""


def test_udp_that_fails_is_written_down(world):
    d = log_dir(world, config="u255.255.255.255:9\npX:\n")
    run(world, d, data=b"a\nb\n")
    assert current(d) == (
        b"warning: failure sending through udp: X:a\nX:a\nwarning: failure sending through udp: X:b\nX:b\n")


def test_a_bad_address(world):
    d = log_dir(world, config="u1.2.3\nu1.2.3.4:0\nU1.2.3\n")
    got = run(world, d, data=b"a\n")
    assert got.stderr == (
        "svlogd: warning: unable to scan ip address: 1.2.3\nsvlogd: warning: unable to scan port number: 0\n"
        "svlogd: warning: unable to scan ip address: 1.2.3\n")
    assert current(d) == b"a\n"


def test_one_socket_for_all_lines(world, udp):
    d = log_dir(world, config=f"u127.0.0.1:{udp.getsockname()[1]}\n")
    run(world, d, data=b"a\nb\nc\n")
    assert len({udp.recvfrom(100)[1] for _ in range(3)}) == 1
