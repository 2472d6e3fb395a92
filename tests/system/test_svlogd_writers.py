"""svlogd(8) and the ways in which programs write: large, in pieces, blocking or not, through whatever standard output
is. Each writer tells numbered lines; every one of them arrives, whole, once, in order, and the writer is never left
waiting. Each runs alone and under runsv."""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from harness import alive, wait_until
from test_svlogd import Live, current, everything, log_dir, ready

PYTHON = sys.executable
COUNT = 3000

# What every Python writer begins with. line(i) is unlike line(j), and most are not as long as their neighbours.
PRELUDE = f"""
import array, ctypes, fcntl, json, os, select, signal, sys, time
F_SETPIPE_SZ, COUNT = 1031, {COUNT}
def line(i): return b'%06d %s\\n' % (i, b'x' * (i * 37 % 197))
def lines(a=0, b=COUNT): return b''.join(map(line, range(a, b)))
def put(data, fd=1):
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view):]
        except BlockingIOError:
            select.select([], [fd], [])
def half_and_rest(data, k=5):
    put(data[:k]); time.sleep(0.03); put(data[k:])
"""


def line(i):
    return b"%06d %s\n" % (i, b"x" * (i * 37 % 197))


LINES = b"".join(map(line, range(COUNT)))

WRITERS = {
    "one huge write": "os.write(1, lines())",
    "a prompt, then a huge write": "half_and_rest(lines())",
    "a prompt of one byte, several times": """
        for a in range(0, COUNT, 500): half_and_rest(lines(a, a + 500), 1)""",
    "print": "print(lines().decode(), end='')",
    "line by line, flushed": "[(sys.stdout.write(line(i).decode()), sys.stdout.flush()) for i in range(COUNT)]",
    "every line in two writes": "[(put(line(i)[:4]), put(line(i)[4:])) for i in range(COUNT)]",
    "pieces of 2100 bytes": "d = lines(); [put(d[a:a + 2100]) for a in range(0, len(d), 2100)]",
    "pieces of 65537 bytes": "d = lines(); [put(d[a:a + 65537]) for a in range(0, len(d), 65537)]",
    "writev": """
        d = memoryview(lines())
        while d:
            d = d[os.writev(1, [d[a:a + 1009] for a in range(0, min(len(d), 500_000), 1009)]):]""",
    "O_NONBLOCK": "os.set_blocking(1, False); half_and_rest(lines())",
    "a pipe of 4 kB": "fcntl.fcntl(1, F_SETPIPE_SZ, 4096); half_and_rest(lines())",
    "a pipe that shrinks behind a prompt": """
        d = lines(); put(d[:5]); time.sleep(0.03); fcntl.fcntl(1, F_SETPIPE_SZ, 4096); put(d[5:])""",
    "a pipe that grows and shrinks": """
        d = lines()
        for n, a in enumerate(range(0, len(d), 20_011)):
            try:
                fcntl.fcntl(1, F_SETPIPE_SZ, 4096 << n * 5 % 9)
            except OSError:
                pass
            put(d[a:a + 20_011])""",
    "packet mode": """
        fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_DIRECT); half_and_rest(lines())""",
    "packets of a few bytes": """
        fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_DIRECT)
        d = lines(0, 700); [put(d[a:a + 13]) for a in range(0, len(d), 13)]; put(lines(700))""",
    "splice": """
        f = open(sys.argv[1], 'w+b', 0); f.write(lines()); f.seek(0); put(b'')
        while ctypes.CDLL(None).splice(f.fileno(), None, 1, None, 1 << 20, 0) > 0: pass""",
    "splice behind a prompt in a pipe that shrank": """
        f = open(sys.argv[1], 'w+b', 0); f.write(lines()[5:]); f.seek(0)
        put(lines()[:5]); time.sleep(0.02); fcntl.fcntl(1, F_SETPIPE_SZ, 4096)
        while ctypes.CDLL(None).splice(f.fileno(), None, 1, None, 1 << 20, 0) > 0: pass""",
    "sendfile": """
        f = open(sys.argv[1], 'w+b', 0); f.write(lines()); at = 0
        while n := os.sendfile(1, f.fileno(), at, 1 << 20): at += n""",
    "sendfile behind a prompt": """
        f = open(sys.argv[1], 'w+b', 0); f.write(lines()); at = 5; put(lines()[:5]); time.sleep(0.03)
        while n := os.sendfile(1, f.fileno(), at, 1 << 20): at += n""",
    "processes, one after the other": """
        d, k = lines(), 4001
        for a in range(0, len(d), k):
            pid = os.fork()
            if pid == 0: put(d[a:a + k]); os._exit(0)
            os.waitpid(pid, 0)""",
}


