"""svctl top: on terminals of three sizes (tmux), with colour and without; keys do what they say."""

import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import harness
from harness import ours, stays, wait_until

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


NUMBERS = itertools.count()


class Top:
    """A `svctl top` in a tmux of its own."""

    def __init__(self, services, *arguments, columns=80, lines=24, term="tmux-256color", wrapper=(), **environment):
        self.services = services
        # One server each: that of another may be on its way out.
        self.socket = str(services.world.directory / f"tmux-{next(NUMBERS)}")
        told = ours().environment(SVDIR=services.directory, TZ="UTC", LC_ALL="C.UTF-8", **environment)
        words = " ".join(f"'{word}'" for word in [*wrapper, ours().path("svctl"), "top", *map(str, arguments)])
        self.environment = told
        config = services.world.write("tmux.conf", f"set -g default-terminal {term}\nset -g status off\n"
                                                   "set -g remain-on-exit on\nset -sg escape-time 0\n")
        subprocess.run(["tmux", "-S", self.socket, "-f", config, "new-session", "-d", "-x", str(columns), "-y", str(lines),
                        words], env=told, check=True)
        self.pid = int(self.tmux("display-message", "-p", "#{pane_pid}"))

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], env=self.environment, check=True, capture_output=True,
                              text=True).stdout

    def screen(self, colours=False):
        return self.tmux("capture-pane", "-p", "-N", *(["-e"] if colours else [])).rstrip("\n").split("\n")

    def text(self):
        return "\n".join(self.screen())

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def until(self, words):
        try:
            return wait_until(lambda: re.search(words, text := self.text(), re.M) and text, words)
        except AssertionError:
            raise AssertionError(f"{words!r} is not in\n{self.text()}") from None

    def ends(self):
        wait_until(lambda: self.tmux("display-message", "-p", "#{pane_dead}").strip() == "1", "top has ended")

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)


