"""svlogd(8) when something is wrong: disks that are full, broken or gone, processors that fail, kill -9."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import alive, children, stays, wait_until
from test_svlogd import SANITIZED, Live, current, everything, log_dir, old_files, ready, run

root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system in a namespace of its own")


class Mounted(Live):
    """A svlogd whose directories `tm` and `other` are small file systems that only it and this test see."""

    def __init__(self, world, *options, size="256k", more="", config="", fill=0, dirs=("tm",)):
        for name in ("tm", "other"):
            (world.directory / name).mkdir()
        script = (
            f"mount -t tmpfs -o size={size}{more} tmpfs tm && mount -t tmpfs tmpfs other && "
            f"printf '{config}' >tm/config && head -c {fill} /dev/zero >tm/filler && exec \"$@\""
        )
        command = ["unshare", "-m", "sh", "-c", script, "sh", world.suite.path("svlogd")]
        super().__init__(world, *options, *dirs, command=[shutil.which("unshare"), *command[1:]])
        self.inside = Path(f"/proc/{self.process.pid}/root{world.directory}")
        wait_until(lambda: (self.inside / "tm/current").exists(), "the logger is running")

    def log(self, name="tm"):
        return everything(self.inside / name)


def numbered(count, width=100):
    return b"".join(b"%06d" % i + b"x" * (width - 7) + b"\n" for i in range(count))


# -- full disks -------------------------------------------------------------------------------------------------------


@root
def test_a_full_disk_makes_room_where_N_allows(world):
    live = Mounted(world, config="s20000\\nn50\\nN2\\n")
    data = numbered(10_000)
    live.say(data)
    wait_until(lambda: live.log().endswith(data[-100:]), "the last line")
    got = live.log()
    assert data.endswith(got)
    assert len(got) > 40_000
    assert re.search(r"svlogd: warning: out of disk space, delete: tm/@[0-9a-f]{24}\.s\n", live.errors())
    assert "pausing" not in live.errors()
    assert live.end() == 0


@root
def test_a_full_disk_pauses_and_goes_on_as_soon_as_there_is_room(world):
    live = Mounted(world, config="s0\\n", size="1m", fill=900_000)
    data = numbered(3000)
    live.say(data)
    wait_until(lambda: "svlogd: pausing: unable to write to current: tm: out of disk space\n" in live.errors(), "a pause")
    (live.inside / "tm/filler").unlink()
    begin = time.monotonic()
    wait_until(lambda: live.log() == data, "everything is written")
    assert time.monotonic() - begin < 2.5  # runit sleeps for three seconds
    wait_until(lambda: re.search(r"going on after \d+ tries in \d+ s: tm\n", live.errors()), "the count")
    assert live.errors().count("pausing") <= 3
    assert live.end() == 0
    assert live.process.returncode == 0


@root
def test_term_ends_a_pause_and_leaves_what_is_not_written_in_the_pipe(world):
    live = Mounted(world, config="s0\\n", size="1m", fill=1_000_000)
    read_end = os.open(f"/proc/{live.process.pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    data = numbered(600)
    live.say(data)
    wait_until(lambda: "pausing" in live.errors(), "a pause")
    written = live.log()
    assert live.stop() == 0
    left = os.read(read_end, 1 << 20)
    os.close(read_end)
    whole = written[: written.rindex(b"\n") + 1]
    assert whole + left == data, "a line that was written in part is in the pipe as a whole"


@root
def test_term_in_the_middle_of_a_line_that_does_not_fit_leaves_no_torn_one(world):
    """What the next one finds in the pipe begins with that line, and it goes on with the rest of it."""
    live = Mounted(world, "-tt", config="s0\\n", size="1m", fill=1_000_000)
    read_end = os.open(f"/proc/{live.process.pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    data = numbered(600)
    live.say(data)
    wait_until(lambda: "pausing" in live.errors(), "a pause")
    held = os.open(live.inside / "tm", os.O_RDONLY)
    inside = Path(f"/proc/self/fd/{held}")
    before = live.log()
    assert not before.endswith(b"\n"), "the disk was full in the middle of a line"
    assert live.stop() == 0
    assert "lines lost" not in live.errors(), "they are in the pipe"
    (inside / "filler").unlink()
    again = subprocess.Popen([world.suite.path("svlogd"), "-tt", str(inside)], stdin=read_end, pass_fds=[held],
                             env=world.suite.environment())  # fmt: skip
    world.processes.append(again)
    os.close(read_end)
    live.end()
    assert again.wait(timeout=30) == 0
    assert not old_files(inside, "u"), "its last line goes on"
    logged = current(inside)
    os.close(held)
    assert logged.startswith(before)
    lines = [line.split(b" ", 1)[1] for line in logged.splitlines(keepends=True)]
    assert set(lines) == set(data.splitlines(keepends=True)) and len(lines) < 1200


@root
@pytest.mark.parametrize("options", [["-L"], ["-L", "-tt"]])
def test_lossy_drops_and_counts(world, options):
    live = Mounted(world, *options, config="s0\\n", size="1m", fill=900_000)
    data = numbered(20_000)
    live.say(data)  # does not block: 2 MB are more than the disk, the pipe and the buffers together
    wait_until(lambda: "svlogd: dropping: unable to write to current: tm: out of disk space\n" in live.errors(), "drops")
    (live.inside / "tm/filler").unlink()
    wait_until(lambda: re.search(rb"warning: lines dropped: \d+\n", live.log()), "the report")
    live.say(b"after\n")
    wait_until(lambda: live.log().endswith(b"after\n"), "the next line")
    log = live.log()
    reports = [int(n) for n in re.findall(rb"warning: lines dropped: (\d+)\n", log)]
    assert len(reports) == 1
    logged = re.findall(rb"(?:^|\n)(?:\S{25} )?(\d{6})x{93}(?=\n)", log)
    assert len(log.split(b"\n")) - 1 == len(logged) + len(reports) + 1, "no line is torn"
    assert len(logged) + reports[0] == 20_000
    assert logged == [b"%06d" % i for i in range(len(logged))]
    assert live.end() == 0


@root
def test_a_full_directory_does_not_stop_another(world):
    live = Mounted(world, config="s0\\n", size="1m", fill=1_000_000, dirs=("tm", "other"))
    data = numbered(8000)
    live.say(data)
    wait_until(lambda: live.log("other") == data, "everything is in the other one")
    (live.inside / "tm/filler").unlink()
    wait_until(lambda: live.log(), "the first one goes on")
    assert live.end() == 0


@root
def test_a_disk_without_inodes(world):
    live = Mounted(world, config="s2000\\nn0\\n", more=",nr_inodes=9")
    data = numbered(60)
    live.say(data)
    wait_until(lambda: "pausing: unable to create new current: tm: out of disk space\n" in live.errors(), "a pause")
    got = live.log()
    assert data.startswith(got)
    (live.inside / "tm/filler").unlink()
    (live.inside / "tm/config").unlink()
    first = old_files(live.inside / "tm")[:6]
    taken = b"".join(p.read_bytes() for p in first)
    for p in first:
        p.unlink()
    wait_until(lambda: taken + live.log() == data, "everything is written")
    assert live.end() == 0


@root
def test_a_file_system_that_is_read_only(world):
    d = log_dir(world)
    script = 'mount --bind log log && mount -o remount,bind,ro log && exec "$@"'
    got = world.run(shutil.which("unshare"), "-m", "sh", "-c", script, "sh", world.suite.path("svlogd"), "log")
    assert got.returncode == 111
    assert "svlogd: warning: unable to lock directory: log: read-only file system\n" in got.stderr
    assert not list(d.iterdir())


# -- broken disks -----------------------------------------------------------------------------------------------------

needs_strace = pytest.mark.skipif(shutil.which("strace") is None or SANITIZED, reason="needs strace, and no sanitizer")


@needs_strace
@pytest.mark.parametrize(
    "inject, said",
    [
        ("write:error=EIO:when=2..4", "unable to write to current: log: input/output error"),
        ("fsync:error=EIO:when=1", "unable to fsync current logfile: log: input/output error"),
        ("fchmod:error=EIO:when=2", "unable to set mode of current: log: input/output error"),
    ],
)
def test_io_errors_are_tried_again_and_lose_nothing(world, inject, said):
    d = log_dir(world, config="s2000\nn0\n")
    what = inject.split(":")[0]
    strace = shutil.which("strace")
    live = Live(world, "log", command=[strace, "-o", "/dev/null", "-e", f"trace={what}", "-P", str(d / "current"),
                                       "-e", f"inject={inject}", world.suite.path("svlogd")])
    data = b""
    for i in range(30):
        line = b"%03d" % i + b"x" * 96 + b"\n"
        data += line
        live.say(line)
        wait_until(lambda: everything(d) == data, f"line {i}")
    assert live.end() == 0
    assert f"svlogd: pausing: {said}\n" in live.errors()
    assert everything(d) == data


def test_a_directory_that_was_removed(world):
    d = log_dir(world, config="s2000\n")
    live = Live(world, "log")
    ready(d)
    shutil.rmtree(d)
    live.say(numbered(30))
    wait_until(lambda: "pausing: unable to rename current: log: file does not exist\n" in live.errors(), "a pause")
    assert live.stop() == 0


def test_a_removed_directory_does_not_stop_another(world):
    a, b = log_dir(world, "a", "s2000\n"), log_dir(world, "b", "s0\n")
    live = Live(world, "a", "b")
    ready(b)
    shutil.rmtree(a)
    data = numbered(5000)
    live.say(data)
    wait_until(lambda: current(b) == data, "everything is in the other one")
    assert live.end() == 0


def test_a_current_that_cannot_be_opened(world):
    d = log_dir(world)
    (d / "current").mkdir()
    live = Live(world, "log")
    wait_until(lambda: "pausing: unable to open current: log: is a directory\n" in live.errors(), "a pause")
    live.say(b"x\n")
    (d / "current").rmdir()
    wait_until(lambda: (d / "current").is_file() and current(d) == b"x\n", "the line")
    assert live.end() == 0


# -- processors -------------------------------------------------------------------------------------------------------


def test_a_processor(world):
    d = log_dir(world, "p1", "s1100\n!tr x y; cat <&4 >&2; echo \"state $$\" >&5\n")
    live = Live(world, "-v", "p1")
    ready(d)
    live.say(b"x" * 200 + b"\n")
    wait_until(lambda: len(old_files(d)) == 1, "the first file")
    first_state = wait_until(lambda: (d / "state").read_text(), "its state")
    live.say(b"x" * 200 + b"\n")
    wait_until(lambda: len(old_files(d)) == 2, "the second")
    assert live.end() == 0
    assert [p.read_bytes() for p in old_files(d)] == [b"y" * 200 + b"\n"] * 2
    assert [p.stat().st_mode & 0o777 for p in old_files(d)] == [0o744] * 2
    assert first_state in live.errors()
    assert not old_files(d, "u") and not old_files(d, "t") and not (d / "newstate").exists()
    said = re.sub("@[0-9a-f]{24}", "@", live.errors())
    for line in ["rename: p1/current @.u 201", "processing: p1/@.u", "processed: p1/@.s", "sigchild received."]:
        assert f"svlogd: info: {line}\n" in said


def test_the_queue_is_worked_off_at_the_end_of_the_input(world):
    d = log_dir(world, config="s1100\nn0\n!sleep 0.05; cat\n")
    data = b"".join(b"%02d" % i + b"x" * 198 + b"\n" for i in range(12))
    run(world, d, data=data)
    assert len(old_files(d)) == 12 and not old_files(d, "u")
    assert everything(d) == data


@pytest.mark.parametrize("command", ["exit 1", "kill -9 $$", "cat; exit 3", "/no/such/program"])
@pytest.mark.parametrize("ending", ["TERM", "EOF"])
def test_a_processor_that_fails_is_retried_with_a_pause(world, command, ending):
    tries = world.directory / "tries"
    d = log_dir(world, config=f"s1100\n!echo >>{tries}; {command}\n")
    live = Live(world, "log")
    ready(d)
    live.say(b"x" * 200 + b"\n")
    wait_until(lambda: tries.exists() and len(tries.read_text()) == 2, "a second try")
    assert "svlogd: warning: processor failed, restart: log\n" in live.errors()
    assert stays(lambda: len(tries.read_text()) == 2, 1.0)  # the next comes after two seconds
    live.say(b"another line\n")
    wait_until(lambda: current(d) == b"another line\n", "lines are logged meanwhile")
    assert (live.stop() if ending == "TERM" else live.end()) == 0
    assert [p.read_bytes() for p in old_files(d, "u")] == [b"x" * 200 + b"\n"]
    assert not old_files(d, "s") and not old_files(d, "t")


def test_a_processor_that_hangs_blocks_nothing(world):
    d = log_dir(world, config="s1100\nn0\n!exec sleep 1000\n")
    live = Live(world, d)
    ready(d)
    data = b"".join(b"%02d" % i + b"x" * 198 + b"\n" for i in range(20))
    live.say(data)
    wait_until(lambda: everything(d) == data, "all lines are logged")
    (child,) = wait_until(lambda: children(live.process.pid), "the processor")
    begin = time.monotonic()
    assert live.stop() == 0
    assert time.monotonic() - begin < 20
    wait_until(lambda: not alive(child), "the processor has ended, too")
    assert len(old_files(d, "u")) == 20


def test_term_waits_for_a_processor_that_works(world):
    d = log_dir(world, config="s1100\n!sleep 1; cat\n")
    live = Live(world, d)
    ready(d)
    live.say(b"x" * 200 + b"\n")
    wait_until(lambda: children(live.process.pid), "the processor")
    assert live.stop() == 0
    assert len(old_files(d)) == 1 and not old_files(d, "u")


def test_what_a_crash_has_left_is_processed_at_the_next_start(world):
    d = log_dir(world, config="!tr a b\n")
    (d / "current").write_text("a crash\n")
    (d / "current").chmod(0o644)
    (d / "@400000000000000000000000.u").write_text("an earlier one\n")
    (d / "@400000000000000000000000.t").write_text("half of it")
    live = Live(world, d)
    wait_until(lambda: len(old_files(d)) == 2, "both are processed")
    assert [p.read_text() for p in old_files(d)] == ["bn ebrlier one\n", "b crbsh\n"]
    assert live.end() == 0
    assert not old_files(d, "u") and not old_files(d, "t")


def test_the_file_in_work_is_not_pruned(world):
    go = world.directory / "go"
    d = log_dir(world, config=f"s1100\nn2\n!while [ ! -e {go} ]; do sleep 0.02; done; cat\n")
    live = Live(world, d)
    ready(d)
    live.say(b"first" + b"x" * 200 + b"\n")
    wait_until(lambda: children(live.process.pid), "the processor")
    live.say((b"y" * 200 + b"\n") * 10)
    wait_until(lambda: len(old_files(d, "u")) == 2 and current(d) == b"", "all have been rotated")
    assert old_files(d, "u")[0].read_bytes().startswith(b"first")
    go.touch()
    wait_until(lambda: old_files(d), "the first is done")
    assert old_files(d)[0].read_bytes().startswith(b"first")
    assert live.end() == 0


def test_hup_keeps_a_processor_that_works(world):
    d = log_dir(world, config="s1100\n!sleep 0.5; cat\n")
    live = Live(world, "-v", d)
    ready(d)
    live.say(b"x" * 200 + b"\n")
    wait_until(lambda: children(live.process.pid), "the processor")
    live.signal(signal.SIGHUP)
    wait_until(lambda: live.errors().count("append: ") + live.errors().count("new: ") == 2, "it has reopened")
    wait_until(lambda: old_files(d), "the processor is done")
    assert not old_files(d, "u")
    assert live.end() == 0


# -- kill -9 ----------------------------------------------------------------------------------------------------------

WRITER = """
import os, random
rng, pending = random.Random(5), b""
for i in range(int(os.environ["LINES"])):
    pending += b"%09d %s\\n" % (i, b"x" * rng.randrange(150))
    if len(pending) > rng.randrange(1, 9000):
        cut = rng.randrange(1, len(pending) + 1)
        os.write(1, pending[:cut])
        pending = pending[cut:]
