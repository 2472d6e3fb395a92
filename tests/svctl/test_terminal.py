"""Signals to svctl top and svctl watch: the terminal is as it was before, however they end, and while they are stopped."""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import threading

import harness
import pytest
from harness import DEADLINE, control, wait_until

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"  # the screen of full-screen programs, of xterm
SHOW_CURSOR = "\x1b[?12l\x1b[?25h"


# What a shell with job control does: the command is the foreground job; while it is stopped the terminal is the shell's.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    open("pid", "w").write(str(os.getpid()))
    for number in (signal.SIGTTOU, signal.SIGPIPE, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(child, os.WUNTRACED)
if os.WIFSTOPPED(status):
    os.tcsetpgrp(0, os.getpid())
    print("STOPPED", flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, child)
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
os.tcsetpgrp(0, os.getpid())
print("ENDED", os.waitstatus_to_exitcode(status), flush=True)
sys.stdin.readline()
"""


class Terminal:
    """A shell with job control on a terminal, that runs one svctl, reports when it was stopped, and continues it with `fg`."""

    def __init__(self, services, *words):
        self.services = services
        self.pid_file = services.world.directory / "pid"
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(services.world.directory)
            environment = harness.ours().environment(SVDIR=services.directory, TERM="xterm", LC_ALL="C.UTF-8")
            os.execve(sys.executable, [sys.executable, "-c", SHELL, harness.ours().path("svctl"), *words], environment)
        self.resize(80, 24)
        self.before = termios.tcgetattr(self.fd)
        self.text = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def resize(self, columns, lines):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self):
        try:
            while part := os.read(self.fd, 65536):
                self.text += part.decode(errors="replace")
        except OSError:
            pass

    def until(self, words):
        try:
            wait_until(lambda: words in self.text, words)
        except AssertionError:
            raise AssertionError(f"{words!r} is not in {self.text!r}") from None

    def kill(self, number):
        os.kill(int(self.pid_file.read_text()), number)

    def type(self, text):
        os.write(self.fd, text.encode())

    def is_as_before(self):
        return termios.tcgetattr(self.fd) == self.before

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.reader.join(DEADLINE)
        os.close(self.fd)


@pytest.fixture
def terminal(services):
    made = []

    def start(*words):
        made.append(Terminal(services, *words))
        return made[-1]

    yield start
    for one in made:
        one.close()


ENDS = ["TERM", "INT", "HUP", "QUIT", "PIPE", "ALRM", "USR1"]


@pytest.mark.parametrize("name", ENDS)
def test_top_leaves_the_terminal_as_it_was_when_a_signal_ends_it(services, terminal, name):
    services.fake("web", want="d")
    screen = terminal("top")
    screen.until("web")
    assert not screen.is_as_before() and ENTER in screen.text
    screen.kill(getattr(signal, f"SIG{name}"))
    screen.until(f"ENDED {-getattr(signal, f'SIG{name}')}")
    after = screen.text[screen.text.index(ENTER) + len(ENTER):]
    assert LEAVE in after and "\x1b[?25h" in after, repr(after[-300:])
    wait_until(screen.is_as_before, "the terminal is as it was")


def test_top_leaves_the_terminal_as_it_was_when_it_is_quit(services, terminal):
    services.fake("web", want="d")
    screen = terminal("top")
    screen.until("web")
    screen.type("q")
    screen.until("ENDED 0")
    assert LEAVE in screen.text
    wait_until(screen.is_as_before, "the terminal is as it was")


@pytest.mark.parametrize("how", ["signal", "key"])
def test_top_gives_the_terminal_back_while_it_is_stopped_and_draws_again(services, terminal, how):
    services.fake("web", want="d")
    screen = terminal("top")
    screen.until("web")
    screen.type("\x1a") if how == "key" else screen.kill(signal.SIGTSTP)
    screen.until("STOPPED")
    assert LEAVE in screen.text
    wait_until(screen.is_as_before, "the terminal is as it was")
    seen = len(screen.text)
    screen.type("\n")
    wait_until(lambda: "web" in screen.text[seen:] and ENTER in screen.text[seen:], "it is drawn again")
    assert not screen.is_as_before()
    screen.type("q")
    screen.until("ENDED 0")
    wait_until(screen.is_as_before, "the terminal is as it was")


def test_top_draws_in_the_new_size_after_winch(services, terminal):
    services.fake("web", want="d")
    screen = terminal("top")
    screen.until("q quit")
    seen = len(screen.text)
    screen.resize(132, 40)
    screen.kill(signal.SIGWINCH)
    wait_until(lambda: "web" in screen.text[seen:], "it is drawn again")
    screen.type("q")
    screen.until("ENDED 0")
    wait_until(screen.is_as_before, "the terminal is as it was")


@pytest.mark.parametrize("name", ENDS)
def test_watch_leaves_nothing_on_the_terminal_when_a_signal_ends_it(services, terminal, name):
    services.fake("web", want="d")
    screen = terminal("watch", "--initial")
    screen.until("web")
    number = getattr(signal, f"SIG{name}")
    screen.kill(number)
    screen.until(f"ENDED {-number}")
    assert screen.is_as_before() and "\x1b[?" not in screen.text


def test_watch_goes_on_after_stop_and_winch(services, terminal):
    services.running("web")
    screen = terminal("watch")
    wait_until(screen.pid_file.exists, "it has begun")
    wait_until(lambda: "poll" in open(f"/proc/{screen.pid_file.read_text().strip()}/wchan").read(), "it watches")
    screen.kill(signal.SIGWINCH)
    screen.kill(signal.SIGTSTP)
    screen.until("STOPPED")
    assert screen.is_as_before()
    control(services.directory / "web", "d")
    services.until_status("web", now="down")
    screen.type("\n")
    screen.until("down")
    screen.kill(signal.SIGINT)
    screen.until("ENDED -2")
