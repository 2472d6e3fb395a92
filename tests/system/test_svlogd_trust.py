"""Root's svlogd in a directory where a user can write: no name in it is believed (core/trust.hh, docs/security.md)."""

import os
import signal
import time

import pytest

from harness import mode_of, stays, wait_until
from test_svlogd import SANITIZED, Live, content, current, everything, log_dir, old_files, ready, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and another user")
USER = 65534

NOT_RUN = "svlogd: warning: other users can write to this directory, the processor in its config is not run: log\n"
CURE = "svlogd: to have it run, let nobody else write there: chmod go-w log; chown root log\n"
ASIDE = "svlogd: warning: current is no file of its own, renamed: log/@"


def of_user(world, mode=0o755):
    d = log_dir(world)
    world.directory.chmod(0o755)
    os.chown(d, USER, USER)
    d.chmod(mode)
    return d


def roots(path, text, mode=0o600):
    path.write_bytes(text)
    path.chmod(mode)
    return path


def log_one_line(world, d):
    live = Live(world, d.name)
    live.say(b"one line\n")
    wait_until(lambda: b"one line\n" in everything(d), "it logs")
    return live


# -- processors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "owner, mode", [(USER, 0o755), (0, 0o777), (0, 0o775), (0, 0o1777)], ids=["owner", "others", "group", "sticky"]
)
def test_roots_own_current_renamed_to_config_runs_nothing(world, owner, mode):
    """Unstamped lines of root's svlogd: `mv current config`."""
    d = log_dir(world)
    d.chmod(mode)
    os.chown(d, owner, owner)
    roots(d / "config", b"s0\n!touch had; cat\n", 0o744)
    live = log_one_line(world, d)
    live.signal(signal.SIGALRM)
    wait_until(lambda: old_files(d), "a rotation without a processor")
    assert live.end() == 0
    assert not (d / "had").exists()
    assert live.errors().startswith(NOT_RUN + CURE)


def test_the_cure_works_as_it_is_typed(world):
    d = of_user(world, 0o777)
    roots(d / "config", b"!tr a-z A-Z\n")
    cure = CURE.partition("there: ")[2].strip()
    assert world.run("/bin/sh", "-c", cure).returncode == 0
    live = log_one_line(world, d)
    live.signal(signal.SIGALRM)
    wait_until(lambda: b"ONE LINE\n" in everything(d), "it is processed")
    assert live.end() == 0
    assert NOT_RUN not in live.errors()


def test_what_is_harmless_in_a_config_of_the_user_holds(world):
    d = of_user(world)
    roots(d / "config", b"s0\nn3\npweb: \n-*secret*\n", 0o644)
    assert run(world, d, data=b"one line\na secret\n").returncode == 0
    assert current(d) == b"web: one line\n"


@pytest.mark.parametrize("name", ["config", "current", "lock"])
def test_no_link_is_followed_not_even_one_of_root(world, name):
    d = of_user(world)
    target = roots(world.directory / "target", b"pREAD: \n")
    (d / name).symlink_to(target)
    got = run(world, "log", data=b"one line\n")
    assert target.read_bytes() == b"pREAD: \n" and mode_of(target) == 0o600
    if name == "lock":
        assert "unable to lock directory: log: symbolic link loop\n" in got.stderr
        return
    assert current(d) == b"one line\n"
    if name == "config":
        assert "svlogd: warning: unable to read config: log: symbolic link loop\n" in got.stderr
    else:
        assert got.stderr.count(ASIDE) == 1


# -- current ----------------------------------------------------------------------------------------------------------


def second_name(d, world):
    target = roots(world.directory / "target", b"private\n")
    os.link(target, d / "current")
    return lambda: target.read_bytes() == b"private\n" and mode_of(target) == 0o600


def fifo(d, world):
    os.mkfifo(d / "current")
    return lambda: True


def socket_or_device(d, world):
    os.mknod(d / "current", 0o600 | 0o020000, os.makedev(1, 3))
    return lambda: True