def writer(world, name):
    code = PRELUDE + textwrap.dedent(WRITERS[name])
    path = world.directory / "writer.py"
    path.write_text(code)
    return [PYTHON, str(path), str(world.directory / "writer.data")]


def logged(d):
    wait_until(lambda: len(everything(d)) >= len(LINES), "every line")
    assert everything(d) == LINES


def alone(world, command, *arguments, config="s16777215\n"):
    d = log_dir(world, config=config)
    r, w = os.pipe()
    logger = world.start(world.suite.path("svlogd"), *arguments, d, stdin=r)
    os.close(r)
    process = world.start(*command, stdout=w)
    os.close(w)
    assert process.wait(timeout=60) == 0, "the writer is done"
    assert logger.wait(timeout=60) == 0
    return d


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_alone(world, name):
    assert everything(alone(world, writer(world, name))) == LINES


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_under_runsv(world, name):
    command = " ".join(f"'{word}'" for word in writer(world, name))
    d = log_dir(world, config="s16777215\n")
    world.service("s", f"#!/bin/sh\n{command} || exit 1\nexec sleep 1000\n", log__run=f"#!/bin/sh\nexec svlogd {d}\n")
    world.runsv("s")
    logged(d)
    assert world.sv("-w30", "exit", "s").returncode == 0
    assert everything(d) == LINES


@pytest.mark.parametrize("name", ["one huge write", "a prompt, then a huge write", "every line in two writes"])
@pytest.mark.parametrize("config", ["s5000\nn0\n", "s16777215\n+*\n", "s16777215\np"])
@pytest.mark.parametrize("options", [[], ["-l", "3000", "-b", "4000"], ["-l", "20", "-b", "64"]])
def test_a_writer_and_rotation_rules_prefixes_and_lengths(world, name, config, options):
    assert everything(alone(world, writer(world, name), *options, config=config)) == LINES


def test_json_of_400_kb_in_one_print(world):
    text = json.dumps([{"number": i, "text": "y" * (i % 50)} for i in range(6000)])
    code = "import json\nprint(json.dumps([{'number': i, 'text': 'y' * (i % 50)} for i in range(6000)]))"
    d = alone(world, [PYTHON, "-c", code], config="s16777215\n")
    assert everything(d).decode() == text + "\n"


def test_sh_writes_a_prompt_and_then_a_large_file(world):
    (world.directory / "large").write_bytes(LINES[7:])
    assert everything(alone(world, ["/bin/sh", "-c", "printf '%s' '000000 '; exec cat large"])) == LINES


@pytest.mark.skipif(not shutil.which("ruby"), reason="needs ruby")
def test_ruby_writes_much_at_once(world):
    (world.directory / "large").write_bytes(LINES)
    assert everything(alone(world, [shutil.which("ruby"), "-e", "STDOUT.write(File.binread('large'))"])) == LINES


# ---- other kinds of input -------------------------------------------------------------------------------------------


def test_a_fifo_with_a_writer_that_comes_again(world):
    d = log_dir(world, config="s16777215\n")
    fifo = world.directory / "fifo"
    os.mkfifo(fifo)
    keep = os.open(fifo, os.O_RDWR)
    logger = world.start(world.suite.path("svlogd"), d, stdin=fifo.open("rb", buffering=0))
    (world.directory / "large").write_bytes(LINES)
    for command in [f"head -c 3 large >{fifo}", f"tail -c +4 large >{fifo}"]:
        subprocess.run(["/bin/sh", "-c", command], cwd=world.directory, timeout=60, check=True)
    os.close(keep)
    assert logger.wait(timeout=60) == 0
    assert everything(d) == LINES


