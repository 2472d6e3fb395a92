"""What a svlogd makes of a log whose last line its predecessor has not ended: svlogd(8), WHEN IT IS KILLED."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import SANITIZED, mode_of, stays, wait_until
from test_svlogd import Live, current, everything, log_dir, old_files, ready, run

CHAOS = Path(__file__).with_name("svlogd_chaos.py")
root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system in a namespace of its own")


def left(world, text, mode=0o644):
    d = log_dir(world)
    world.write(d / "current", text, mode)
    return d


# -- torn lines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o644, 0o744])
@pytest.mark.parametrize(
    "log, pipe, then",
    [
        (b"a\non", b"one\ntwo\n", b"a\none\ntwo\n"),
        (b"a\none", b"one\ntwo\n", b"a\none\ntwo\n"),
        (b"on", b"one\n", b"one\n"),
        (b"a\none\ntw", b"one\ntwo\nthree\n", b"a\none\ntwo\none\ntwo\nthree\n"),
        (b"a\nxy", b"one\n", b"a\nxy\none\n"),
        (b"a\none and more", b"one\n", b"a\none and more\none\n"),
        (b"a\nxy", b"", b"a\nxy\n"),
    ],
)
def test_a_torn_line_is_completed_or_closed(world, log, pipe, then, mode):
    d = left(world, log, mode)
    assert run(world, d, data=pipe).returncode == 0
    assert current(d) == then
    assert mode_of(d / "current") == 0o744
    assert not old_files(d, "u")


@pytest.mark.parametrize("options, stamp", [(["-t"], "@400000006b02cdf70a5758b4 "), (["-tt"], "2026-11-22_11:11:41.17530 ")])
def test_a_torn_line_keeps_its_stamp_and_prefix(world, options, stamp):
    whole = (stamp + "web: one\n").encode()
    for n in (len(stamp), len(stamp) + 2, len(whole) - 1):
        d = log_dir(world, f"log{n}", "pweb: \n")
        (d / "current").write_bytes(whole[:n])
        assert run(world, *options, d, data=b"one\ntwo\n").returncode == 0
        first, second, rest = current(d).split(b"\n")
        assert first + b"\n" == whole and second.endswith(b" web: two") and rest == b""


def test_a_stamp_that_is_torn_is_completed(world):
    d = left(world, b"a\n@40000000")
    assert run(world, "-t", d, data=b"one\n").returncode == 0
    assert current(d).startswith(b"a\n@40000000") and len(current(d)) == 2 + 26 + 4


def test_a_line_that_a_rotation_has_cut_goes_on_in_the_next_file(world):
    d = log_dir(world, config="s2000\n")
    (d / "@400000006b02cdf70a5758b4.s").write_bytes(b"a\n" + b"x" * 1998)
    (d / "current").touch()
    line = b"x" * 2500 + b"\n"
    assert run(world, d, data=line).returncode == 0
    assert everything(d) == b"a\n" + line


# -- lines that are longer than -l ------------------------------------------------------------------------------------


def on_one_pipe(world, d, how, rest, options=()):
    """A svlogd that is given the head of a long line and ended by `how`, and one that is given the rest; the log."""
    pipe = os.pipe()
    head = b"".join(b"%d," % n for n in range(1000))
    first = Live(world, *options, d, pipe=pipe)
    ready(d)
    first.say(b"first\n" + head)
    wait_until(lambda: current(d).endswith(b",999,") or len(everything(d)) > 3800, "the head is logged")
    wait_until(lambda: (d / "lock").stat().st_size > 0, "it is written down")
    assert stays(lambda: True, 0.1)
    succeed(world, d, first, how, rest, options)
    return head


def succeed(world, d, first, how, rest, options=()):
    """Ends the first svlogd by `how`, and gives the rest of its pipe's lines to another one."""
    getattr(first.process, how)()
    first.process.wait()
    second = Live(world, *options, d, pipe=(first.read, first.write))
    second.say(rest)
    os.close(first.read)
    assert second.end() == 0


@pytest.mark.parametrize("how", ["kill", "terminate"])
@pytest.mark.parametrize("config", ["", "s1500\n", "pweb: \n"])
def test_a_long_line_goes_on_in_the_next_life(world, how, config):
    d = log_dir(world, config=config)
    head = on_one_pipe(world, d, how, b"the rest\nlast\n")
    prefix = b"web: " if "p" in config else b""
    assert everything(d) == b"".join(prefix + line + b"\n" for line in (b"first", head + b"the rest", b"last"))