@pytest.mark.parametrize("trap", [second_name, fifo, socket_or_device])
def test_a_current_that_is_no_file_of_its_own_is_put_aside_once(world, trap):
    d = of_user(world)
    untouched = trap(d, world)
    live = Live(world, "log")
    live.say(b"one line\n")
    wait_until(lambda: (d / "current").is_file() and current(d) == b"one line\n", "a fresh one")
    assert live.stop() == 0
    assert untouched()
    assert live.errors().count(ASIDE) == 1
    assert (d / "current").stat().st_nlink == 1


def test_a_file_of_root_that_was_moved_to_current_becomes_readable_by_nobody_else(world):
    d = of_user(world)
    roots(d / "current", b"private\n")
    assert run(world, d, data=b"one line\n").returncode == 0
    for path in [*d.glob("@*"), d / "current"]:
        if b"private\n" in path.read_bytes():
            assert mode_of(path) & 0o077 == 0


def test_a_file_of_the_user_keeps_its_mode(world):
    d = of_user(world)
    roots(d / "current", b"mine\n", 0o700)
    os.chown(d / "current", USER, USER)
    assert run(world, d, data=b"one line\n").returncode == 0
    assert current(d) == b"mine\none line\n" and mode_of(d / "current") == 0o700


def test_what_root_finds_in_lock_of_a_user_harms_nothing(world):
    """Whatever it says of the line that the pipe begins with, all lines are logged."""
    d = of_user(world)
    for text in (b"\xff" * 4096, b"line-1 - 0 0 0 0 - + 0 taking + 9223372036854775807 0 end".ljust(255) + b"\n", b"x" * 10_000_000):
        roots(d / "lock", text)
        assert run(world, d, data=b"one line\n").returncode == 0
    assert current(d) == b"one line\n" * 3


def test_a_user_in_a_directory_of_the_user_keeps_everything(world):
    d = of_user(world)
    elsewhere = world.directory / "elsewhere"
    elsewhere.mkdir()
    os.chown(elsewhere, USER, USER)
    (d / "current").symlink_to(elsewhere / "log")
    roots(d / "config", b"pweb: \n", 0o644)
    live = Live(world, "log", user=USER, group=USER, extra_groups=[])
    live.say(b"one line\n")
    wait_until(lambda: content(elsewhere / "log") == b"web: one line\n", "the link is followed")
    assert live.stop() == 0


# -- bounds -----------------------------------------------------------------------------------------------------------


def test_a_config_is_read_up_to_64_kib(world):
    d = of_user(world)
    text = b"pweb: \n" + b"# nothing\n" * 7000 + b"pother: \n"
    roots(d / "config", text, 0o644)
    got = run(world, "log", data=b"one line\n")
    assert current(d) == b"web: one line\n"
    assert got.stderr == "svlogd: warning: config is larger than 64 KiB, the rest is ignored: log\n"


def test_a_huge_config_costs_no_memory(world):
    d = of_user(world)
    with open(d / "config", "wb") as config:
        config.truncate(1 << 40)
    live = log_one_line(world, d)
    peak = next(line for line in open(f"/proc/{live.process.pid}/status") if line.startswith("VmHWM"))
    assert live.end() == 0
    assert SANITIZED or int(peak.split()[1]) < 4096, peak


def test_a_config_has_1000_patterns(world):
    d = of_user(world)
    rules = b"".join(b"-a%d\n" % n for n in range(1200))
    roots(d / "config", rules, 0o644)
    got = run(world, "log", data=b"a5\na999\na1000\na1199\n")
    assert current(d) == b"a1000\na1199\n"
    assert got.stderr == "svlogd: warning: config has more than 1000 patterns, the rest is ignored: log\n"


def test_term_is_heard_while_thousands_of_foreign_files_are_deleted(world):
    d = log_dir(world, config="s0\nn5\n")
    count = 5_000
    for n in range(count):
        (d / f"@{n:024x}.s").touch()
    live = log_one_line(world, d)
    live.signal(signal.SIGALRM)
    wait_until(lambda: len(old_files(d)) < count, "the first look has deleted some")
    live.say(b"between two looks\n")
    wait_until(lambda: b"between two looks\n" in current(d), "it logs meanwhile")
    wait_until(lambda: len(old_files(d)) == 5, "all that are too many go in time")
    assert live.stop() == 0