@pytest.mark.parametrize("kind", ["socket", "file", "tty"])
def test_an_input_that_is_no_pipe(world, kind):
    d = log_dir(world, config="s16777215\n")
    feeder = None
    if kind == "socket":
        ours, theirs = socket.socketpair()
        feeder, stdin = ours.detach(), theirs.detach()
    elif kind == "tty":
        feeder, stdin = pty.openpty()
    else:
        (world.directory / "large").write_bytes(LINES)
        stdin = os.open(world.directory / "large", os.O_RDONLY)
    logger = world.start(world.suite.path("svlogd"), d, stdin=stdin)
    os.close(stdin)
    if feeder is not None:
        for a in range(0, len(LINES), 1000):
            os.write(feeder, LINES[a : a + 1000])
    if kind == "tty":
        wait_until(lambda: everything(d) == LINES, "every line")
    if feeder is not None:
        os.close(feeder)
    assert logger.wait(timeout=60) == 0
    assert everything(d) == LINES


# ---- a held line ----------------------------------------------------------------------------------------------------


def in_pipe(fd):
    """Bytes that are unread (FIONREAD)."""
    import array
    import fcntl
    import termios

    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def switches(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(s for s in status if s.startswith("voluntary")).split()[1])


def test_a_held_line_survives_kill_and_term_where_another_logger_follows(world):
    d = log_dir(world)
    pipe = os.pipe()
    says = [b"0 one\n1 ", b"two\n2 thr", b"ee\n3 four", b"\n"]
    live = Live(world, d, pipe=pipe)
    for i, piece in enumerate(says):
        os.write(pipe[1], piece)
        told = b"".join(says[: i + 1])
        whole = told[: told.rfind(b"\n") + 1]
        wait_until(lambda: everything(d) == whole, f"{whole}")
        live.signal([signal.SIGKILL, signal.SIGTERM][i % 2])
        live.process.wait(timeout=60)
        assert everything(d) == whole
        assert in_pipe(pipe[0]) == len(told) - len(whole)
        live = Live(world, d, pipe=pipe)
    os.close(pipe[0])
    assert live.end() == 0
    assert everything(d) == b"0 one\n1 two\n2 three\n3 four\n"


def test_term_leaves_the_beginning_of_a_line_to_the_next_logger_of_runsv(world):
    d = log_dir(world)
    fifo = world.directory / "tell"
    os.mkfifo(fifo)
    run = f"#!/bin/sh\nprintf 'one\\ntw'; read x <{fifo}; echo o; exec sleep 1000\n"
    world.service("s", run, log__run=f"#!/bin/sh\nexec svlogd {d}\n")
    world.runsv("s")
    wait_until(lambda: everything(d) == b"one\n", "the first line")
    first = int(world.directory.joinpath("s/log/supervise/pid").read_text())
    assert world.sv("-w30", "restart", "s/log").returncode == 0
    assert not alive(first)
    fifo.write_text("go\n")
    wait_until(lambda: everything(d) == b"one\ntwo\n", "the second line, whole")


def test_behind_a_held_line_nothing_wakes_but_a_few_deadlines(world):
    d = log_dir(world)
    live = Live(world, d)
    live.say(b"first\nhalf")
    wait_until(lambda: current(d) == b"first\n", "the first line")
    pid = live.process.pid
    before = switches(pid)
    wait_until(lambda: switches(pid) > before + 1, "it looks again, twice")
    assert current(d) == b"first\n"
    live.say(b" of it\n")
    wait_until(lambda: current(d) == b"first\nhalf of it\n", "the second line")
    assert live.end() == 0


@pytest.mark.parametrize("what", ["F_SETFL", "F_SETOWN"])
def test_where_the_kernel_announces_nothing_a_held_line_goes_to_memory(world, what):
    """A kernel before 5.14, in effect: fcntl(2) refuses what SIGIO needs."""
    command = [PYTHON, "-c", REFUSE_FCNTL, {"F_SETFL": "4", "F_SETOWN": "8"}[what], world.suite.path("svlogd")]
    d = log_dir(world)
    live = Live(world, d, command=command)
    live.say(b"first\nhalf")
    wait_until(lambda: current(d) == b"first\n", "the first line")
    wait_until(lambda: in_pipe(live.write) == 0, "the beginning of a line is in memory")
    live.say(b" of it\n" + LINES)
    assert live.end() == 0
    assert everything(d) == b"first\nhalf of it\n" + LINES


