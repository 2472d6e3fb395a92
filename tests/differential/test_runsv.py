"""runsv: runs the same stories with Debian's 2.1.2, with 2.3.1 and with ours, and compares everything observable."""

import fcntl
import os
import stat
import tempfile

import pytest

import harness
from harness import Status, World, control, pid_of, stat_words, wait_for_words, wait_until

OLD, NEW = "2.1.2", "2.3.1"

# What differs on purpose: the story, the version it differs from, and why.
DIFFERENCES = {
    ("log_control_is_a_file", OLD): "2.1.2 looks at the wrong path and runs on; 2.3.1 refuses, and so do we",
    ("a_script_gets_the_pid", OLD): "2.1.2 gives no argument; 2.3.1 gives the pid, and so do we",
    ("pause_what_is_down", OLD): "runit says nothing in words, but keeps `paused` set for what is down",
    ("pause_what_is_down", NEW): "runit says nothing in words, but keeps `paused` set for what is down",
    ("down_while_paused", OLD): "runit goes on saying `paused` after the CONT of a stop",
    ("down_while_paused", NEW): "runit goes on saying `paused` after the CONT of a stop",
    ("kill_during_finish", OLD): "runit takes finish for dead, and TERMs it at the next up: two processes; runwell kills it",
    ("kill_during_finish", NEW): "runit takes finish for dead, and TERMs it at the next up: two processes; runwell kills it",
    ("masks", OLD): "runit starts control scripts with TERM and CHLD blocked",
    ("masks", NEW): "runit starts control scripts with TERM and CHLD blocked",
}

SLEEP = "#!/bin/sh\nexec sleep 1000\n"
STUBBORN = "#!/bin/sh\ntrap '' TERM\necho deaf >>trace\nwhile :; do sleep 1000; done\n"
UNTIL_GO = "while [ ! -e go ]; do sleep 0.02; done\n"
CAT = "#!/bin/sh\nexec cat >>out\n"


def note(word, code=0):
    return f"#!/bin/sh\necho {word} $* >>trace\nexit {code}\n"


class Scene:
    """A service in a world, and the observations of it so far."""

    def __init__(self, suite):
        self.world = World(tempfile.mkdtemp(prefix="runwell-", dir=os.environ.get("TMPDIR", "/tmp")), suite)
        self.seen = []
        self.directory = self.world.directory / "s"
        self.process = None

    def service(self, run=SLEEP, **files):
        return self.world.service("s", run, **files)

    def begin(self, words="run", **options):
        self.process = self.world.start("runsv", "s", **options)
        wait_until(lambda: harness.fifo_has_reader(self.directory / "supervise/ok"), "ok")
        self.after("", words)

    def after(self, letters, words):
        """Gives commands, waits for the words of supervise/stat, and looks at the bytes of supervise/status."""
        if letters:
            control(self.directory, letters)
        wait_for_words(self.directory, words)

        def masked():
            try:
                now = Status(self.directory)
            except FileNotFoundError:
                return None
            said = now.now + ", paused" * now.paused + ", got TERM" * now.got_term
            said += ", want down" * (now.want == "d" and now.now != "down")
            agreed = now.now == words.split(",")[0] and (now.now == "down" or said == words.replace("exit", "down"))
            agreed = agreed and now.pid == pid_of(self.directory) and (now.pid != 0) == (now.now != "down")
            return (len(now.raw), now.raw[16:]) if agreed else None

        self.seen.append((words, wait_until(masked, "stat and status agree")))

    def leaves(self):
        self.seen.append(("exit", self.process.wait(harness.DEADLINE)))

    def noted(self, count, path="trace"):
        """Waits for so many lines of the trace."""
        file = self.directory / path
        lines = lambda: file.read_text().splitlines() if file.exists() else []
        wait_until(lambda: len(lines()) >= count, f"{count} lines in {path}")
        self.seen.append((path, lines()[:count]))

    def says(self, words):
        wait_until(lambda: words in self.world.errors("runsv"), words)

    def errors(self):
        """Each line once: how often a thing is said depends on how long one listens."""
        lines = self.world.errors("runsv").replace(str(self.world.directory), "WORLD").splitlines()
        self.seen.append(("stderr", sorted(set(lines))))

    def fails(self, *arguments):
        got = self.world.run("runsv", *arguments)
        self.seen.append((arguments, got.returncode, got.stdout, got.stderr))

    def tree(self):
        """Names, types, modes, owners; the content of what stays."""
        for path in sorted(self.directory.rglob("supervise/*")):
            facts = path.lstat()
            self.seen.append((str(path.relative_to(self.directory)), stat.filemode(facts.st_mode), facts.st_uid, facts.st_gid,
                              path.read_bytes() if path.name in ("stat", "pid") and not self.process.poll() is None else None))


# -- stories ----------------------------------------------------------------------------------------------------------


def usage(s):
    s.fails()
    s.fails("a", "b")