def test_a_long_line_has_one_stamp(world):
    d = log_dir(world)
    head = on_one_pipe(world, d, "kill", b"the rest\nlast\n", ["-tt"])
    first, line, last = current(d).splitlines()
    assert line[26:] == head + b"the rest"
    assert last[26:] == b"last"


def test_a_long_line_that_is_not_selected_stays_unlogged(world):
    d = log_dir(world, config="-*0,1,*\n")
    pipe = os.pipe()
    first = Live(world, d, pipe=pipe)
    ready(d)
    first.say(b"first\n0,1," + b"x" * 3000)
    wait_until(lambda: (d / "lock").stat().st_size > 0, "it is written down")
    succeed(world, d, first, "kill", b"the rest\nlast\n")
    assert everything(d) == b"first\nlast\n"


def test_what_was_written_down_counts_for_that_pipe_only(world):
    d = log_dir(world)
    live = Live(world, d)
    ready(d)
    live.say(b"x" * 3000)
    wait_until(lambda: (d / "lock").stat().st_size > 0 and len(current(d)) == 3000, "the head is logged")
    live.process.kill()
    live.process.wait()
    assert run(world, d, data=b"of another service\n").returncode == 0
    assert current(d) == b"x" * 3000 + b"\nof another service\n"


def test_short_lines_leave_nothing_in_lock(world):
    d = log_dir(world)
    assert run(world, d, data=b"x" * 900 + b"\n" + b"y\n" * 1000).returncode == 0
    assert (d / "lock").stat().st_size == 0


# -- what cannot grow -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(SANITIZED, reason="the sanitizer wants its own files")
def test_a_file_that_may_not_grow_makes_way_for_the_next(world):
    d = log_dir(world, config="s0\nn0\n")
    data = b"".join(b"%06d" % i + b"x" * 93 + b"\n" for i in range(900))
    limit = ["sh", "-c", 'ulimit -f 64; exec "$@"', "sh", world.suite.path("svlogd")]  # 32 or 64 KiB
    live = Live(world, d, command=[shutil.which("sh"), *limit[1:]])
    live.say(data)
    assert live.end() == 0
    assert everything(d) == data
    assert len(old_files(d)) >= 1


# -- chaos ------------------------------------------------------------------------------------------------------------


def chaos(world, *arguments, within=(shutil.which("sh"), "-c", 'mkdir -p disk/log && exec "$@"'), size=200_000):
    """svlogd_chaos.py in disk/log; what it has counted."""
    kills = 15 if SANITIZED else 60
    config = [shutil.which("sh"), "-c", f"printf 's{size}\\nn0\\n' >disk/log/config && exec \"$@\"", "sh"]
    done = subprocess.run(
        [*within, "sh", *config, sys.executable, CHAOS, world.suite.path("svlogd"), "disk/log", "--kills", str(kills),
         "--pause", "0.2" if SANITIZED else "0.02", *arguments],
        cwd=world.directory, env=world.suite.environment(), stdout=subprocess.PIPE, timeout=600, check=True)  # fmt: skip
    found = json.loads(done.stdout)
    print(found)
    assert found["lines"] > 0
    assert (found["lost"], found["torn"], found["disordered"]) == (0, 0, 0), found
    return found


@pytest.mark.parametrize("writer", ["nonblock", "writev", "splice", "sendfile", "packets"])
def test_kills_tear_and_lose_nothing_of_any_writer(world, writer):
    chaos(world, "--writer", writer)


@pytest.mark.parametrize("writer", ["write", "nonblock", "splice"])
def test_kills_tear_and_lose_nothing_in_a_pipe_of_one_slot(world, writer):
    chaos(world, "--writer", writer, "--pipe", "4096")


@root
@pytest.mark.parametrize("how", ["kill", "kill,full"])
@pytest.mark.parametrize("options", ["", "-tt"])
@pytest.mark.parametrize("size", ["200000", "20000"])
def test_kills_and_full_disks_tear_and_lose_nothing(world, how, options, size):
    mount = "mkdir disk && mount -t tmpfs -o size=24m tmpfs disk && mkdir disk/log && exec \"$@\""
    within = [shutil.which("unshare"), "-m", "sh", "-c", mount]
    chaos(world, "--how", how, f"--options={options}", within=within, size=size)