# Executes what follows with fcntl(2) failing for the command that is named first (seccomp).
REFUSE_FCNTL = """
import ctypes, os, platform, struct, sys
number = {'x86_64': 72, 'aarch64': 25}[platform.machine()]
def op(code, yes, no, k): return struct.pack('HBBI', code, yes, no, k)
rules = (op(0x20, 0, 0, 0) + op(0x15, 0, 3, number) + op(0x20, 0, 0, 24) + op(0x15, 0, 1, int(sys.argv[1]))
         + op(0x06, 0, 0, 0x50001) + op(0x06, 0, 0, 0x7fff0000))
held = ctypes.create_string_buffer(rules)
program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(rules) // 8, ctypes.addressof(held)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_kill_of_the_logger_in_the_middle_of_a_flood(world):
    """Nothing is lost or torn; a block may be there twice."""
    d = log_dir(world, config="s16777215\nn0\n")
    pipe = os.pipe()
    process = world.start(*writer(world, "a prompt of one byte, several times"), stdout=pipe[1])
    os.close(pipe[1])
    for _ in range(20):
        logger = world.start(world.suite.path("svlogd"), d, stdin=pipe[0])
        ready(d)
        logger.send_signal(signal.SIGKILL)
        logger.wait(timeout=60)
    logger = world.start(world.suite.path("svlogd"), d, stdin=pipe[0])
    os.close(pipe[0])
    assert process.wait(timeout=60) == 0
    assert logger.wait(timeout=60) == 0
    assert set(everything(d).splitlines(keepends=True)) == set(LINES.splitlines(keepends=True))


def test_term_waits_for_the_rest_of_a_line_that_is_in_memory(world):
    """The line is whole, and the next logger gets the bytes after it."""
    d = log_dir(world)
    pipe = os.pipe()
    live = Live(world, d, pipe=pipe)
    ready(d)
    size = 20_000
    live = live_with_a_long_head(world, live, d, pipe, size)
    live.signal(signal.SIGSTOP)
    live.signal(signal.SIGTERM)
    live.say(b" rest\nnext\n")
    live.signal(signal.SIGCONT)
    assert live.process.wait(timeout=60) == 0
    assert current(d) == b"x" * size + b" rest\n"
    assert in_pipe(pipe[0]) == len(b"next\n")


def test_term_leaves_the_rest_of_a_line_in_the_log_to_the_next_logger(world):
    d = log_dir(world)
    pipe = os.pipe()
    live = Live(world, d, pipe=pipe)
    ready(d)
    live.say(b"x" * 3000)
    wait_until(lambda: current(d) == b"x" * 3000, "the head of the line")
    live.signal(signal.SIGSTOP)
    live.signal(signal.SIGTERM)
    live.say(b" rest\nnext\n")
    live.signal(signal.SIGCONT)
    assert live.process.wait(timeout=60) == 0
    assert current(d) == b"x" * 3000
    assert in_pipe(pipe[0]) == len(b" rest\nnext\n")
    world.start(world.suite.path("svlogd"), d, stdin=pipe[0])
    wait_until(lambda: current(d) == b"x" * 3000 + b" rest\nnext\n", "the next logger goes on with the line")


def live_with_a_long_head(world, live, d, pipe, size):
    live.stop()
    live = Live(world, "-l", "30000", "-b", "40000", d, pipe=pipe)
    ready(d)
    live.say(b"x" * size)
    wait_until(lambda: in_pipe(pipe[0]) == 0, "the beginning of the line is in memory")
    assert current(d) == b""
    return live


def test_term_at_the_end_of_the_input_reads_all_of_it(world):
    """Nothing follows, and runsv, which waits for its logger to drain the pipe, starts no other."""
    d = log_dir(world, config="s16777215\n")
    live = Live(world, d)
    ready(d)
    live.signal(signal.SIGSTOP)
    live.say(LINES[:50_000])
    os.close(live.write)
    live.write = None
    live.signal(signal.SIGTERM)
    live.signal(signal.SIGCONT)
    assert live.process.wait(timeout=60) == 0
    assert everything(d).rstrip(b"\n") == LINES[:50_000].rstrip(b"\n")