@pytest.fixture
def top(services):
    made = []

    def start(*arguments, **options):
        made.append(Top(services, *arguments, **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.mark.parametrize("columns, lines", [(80, 24), (132, 43), (40, 10)])
def test_the_list_at_three_sizes(services, top, columns, lines):
    for i in range(20):
        services.fake(f"s{i:02}", phase=0, want="d")
    services.fake("broken", phase=0, want="u")
    screen = top(columns=columns, lines=lines)
    screen.until("broken")
    shown = screen.screen()
    assert len(shown) <= lines and all(len(line) <= columns for line in shown)
    assert "21 services: 0 up, 20 down, 1 failing" in shown[0]
    assert shown[1].split()[:2] == ["NAME", "STATE"]
    assert shown[2].startswith("> broken")
    assert ("COMMAND" in shown[1]) == (columns >= 80) and ("PID" in shown[1]) == (columns >= 60)
    # The selected one is always visible, and the last line lists the keys.
    screen.press("End")
    screen.until("^> s19")
    assert "? help" in screen.screen()[lines - 1]
    screen.press("Home")
    screen.until("^> broken")


def test_it_follows_the_size_of_the_terminal(services, top):
    services.fake("web", phase=0, want="d")
    screen = top(columns=80, lines=24)
    screen.until(" PID ")
    screen.tmux("resize-window", "-x", "44", "-y", "8")
    wait_until(lambda: " PID " not in screen.text() and "web" in screen.text(), "narrow")
    screen.tmux("resize-window", "-x", "100", "-y", "30")
    screen.until(" PID ")


def test_colour_says_nothing_that_words_do_not(services, top):
    services.fake("broken", phase=0, want="u")
    coloured = top()
    coloured.until("broken")
    assert any(re.search(r"\x1b\[[0-9;]*31m", line) for line in coloured.screen(colours=True))
    coloured.press("q")
    coloured.ends()
    coloured.close()
    plain = top(NO_COLOR="1")
    text = plain.until("1 failing")
    assert not any(re.search(r"\x1b\[[0-9;]*3[0-7]m", line) for line in plain.screen(colours=True))
    assert re.search(r"^> broken +down +up ", text, re.M)


def test_a_terminal_without_colour_and_cursor_tricks(services, top):
    services.fake("web", phase=0, want="d")
    screen = top(term="vt100")
    screen.until("^> web +down")


def test_a_change_is_shown_at_once_without_a_refresh(services, top):
    services.running("web")
    screen = top("--refresh", "0")
    screen.until("^> web +run +up ")
    services.world.sv("down", "web", env=ours().environment(SVDIR=services.directory))
    screen.until("^> web +down +down ")
    services.fake("another", phase=0, want="d")
    screen.until("^  another +down")


def test_nothing_wakes_it_when_nothing_happens(services, top):
    services.running("web")
    screen = top("--refresh", "0")
    screen.until("web")

    def switches():
        status = Path(f"/proc/{screen.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M).group(1))

    wait_until(lambda: stays(lambda before=switches(): switches() == before, 0.5), "it has come to rest")
    before = switches()
    assert stays(lambda: switches() == before, 1)


def test_the_refresh_measures(services, top):
    services.running("busy", "#!/bin/sh\nwhile :; do :; done\n")
    screen = top("--refresh", "0.3")
    screen.until(r"^> busy +run +up +\d+s +\d+ +\d+\.?\d* ")
    assert re.search(r"/bin/sh ./run", screen.text())


def test_filter_and_order(services, top):
    services.fake("alpha", phase=0, want="d", age=1000)
    services.fake("beta", phase=0, want="u", age=10)
    services.fake("gamma", phase=0, want="d", age=500)
    screen = top()
    screen.until("gamma")

    def names():
        return [line[2:].split()[0] for line in screen.screen()[2:-1] if line.strip()]

    assert names() == ["alpha", "beta", "gamma"]
    screen.press("o")
    screen.until("by state")
    assert names()[0] == "beta"
    screen.press("o", "o", "o")
    screen.until("by age")
    assert names() == ["beta", "gamma", "alpha"]
    screen.press("o", "/", "m", "m")
    wait_until(lambda: names() == ["gamma"], "only gamma")
    screen.press("Enter")
    screen.until('1 with "mm"')
    screen.press("Escape")
    wait_until(lambda: len(names()) == 3, "all again")


def test_start_stop_restart_and_signals(services, top):
    services.running("web", "#!/bin/sh\ntrap 'echo got >hup' HUP\nwhile :; do sleep 0.05; done\n")
    services.running("other")
    screen = top()
    screen.until("web")
    screen.press("j")
    screen.until("^> web")
    screen.press("d", "n")
    screen.press("d")
    screen.until(r"stop web\?")
    assert harness.Status(services.directory / "web").want == "u", "not before it is confirmed"
    screen.press("y")
    screen.until("web: told to stop")
    services.until_status("web", now="down", want="d")
    screen.press("u")
    first = services.until_status("web", now="run", want="u").pid
    screen.press("r", "y")
    wait_until(lambda: (said := harness.Status(services.directory / "web")).now == "run" and said.pid not in (0, first),
               "another process")
    screen.press("s")
    screen.until("signal to web: .*h HUP")
    # Its trap is set a moment after its start; a signal before that ends it, and it starts again.
    screen.press("h")
    screen.until("web: told to send HUP")
    assert harness.Status(services.directory / "other").want == "u"


def test_the_answer_goes_to_whom_the_question_was_about(services, top):
    services.running("web")
    screen = top("--refresh", "0")
    screen.until("web")
    screen.press("d")
    screen.until(r"stop web\?")
    services.running("another")  # it takes the first place in the list
    screen.until("another")
    screen.press("y")
    services.until_status("web", now="down")
    assert harness.Status(services.directory / "another").want == "u"


def test_nobody_to_be_told(services, top):
    services.make("web")
    screen = top()
    screen.until("no runsv")
    screen.press("u")
    screen.until("web: (nobody supervises it|it cannot be told)")


def test_details_with_processes_and_what_lint_says(services, top):
    services.running("web", "#!/bin/sh\nsleep 1000 &\nexec sleep 2000\n")
    services.make("bad", "exec cron\n")
    screen = top()
    screen.until("^> bad")
    screen.press("Enter")
    screen.until("does not begin with #!")
    screen.press("q", "j", "Enter")
    text = screen.until("sleep 1000")
    assert "state    run, wanted up" in text and "sleep 2000" in text


def test_the_log_as_it_is_written(services, top):
    directory = services.make("web", log__run="#!/bin/sh\nexec svlogd ./main\n")
    main = directory / "log/main"
    main.mkdir()
    (main / "current").write_text("".join(f"line {i}\n" for i in range(100)))
    services.make("bare")
    screen = top("--refresh", "0")
    screen.until("^> bare")
    screen.press("l")
    screen.until("bare has no log")
    screen.press("j", "l")
    screen.until("line 99")
    with open(main / "current", "a") as log:
        log.write("news\x1b[2J\n")
    screen.until(r"news\\x1b\[2J")
    screen.press("PPage")
    wait_until(lambda: "line 99" not in screen.text() and "line 7" in screen.text(), "further up")
    screen.press("Home")
    screen.until("^line 0 *$")
    screen.press("q")
    screen.until("^> web")


def test_help_and_the_end(services, top):
    screen = top()
    screen.until("0 services")
    screen.press("?")
    screen.until("stop it \\(asks first\\)")
    screen.press("Escape")
    screen.until("0 services")
    screen.press("q")
    screen.ends()


def test_without_a_terminal_it_says_what_to_do_instead(services):
    said = services.svctl("top")
    assert said.returncode == 2
    assert said.stderr.splitlines() == ["svctl: top draws on a terminal, and there is none",
                                        "svctl: in a pipe: svctl list, or svctl watch"]


def test_a_terminal_that_cannot_be_drawn_on(services):
    said, code = services.on_a_terminal("top", env={"TERM": "nosuchterminal"})
    assert code == 2 and "this terminal is of a kind that cannot be drawn on" in said


def test_it_ends_when_its_terminal_goes(services, top):
    services.fake("web", phase=0, want="d")
    screen = top()
    screen.until("web")
    pid = screen.pid
    screen.close()
    wait_until(lambda: not harness.alive(pid), "it has ended")


def test_hundreds_of_services(services, top):
    for i in range(600):
        services.fake(f"s{i:03}", phase=1, pid=os.getpid())
    services.running("web")
    screen = top("--refresh", "0")
    screen.until("601 services: 601 up, 0 down, 0 failing")
    screen.until(r"^> s000 .* \S*py")  # the command of one that is seen
    screen.press("End")
    screen.until("^> web .* sleep 1000 *$")
    screen.press("Up", "NPage", "/", "5", "9", "Enter")
    assert " s590 " in screen.until("16 with \"59\"")
    screen.press("Escape")
    wait_until(lambda: "with \"59\"" not in screen.text(), "all of them")
    screen.press("End")
    screen.until("^> web ")
    screen.press("d", "y")
    screen.until("^> web +down")
    (services.directory / "s300/down").touch()
    services.make("s300a")
    screen.until("602 services: 600 up, 1 down, 1 failing")


def test_services_that_cannot_be_heard_are_looked_at(services, top):
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    services.fake("web", phase=0, want="d")
    for path in (services.world.directory, services.directory, services.directory / "web"):
        path.chmod(0o755)
    (services.directory / "web/supervise").chmod(0o700)
    nobody = top("--refresh", "0.2", wrapper=[ours().path("chpst"), "-u", "nobody"])
    nobody.until(r"^> web +\?")
    (services.directory / "web/supervise").chmod(0o755)
    (services.directory / "web/supervise/ok").chmod(0o666)
    nobody.until("^> web +down")