os.write(1, pending)
"""


def test_five_hundred_kills_lose_no_line(world):
    kills = 60 if SANITIZED else 500
    d = log_dir(world, config="s200000\nn0\n")
    r, w = os.pipe()
    writer = subprocess.Popen([sys.executable, "-c", WRITER], stdout=w,
                              env={**os.environ, "LINES": str(kills * 6000)})
    world.processes.append(writer)
    os.close(w)
    rng = random.Random(8)
    killed = 0
    while killed < kills and writer.poll() is None:
        logger = subprocess.Popen([world.suite.path("svlogd"), d], stdin=r)
        time.sleep(rng.random() * 0.012)
        logger.kill()
        logger.wait()
        killed += 1
    writer.kill()
    writer.wait()
    last = subprocess.Popen([world.suite.path("svlogd"), d], stdin=r)
    os.close(r)
    assert last.wait(timeout=60) == 0

    seen, torn, doubled = set(), 0, 0
    for path in [*sorted(d.glob("@*.[su]")), d / "current"]:
        for line in path.read_bytes().split(b"\n")[:-1]:
            if not re.fullmatch(rb"\d{9} x*", line):
                torn += 1
                continue
            number = int(line[:9])
            doubled += number in seen
            seen.add(number)
    print(f"{killed} kills, {len(seen)} lines, {doubled} doubled, {torn} torn")
    assert killed >= kills * 0.9
    assert seen and sorted(set(range(max(seen))) - seen) == []