def no_directory(s):
    s.fails("nonexist")
    s.world.write("file", "")
    s.fails("file")


def locked(s):
    s.service()
    s.begin()
    s.fails("s")


def log_lock_is_held(s):
    s.service(log__run=CAT)
    (s.directory / "log/supervise").mkdir()
    with open(s.directory / "log/supervise/lock", "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        s.process = s.world.start("runsv", "s")
        wait_until(lambda: (s.directory / "supervise/lock").exists(), "lock")
        s.seen.append(harness.stays(lambda: os.listdir(s.directory / "supervise") == ["lock"], 0.3))
    wait_for_words(s.directory, "run")


def control_is_a_file(s):
    s.world.write(s.service() / "supervise/control", "")
    s.fails("s")


def log_control_is_a_file(s):
    s.world.write(s.service(log__run=CAT) / "log/supervise/control", "")
    s.process = s.world.start("runsv", "s")
    wait_until(lambda: s.process.poll() is not None or stat_words(s.directory) == "run", "either")
    s.seen.append(s.process.poll())
    s.errors()


def supervise_is_a_file(s):
    s.world.write(s.service() / "supervise", "")
    s.fails("s")


def supervise_is_a_long_link(s):
    os.symlink("x" * 256, s.service() / "supervise")
    s.fails("s")


def supervise_is_a_link_to_nowhere(s):
    os.symlink("no/such", s.service() / "supervise")
    s.fails("s")


def supervise_is_a_link(s):
    os.symlink("../elsewhere", s.service() / "supervise")
    s.begin()
    s.seen.append(harness.mode_of(s.world.directory / "elsewhere"))


def no_run(s):
    s.service(run=None, finish=note("finish"))
    s.process = s.world.start("runsv", "s")
    s.noted(2)
    s.errors()


def run_is_not_executable(s):
    s.service("no program\n", finish=note("finish"))
    s.process = s.world.start("runsv", "s")
    s.noted(2)
    s.errors()


def run_has_no_interpreter(s):
    s.service("#!/no/such/interpreter\n", finish=note("finish"))
    s.process = s.world.start("runsv", "s")
    s.noted(2)
    s.errors()


def run_is_no_program(s):
    s.world.write(s.service(finish=note("finish")) / "run", "no program\n", 0o755)
    s.process = s.world.start("runsv", "s")
    s.noted(2)
    s.errors()


def finish_is_not_executable(s):
    s.service(note("run"), finish="no program\n")
    s.process = s.world.start("runsv", "s")
    s.noted(3)
    s.errors()


def log_is_a_file(s):
    s.service(log="")
    s.begin()
    s.errors()


def log_cannot_start(s):
    s.world.write(s.service() / "log/run", "no program\n", 0o755)
    s.begin()
    s.says("unable to start log")
    s.errors()


def script_is_no_program(s):
    s.world.write(s.service() / "control/h", "no program\n", 0o755)
    s.begin()
    s.after("h", "run")
    s.says("control/?")
    s.errors()


def files(s, umask=0o022):
    s.service(log__run=CAT)
    s.begin(umask=umask)
    wait_for_words(s.directory / "log", "run")
    wait_until(lambda: (s.directory / "log/supervise/status").exists(), "status")
    s.tree()
    control(s.directory, "x")
    s.leaves()
    s.tree()


def files_of_a_careful_user(s):
    files(s, 0o077)


def words(s):
    s.service(STUBBORN, finish="#!/bin/sh\n" + UNTIL_GO)
    s.begin()
    s.noted(1)
    for letters, said in [("p", "run, paused"), ("c", "run"), ("t", "run, got TERM"), ("d", "run, got TERM, want down"),
                          ("u", "run, got TERM"), ("o", "run, got TERM, want down"), ("x", "run, got TERM, want exit")]:
        s.after(letters, said)
    os.kill(pid_of(s.directory), 9)
    s.after("", "finish, want exit")
    (s.directory / "go").touch()
    s.leaves()
    s.tree()


def finish_gets_the_code(s):
    s.service("#!/bin/sh\nexit 3\n", finish=note("finish"))
    s.process = s.world.start("runsv", "s")
    s.noted(2)


def finish_gets_the_signal(s):
    s.service("#!/bin/sh\nkill -9 $$\n", finish=note("finish"))
    s.process = s.world.start("runsv", "s")
    s.noted(1)


def a_down_file(s):
    s.service(down="")
    s.begin("down")
    s.after("u", "run")
    s.after("d", "down")
    s.after("o", "run, want down")


def scripts_of_down(s):
    s.service(**{f"control__{c}": note(c, 1) for c in "tcdxu"}, finish=note("finish"))
    s.begin()
    s.after("d", "down")
    s.after("u", "run")
    s.after("x", "down")
    s.leaves()
    trace = [line.split()[0] for line in (s.directory / "trace").read_text().splitlines()]
    s.seen.append(trace)


def scripts_that_handle(s):
    s.service(**{f"control__{c}": "#!/bin/sh\necho $0 >>trace\n" for c in "tchpaiq12"})
    s.begin()
    for count, letter in enumerate("haiq12ct", 1):
        control(s.directory, letter)
        s.noted(count)
    s.after("d", "run, want down")
    s.after("u", "run")
    s.after("p", "run, paused")


def a_script_gets_the_pid(s):
    s.service(control__h="#!/bin/sh\n[ \"$1\" = \"$(cat supervise/pid)\" ] && echo same >>trace || echo other >>trace\n")
    s.begin()
    control(s.directory, "h")
    s.noted(1)


def a_script_before_every_start(s):
    s.service(note("run"), control__u=note("u", 1), control__o=note("o"))
    s.process = s.world.start("runsv", "s")
    wait_until(lambda: (s.directory / "trace").exists() and len((s.directory / "trace").read_text().splitlines()) >= 4, "two")
    s.seen.append([line.split()[0] for line in (s.directory / "trace").read_text().splitlines()][:4])


def noise(s):
    s.service(**{f"control__{c}": f"#!/bin/sh\necho {c} >>trace\n" for c in "1h2a"})
    s.begin()
    control(s.directory, b"1\0z\nh?2\xff\x80a")
    s.noted(4)


def term(s):
    s.service("#!/bin/sh\necho one\nexec sleep 1000\n", finish="#!/bin/sh\necho two\n", log__run="#!/bin/sh\ncat >>out\necho eof >>out\n")
    s.begin()
    s.noted(1, "log/out")
    s.process.terminate()
    s.leaves()
    s.noted(3, "log/out")
    s.tree()


def the_logger_ignores_exit(s):
    s.service(log__run=SLEEP)
    s.begin()
    wait_for_words(s.directory / "log", "run")
    control(s.directory / "log", "xp")
    wait_for_words(s.directory / "log", "run, paused")


def pause_what_is_down(s):
    s.service(down="")
    s.begin("down")
    control(s.directory, "p")
    control(s.directory, "o")
    wait_for_words(s.directory, "run, want down")
    control(s.directory, "p")
    wait_for_words(s.directory, "run, paused, want down")
    os.kill(pid_of(s.directory), 9)
    wait_until(lambda: stat_words(s.directory).startswith("down"), "down")
    s.seen.append(stat_words(s.directory))


def down_while_paused(s):
    s.service(STUBBORN)
    s.begin()
    s.noted(1)
    s.after("p", "run, paused")
    control(s.directory, "d")
    wait_until(lambda: "want down" in stat_words(s.directory), "want down")
    s.seen.append(stat_words(s.directory))


def kill_during_finish(s):
    s.service(finish="#!/bin/sh\ntrap 'echo TERM >>trace; exit' TERM\necho begin >>trace\n" + UNTIL_GO + "echo whole >>trace\n")
    s.begin()
    s.after("d", "finish, want down")
    s.noted(1)
    control(s.directory, "ku")
    s.seen.append(harness.stays(lambda: "TERM" not in (s.directory / "trace").read_text(), 1.5))
    (s.directory / "go").touch()


def masks(s):
    # By the shell itself: dash empties the mask of what it starts.
    show = "#!/bin/sh\nwhile read key value; do [ $key != SigBlk: ] || echo $value >>trace; done </proc/$$/status\n"
    s.service(show + "exec sleep 1000\n", control__h=show)
    s.begin()
    s.noted(1)
    control(s.directory, "h")
    s.noted(2)


STORIES = [usage, no_directory, locked, log_lock_is_held, control_is_a_file, log_control_is_a_file, supervise_is_a_file,
           supervise_is_a_long_link, supervise_is_a_link_to_nowhere, supervise_is_a_link, no_run, run_is_not_executable,
           run_has_no_interpreter, run_is_no_program, finish_is_not_executable, log_is_a_file, log_cannot_start,
           script_is_no_program, files, files_of_a_careful_user, words, finish_gets_the_code, finish_gets_the_signal,
           a_down_file, scripts_of_down, scripts_that_handle, a_script_gets_the_pid, a_script_before_every_start, noise,
           term, the_logger_ignores_exit, pause_what_is_down, down_while_paused, kill_during_finish, masks]


def told(story, suite):
    scene = Scene(suite)
    try:
        story(scene)
        return scene.seen
    finally:
        scene.world.close()


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.__name__)
def test_it_is_the_same_story(story, version):
    """All stories outside of DIFFERENCES are the same; those in it do differ, so that the list stays true."""
    theirs = harness.reference(version)
    if theirs is None:
        pytest.skip(f"runit {version} is not unpacked below build/reference")
    if (story.__name__, version) in DIFFERENCES:
        assert told(story, harness.ours()) != told(story, theirs), "no longer different"
    else:
        assert told(story, harness.ours()) == told(story, theirs)
