"""Every cure that sv, svctl and lint print is carried out as it is printed, in a scene made for it, and cures it.

The cures are the rows of two tables: src/core/advice.cc (sv) and src/svctl/remedies.cc (svctl status, lint and new). A row
without a scene fails. Each scene makes what is wrong, asks until the row's cause is told, types what stands behind the last
": " or "? " of its cure into a shell (or does what its words say, where they are no command), and asks again: the cause is gone.
"""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness import is_waiting, pid_of, wait_until

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65534
SLEEP = "#!/bin/sh\nexec sleep 1000\n"
LOG = "#!/bin/sh\nexec svlogd -tt ./main\n"

SUDO = '#!/bin/sh\n# As sudo(8) has it by default: nothing of the environment but PATH.\nexec env -i PATH="$PATH" "$@"\n'


def rows(path):
    """(name, cause, cure) of each row of a table of C++."""
    text = (ROOT / path).read_text()
    row = re.compile(r'^    \{(?:remedy|advice)::\w+, "([a-z-]+)", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"(?:, \w+, "[a-z-]+")?\},$', re.M)
    found = [(name, *(re.sub(r"\\(.)", r"\1", one) for one in texts)) for name, *texts in row.findall(text)]
    assert len(found) == len(re.findall(r"^    \{(?:remedy|advice)::", text, re.M)), "a row that is not understood"
    return found


REMEDIES = {name: (cause, cure) for name, cause, cure in rows("src/svctl/remedies.cc")}
ADVICE = {name: (cause, cure) for name, cause, cure in rows("src/core/advice.cc")}
WITHOUT_CURE = sorted(name for name, (_, cure) in REMEDIES.items() if cure == "" or cure == "{4}")

SCENES = {}


def scene(*names):
    def add(function):
        for name in names:
            assert name not in SCENES, name
            SCENES[name] = function
        return function
    return add


def pattern(template):
    """What a filled text looks like."""
    return re.compile(re.sub(r"\\\{\d\\\}|\\\$(name|path|sv|dir|command|other)", ".*", re.escape(template)), re.S)


class Stage:
    """Where a scene is played."""

    def __init__(self, services, name):
        self.services, self.name, self.world = services, name, services.world
        self.base = services.directory
        self.bin = self.world.directory / "bin"
        self.world.write("bin/sudo", SUDO)
        self.world.directory.chmod(0o755)
        cause, cure = REMEDIES.get(name) or ADVICE[name]
        self.cause, self.cure = pattern(cause), pattern(cure)
        self.typed = None

    def environment(self, **more):
        made = harness.ours().environment(SVDIR=self.base, HOME=self.world.directory / "home", **more)
        made["PATH"] = f"{self.bin}:{made['PATH']}"
        return {key: str(value) for key, value in made.items()}

    # -- the output ----------------------------------------------------------------------------------------------

    def lint(self, *arguments, **options):
        said = self.run("svctl", "lint", "--json", *arguments, **options)
        return [(one["what"], one["cure"]) for one in json.loads(said.stdout)["findings"]]

    def status(self, name="web"):
        """As text: --json has findings for services that fail only."""
        said = self.run("svctl", "status", name).stdout
        return re.findall(r"^ +why:  (.*)\n(?: +cure:  (.*)\n)?", said, re.M)

    def operate(self, *words, **options):
        """What an operation that fails says is behind it: every two lines may be a cause and its cure."""
        lines = [line.removeprefix("svctl: ") for line in self.run("svctl", *words, **options).stderr.splitlines()]
        return list(zip(lines, lines[1:]))

    def run(self, *words, **options):
        options.setdefault("cwd", self.world.directory)
        return subprocess.run([str(one) for one in words], env=options.pop("env", self.environment()), capture_output=True,
                              text=True, timeout=60, check=False, stdin=subprocess.DEVNULL, **options)

    def cure_of(self, asked):
        """The cure that is printed with the cause of this row."""
        found = []

        def is_told():
            found[:] = [cure for cause, cure in asked()
                        if re.fullmatch(f"(its logger is not up: )?{self.cause.pattern}", cause, re.S)]
            return found
        wait_until(is_told, f"{self.name} is told: {self.cause.pattern!r} by {asked()}")
        assert self.cure.fullmatch(found[0]), (found[0], self.cure.pattern)
        return found[0]

    def is_cured(self, asked):
        wait_until(lambda: not any(re.fullmatch(f"(its logger is not up: )?{self.cause.pattern}", cause, re.S)
                                   for cause, _ in asked()), f"{self.name} is cured")

    # -- what is done --------------------------------------------------------------------------------------------

    def command(self, cure):
        return re.split(r"(?:: |\? )(?!.*(?:: |\? ))", cure, maxsplit=1)[-1] if ": " in cure or "? " in cure else cure

    def type(self, cure, shell=("sh",), **options):
        """Types the command of a cure into a shell. What it leaves in the background belongs to the world."""
        self.typed = self.command(cure)
        output = self.world.directory / "typed"
        with open(output, "w") as file:
            done = subprocess.run([*shell, "-c", self.typed], stdout=file, stderr=file, stdin=subprocess.DEVNULL, timeout=60,
                                  env=options.pop("env", self.environment()), check=False,
                                  cwd=options.pop("cwd", self.world.directory), **options)
        said = output.read_text()
        assert done.returncode == 0, f"{self.typed}\n{said}"
        return said

    def play(self, asked, do=None, again=None):
        """Asks, does, asks again."""
        cure = self.cure_of(asked)
        (do or self.type)(cure)
        self.is_cured(again or asked)


def write_run(stage, text=SLEEP, path="web/run"):
    (stage.base / path).unlink(missing_ok=True)
    stage.world.write(stage.base / path, text, mode=0o755)


def edit(stage, old, new, path="web/run"):
    text = (stage.base / path).read_text()
    assert old in text, (old, text)
    stage.world.write(stage.base / path, text.replace(old, new), mode=0o755)


# -- a program ------------------------------------------------------------------------------------------------------------


@scene("missing")
def _(stage):
    stage.services.make("web", None, x="")
    stage.play(stage.lint, lambda cure: write_run(stage))


@scene("dangling")
def _(stage):
    (stage.services.make("web", None, x="") / "run").symlink_to("/nowhere/at/all")
    program = stage.world.write("program", SLEEP)
    stage.play(stage.lint, lambda cure: stage.type(cure.replace("PROGRAM", str(program))))


@scene("not-a-file")
def _(stage):
    directory = stage.services.make("web", None, run__x="")
    stage.play(stage.lint, lambda cure: (shutil.rmtree(directory / "run"), write_run(stage)))


@scene("not-executable")
def _(stage):
    (stage.services.make("a b's", SLEEP) / "run").chmod(0o644)
    stage.play(stage.lint)


@scene("control-not-executable")
def _(stage):
    (stage.services.make("web", SLEEP, control__t="#!/bin/sh\n") / "control/t").chmod(0o644)
    stage.play(stage.lint)


@scene("empty")
def _(stage):
    stage.services.make("web", None)
    write_run(stage, "")
    stage.play(stage.lint, lambda cure: write_run(stage))


@scene("no-interpreter-line", "byte-order-mark", "interpreter-crlf", "crlf", "interpreter-unnamed")
def _(stage):
    write_run(stage, {"no-interpreter-line": "exec sleep 1\n", "byte-order-mark": "\ufeff#!/bin/sh\nexec sleep 1\n",
                      "interpreter-crlf": "#!/bin/sh\r\nexec sleep 1\r\n", "crlf": "#!/bin/sh\nexec sleep 1\r\n",
                      "interpreter-unnamed": "#!\nexec sleep 1\n"}[stage.name])
    stage.play(stage.lint)
    assert stage.lint() == [] and (stage.base / "web/run").read_text() == "#!/bin/sh\nexec sleep 1\n"


@scene("interpreter-missing", "interpreter-not-executable", "env-finds-none")
def _(stage):
    first = {"interpreter-missing": "#!/bin/nosuchshell", "interpreter-not-executable": "#!/etc/passwd",
             "env-finds-none": "#!/usr/bin/env nosuchshell"}[stage.name]
    write_run(stage, f"{first}\nexec sleep 1\n")
    stage.play(stage.lint, lambda cure: edit(stage, first, "#!/bin/sh"))


@scene("other-machine")
def _(stage):
    elf = bytearray(open("/bin/true", "rb").read())
    elf[18:20] = (0xF3 if elf[18] != 0xF3 else 0x3E).to_bytes(2, "little")  # e_machine
    write_run(stage, bytes(elf))
    stage.play(stage.lint, lambda cure: write_run(stage, open("/bin/true", "rb").read()))


@scene("linker-missing")
def _(stage):
    elf = open("/bin/true", "rb").read()
    linker = re.search(rb"/lib[\w./-]*ld-[\w.-]+\0", elf).group()[:-1]
    place = Path("/tmp/" + "l" * (len(linker) - 5))
    write_run(stage, elf.replace(linker, str(place).encode()))
    try:
        stage.play(stage.lint, lambda cure: place.symlink_to(linker.decode()))
        assert stage.run(stage.base / "web/run").returncode == 0
    finally:
        place.unlink(missing_ok=True)


@scene("writable-by-all")
def _(stage):
    (stage.services.make("web") / "run").chmod(0o777)
    stage.play(stage.lint)


@scene("unreadable")
def _(stage):
    (stage.services.make("web", "#!/bin/sh\nexec cron\n") / "run").chmod(0o700)
    cure = stage.cure_of(lambda: stage.lint("web", user=NOBODY, group=NOBODY, extra_groups=[]))
    stage.typed = stage.command(cure)
    said = stage.run("sh", "-c", stage.typed)
    assert "cron goes into the background" in said.stdout and "unreadable" not in said.stdout


@scene("not-believed")
def _(stage):
    """The user nobody owns the directory, and root looks."""
    directory = stage.services.make("web", None, x="")
    program = stage.world.write("program", SLEEP)
    (directory / "run").symlink_to(program)
    os.chown(directory, NOBODY, NOBODY)
    os.lchown(directory / "run", NOBODY, NOBODY)

    def do(cure):
        (directory / "run").unlink()
        shutil.copy(program, directory / "run")
    stage.play(stage.lint, do)


# -- a script -------------------------------------------------------------------------------------------------------------


@scene("no-command")
def _(stage):
    write_run(stage, "#!/bin/sh\nexec 2>&1\n")
    stage.play(stage.lint, lambda cure: edit(stage, "2>&1\n", "2>&1\nexec sleep 1000\n"))


@scene("background")
def _(stage):
    write_run(stage, "#!/bin/sh\nexec 2>&1\nsleep 1000 &\n")

    def do(cure):
        line = re.search(r"in line (\d+) of (\S+)$", cure)
        stage.type(f"sed -i '{line[1]}s/ *&$//' {line[2]}")
    stage.play(stage.lint, do)


@scene("no-exec")
def _(stage):
    write_run(stage, "#!/bin/sh\nexec 2>&1\nA=1 chpst -b x sleep 1000\n")
    stage.play(stage.lint, lambda cure: edit(stage, cure.split()[-1], "exec " + cure.split()[-1]))
    assert stage.lint() == []


@scene("daemonises", "daemonises-unless-configured", "daemonises-unless-in-variable")
def _(stage):
    line = {"daemonises": "cron", "daemonises-unless-configured": "nginx",
            "daemonises-unless-in-variable": "rsyslogd $OPTIONS"}[stage.name]
    write_run(stage, f"#!/bin/sh\nexec {line}\n")

    def do(cure):
        edit(stage, f"exec {line}", f"exec {line} {cure.removeprefix('add ')}" if cure.startswith("add ") else cure)
    stage.play(stage.lint, do)


@scene("not-installed", "not-in-path")
def _(stage):
    place = stage.bin / "new-program"
    write_run(stage, f"#!/bin/sh\nexec {place if stage.name == 'not-installed' else place.name}\n")
    stage.play(stage.lint, lambda cure: stage.world.write(place, SLEEP))


@scene("no-user")
def _(stage):
    write_run(stage, "#!/bin/sh\nexec chpst -u nosuchuser sleep 1000\n")
    if shutil.which("adduser") is None:
        pytest.skip("no adduser here")
    # In a mount namespace of its own, whose /etc is a copy.
    cure = stage.cure_of(stage.lint)
    stage.typed = stage.command(cure)
    copy = stage.world.directory / "etc"
    shutil.copytree("/etc", copy, symlinks=True)
    said = stage.run("unshare", "--mount", "sh", "-c",
                     f'mount --bind {copy} /etc && sh -c "$0" >&2 && exec svctl lint --json', stage.typed)
    assert said.stdout, said.stderr
    assert json.loads(said.stdout)["findings"] == []


@scene("stderr-lost")
def _(stage):
    (stage.services.make("web", SLEEP, log__run=LOG) / "log/main").mkdir()

    def do(cure):
        line = re.search(r"before line (\d+)", cure)[1]
        stage.type(f"sed -i '{line}i {stage.command(cure)}' {stage.base}/web/run")
    stage.play(stage.lint, do)


# -- a logger -------------------------------------------------------------------------------------------------------------


@scene("log-missing")
def _(stage):
    """The logger does not run, status says why, and what it says makes it run."""
    main = stage.world.directory / "logs of web"
    stage.services.supervise("web", "#!/bin/sh\nexec 2>&1\nexec sleep 1000\n",
                             log__run=f"#!/bin/sh\nexec svlogd -tt '{main}'\n")
    stage.play(stage.status)
    stage.services.until_status("web/log", now="run")
    wait_until(lambda: (main / "current").exists(), "svlogd logs")


@scene("log-missing-of-user", "log-refused")
def _(stage):
    directory = stage.services.make("web", "#!/bin/sh\nexec sleep 1000 2>&1\n",
                                    log__run="#!/bin/sh\nexec chpst -u nobody svlogd -tt ./main\n")
    if stage.name == "log-refused":
        (directory / "log/main").mkdir(mode=0o755)
    stage.play(stage.lint)
    assert (directory / "log/main").stat().st_uid == NOBODY


@scene("log-not-directory")
def _(stage):
    directory = stage.services.make("web", "#!/bin/sh\nexec sleep 1000 2>&1\n", log__run=LOG, log__main="")
    (directory / "log/other").mkdir()
    stage.play(stage.lint, lambda cure: edit(stage, "./main", "./other", "web/log/run"))


@scene("log-shared")
def _(stage):
    shared = stage.world.directory / "shared"
    shared.mkdir()
    for name in ("one", "two"):
        stage.services.make(name, "#!/bin/sh\nexec sleep 1000 2>&1\n", log__run=f"#!/bin/sh\nexec svlogd {shared}\n")
    assert len(stage.lint()) == 2

    def do(cure):
        stage.type(cure)
        edit(stage, str(shared), "./main", "two/log/run")
    stage.play(lambda: stage.lint("two"), do)
    assert stage.lint() == []


# -- the rest of a service directory --------------------------------------------------------------------------------------


@scene("no-directory")
def _(stage):
    stage.services.make("web")
    stage.play(lambda: stage.lint("/nowhere"), again=lambda: stage.lint(stage.base / "web"), do=lambda cure: None)


@scene("log-is-file", "log-dangling")
def _(stage):
    directory = stage.services.make("web", "#!/bin/sh\nexec sleep 1000 2>&1\n")
    (directory / "log").symlink_to("/nowhere") if stage.name == "log-dangling" else (directory / "log").touch()
    stage.play(stage.lint)
    assert (directory / "log").is_dir()


@scene("unused-in-log")
def _(stage):
    (stage.services.make("web", "#!/bin/sh\nexec sleep 1000 2>&1\n", log__run=LOG, log__control__t=SLEEP) / "log/main").mkdir()
    stage.play(stage.lint)


@scene("control-nearly-known")
def _(stage):
    directory = stage.services.make("web", SLEEP, control__reload="#!/bin/sh\n")
    stage.play(stage.lint)
    assert (directory / "control/h").exists() and stage.lint() == []


@scene("control-unknown")
def _(stage):
    place = stage.services.make("web", SLEEP, control__z="#!/bin/sh\n") / "control"
    stage.play(stage.lint, lambda cure: (place / "z").rename(place / "u"))
    assert stage.lint() == []


@scene("supervise-nowhere")
def _(stage):
    (stage.services.make("web") / "supervise").symlink_to(stage.world.directory / "run/deep/web")
    stage.play(stage.lint)


@scene("supervise-not-directory")
def _(stage):
    (stage.services.make("web") / "supervise").write_text("")
    stage.play(stage.status)


@scene("down-file", "name-nearly-known")
def _(stage):
    stage.services.make("web", **({"down": ""} if stage.name == "down-file" else {"finsih": "#!/bin/sh\n"}))
    stage.play(stage.lint)
    assert stage.lint() == []


@scene("no-signal", "no-duration")
def _(stage):
    stage.services.make("web", SLEEP, **{"down-signal" if stage.name == "no-signal" else "timeout-kill": "soon\n"})
    stage.play(stage.lint)
    assert stage.lint() == []


@scene("no-value")
def _(stage):
    file = stage.services.make("web", SLEEP) / "timeout-kill"
    file.mkdir()
    stage.play(stage.lint, lambda cure: (file.rmdir(), file.write_text("10s\n")))


@scene("forgotten-down")
def _(stage):
    stage.services.running("web")
    (stage.base / "web/down").touch()
    stage.play(stage.lint)


@scene("noexec", "log-read-only", "supervise-read-only")
def _(stage):
    """In a mount namespace of its own, which the scene is played in as a whole."""
    directory = stage.services.make("web", "#!/bin/sh\nexec sleep 1000 2>&1\n", log__run=LOG)
    (directory / "log/main").mkdir()
    writable = stage.world.directory / "writable"
    writable.mkdir()

    def asked_in_namespace(options, prepare, cure=None):
        mount = f"mount --bind {directory} {directory} && mount -o remount,bind,{options} {directory}"
        script = f'{prepare} && {mount} && {{ [ -z "$0" ] || sh -c "$0" >&2; }} && svctl lint --json web'
        said = stage.run("unshare", "--mount", "sh", "-c", script, cure or "")
        assert said.stdout, said.stderr
        return [(one["what"], one["cure"]) for one in json.loads(said.stdout)["findings"]]

    if stage.name == "noexec":
        cure = stage.cure_of(lambda: asked_in_namespace("noexec", "true"))
        stage.typed = stage.command(cure)
        stage.is_cured(lambda: asked_in_namespace("noexec", "true", stage.typed))
    elif stage.name == "log-read-only":
        stage.cure_of(lambda: asked_in_namespace("ro", "true"))
        edit(stage, "./main", str(writable), "web/log/run")
        stage.is_cured(lambda: asked_in_namespace("ro", "true"))
    else:
        cure = stage.cure_of(lambda: asked_in_namespace("ro", "true"))
        stage.typed = stage.command(cure)
        log = "ln -s /run/runit/supervise.web.log log/supervise"
        prepare = f"mount -t tmpfs x /run && mkdir /run/runit && {stage.typed} && (cd {directory} && {log})"
        stage.is_cured(lambda: asked_in_namespace("ro", prepare))


# -- why a service is not up ----------------------------------------------------------------------------------------------


def scan(stage):
    process = stage.world.start(stage.services.suite.path("runsvdir"), "-P", stage.base, env=stage.environment())
    return process


@scene("service-dangling")
def _(stage):
    (stage.base / "web").symlink_to("/nowhere/at/all")
    stage.play(stage.status)


@scene("broken")
def _(stage):
    scan(stage)
    stage.services.make("web")
    stage.services.until_status("web", now="run")
    (stage.base / "web/supervise/status").write_bytes(b"short")
    stage.play(stage.status)
    stage.services.until_status("web", now="run")


@scene("lock-held")
def _(stage):
    (stage.services.make("web") / "supervise").mkdir()
    lock = stage.base / "web/supervise/lock"
    holder = subprocess.Popen([sys.executable, "-c", f"import fcntl, time; f = open({str(lock)!r}, 'w'); "
                               "fcntl.flock(f, fcntl.LOCK_EX); time.sleep(1000)"])
    try:
        stage.play(stage.status)
        holder.wait(30)
    finally:
        holder.kill()
        holder.wait()


@scene("log-without-runsv")
def _(stage):
    scan(stage)
    stage.services.make("web", "#!/bin/sh\nexec 2>&1\nexec sleep 1000\n")
    stage.services.until_status("web", now="run")
    stage.world.write("services/web/log/run", "#!/bin/sh\nexec cat >/dev/null\n")
    stage.play(lambda: stage.status("web/log"))
    stage.services.until_status("web/log", now="run")


@scene("no-runsvdir")
def _(stage):
    stage.services.make("web")
    stage.play(stage.status)
    stage.services.until_status("web", now="run")


@scene("no-runsv")
def _(stage):
    """The file that it names exists."""
    runsvdir = scan(stage)
    directory = stage.services.make("web")
    (directory / "supervise").write_text("in the way")
    said = stage.type(stage.cure_of(stage.status))
    assert str(stage.base) in said and runsvdir.poll() is None


@scene("paused")
def _(stage):
    stage.services.running("web")
    harness.control(stage.base / "web", "p")
    stage.services.until_status("web", paused=1)
    stage.play(stage.status)


@scene("got-term")
def _(stage):
    stage.services.running("web", "#!/bin/sh\ntrap '' TERM\ntouch ready\nwhile :; do sleep 0.05; done\n")
    wait_until(lambda: (stage.base / "web/ready").exists(), "the trap is set")
    harness.control(stage.base / "web", "d")
    stage.services.until_status("web", got_term=1)
    stage.play(stage.status)
    stage.services.until_status("web", now="down")


@scene("younger")
def _(stage):
    """A service that is not ready after a restart. `svctl watch` shows whether it stays: that command works."""
    stage.services.running("web", check="#!/bin/sh\nexit 1\n")
    began = float(Path("/proc/uptime").read_text().split()[0])
    wait_until(lambda: float(Path("/proc/uptime").read_text().split()[0]) - began > 5.2, "runsv is older than what is young")
    stage.typed = stage.command(stage.cure_of(lambda: stage.operate("restart", "--timeout", "1", "web")))
    watch = subprocess.Popen(["sh", "-c", "exec " + stage.typed], env=stage.environment(), stdout=subprocess.PIPE, text=True)
    stage.world.processes.append(watch)
    wait_until(lambda: is_waiting(watch), "it watches")
    os.kill(wait_until(lambda: pid_of(stage.base / "web") or None, "it is up"), 9)
    assert "web" in watch.stdout.readline()


@scene("flaps", "flaps-without-log")
def _(stage):
    """The command shows what the service says."""
    run = "#!/bin/sh\nexec 2>&1\necho no configuration; /bin/false; exit\n"
    stage.services.supervise("web", run, **({"log__run": LOG, "log__main__config": ""} if stage.name == "flaps" else {}))
    cure = stage.cure_of(stage.status)
    if stage.name == "flaps":
        wait_until(lambda: "no configuration" in stage.type(cure), "the log has it")
    else:
        stage.typed = stage.command(cure)
        assert "no configuration" in stage.run("sh", "-c", stage.typed).stdout


@scene("down-by-file", "told-down")
def _(stage):
    if stage.name == "told-down":
        stage.services.running("web")
        harness.control(stage.base / "web", "d")
    else:
        stage.services.supervise("web", down="")
    stage.services.until_status("web", now="down", want="d")
    stage.play(stage.status)
    stage.services.until_status("web", now="run")


# -- svctl new ------------------------------------------------------------------------------------------------------------


def say_new(stage, *words, **options):
    said = stage.run("svctl", "new", *words, **options)
    lines = [line.removeprefix("svctl: ") for line in said.stderr.splitlines()]
    return list(zip(lines[::2], lines[1::2]))


@scene("new-nowhere")
def _(stage):
    words = ("--available", stage.world.directory / "not there", "web", "--", "sleep", "1000")
    stage.play(lambda: say_new(stage, *words))
    assert (stage.world.directory / "not there/web/run").exists()


@scene("new-refused")
def _(stage):
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    home = stage.world.directory / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    words = ("--available", stage.services.available, "--env", "A=it's", "--finish", "web", "--", "sleep", "1 000")
    stage.type(stage.cure_of(lambda: say_new(stage, *words, **user)), **user)
    assert (home / "sv/web/run").read_text().endswith("exec chpst -e ./env sleep '1 000'\n")
    assert (home / "sv/web/env/A").read_text() == "it's\n" and (home / "sv/web/finish").exists()


@scene("new-taken")
def _(stage):
    stage.services.world.service("available/web")
    words = ("--available", stage.services.available, "web", "--", "sleep", "1000")
    stage.type(stage.cure_of(lambda: say_new(stage, *words)))
    assert say_new(stage, "--available", stage.services.available, "other", "--", "sleep", "1000") == []


# -- sv -------------------------------------------------------------------------------------------------------------------


ALONE = ["unshare", "--pid", "--fork", "--mount-proc"]  # no other runsvdir of this machine is seen


def sv(stage, *words, env=None, alone=False, **options):
    """Cause and cure of sv, which speaks to terminals only."""
    ours, theirs = pty.openpty()
    subprocess.run([*(ALONE if alone else []), "sv", *map(str, words)], env=env or stage.environment(),
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, cwd=stage.world.directory, check=False,
                   timeout=60, **options)
    os.close(theirs)
    said = harness.rest_of_terminal(ours)
    lines = [line.removeprefix("sv: ") for line in said.replace("\r\n", "\n").splitlines() if line.startswith("sv: ")]
    return list(zip(lines[::2], lines[1::2]))


@scene("set-svdir")
def _(stage):
    stage.services.running("web")
    env = stage.environment() | {"SVDIR": "/nowhere"}

    def do(cure):
        stage.type(cure.replace("DIRECTORY", str(stage.base)), env=env)
    stage.play(lambda: sv(stage, "status", "web", env=env, alone=True), do, again=lambda: sv(stage, "status", "web"))


@scene("other-svdir")
def _(stage):
    """The other one is that of the runsvdir which runs."""
    scan(stage)
    name = stage.world.directory.name  # no other has it
    stage.services.make(name)
    stage.services.until_status(name, now="run")
    env = stage.environment() | {"SVDIR": "/nowhere"}
    assert f"run: {name}: " in stage.type(stage.cure_of(lambda: sv(stage, "status", name, env=env)), env=env)


@scene("correct-name")
def _(stage):
    stage.services.running("web")
    said = stage.type(stage.cure_of(lambda: sv(stage, "restart", "wbe")), env=stage.environment() | {"SVDIR": "/nowhere"})
    assert said.startswith("ok: run: ")


@scene("link-available")
def _(stage):
    """In a mount namespace of its own, whose /etc/sv has the service."""
    stage.world.service("etc-sv/zzz-web")
    os.makedirs("/etc/sv", exist_ok=True)
    script = (f"mount --bind {stage.world.directory}/etc-sv /etc/sv && "
              "script -qec 'sv status zzz-web >/dev/null' /dev/null </dev/null")
    said = stage.run("unshare", "--mount", "sh", "-c", script).stdout.replace("\r\n", "\n").splitlines()
    cure = stage.cure_of(lambda: [(said[0].removeprefix("sv: "), said[1].removeprefix("sv: "))])
    stage.type(cure)
    assert os.readlink(stage.base / "zzz-web") == "/etc/sv/zzz-web"


@scene("list-services")
def _(stage):
    stage.services.make("web")
    assert stage.type(stage.cure_of(lambda: sv(stage, "status", "database"))).split() == ["web"]


@scene("link-it")
def _(stage):
    scan(stage)
    available = stage.world.service("available/web")
    stage.play(lambda: sv(stage, "status", available))
    stage.services.until_status("web", now="run")
    assert sv(stage, "status", available) == []


@scene("start-runsv")
def _(stage):
    if any(os.path.exists(one) for one in ("/etc/service", "/service")):
        pytest.skip("this machine has a directory of services")
    available = stage.world.service("available/web")
    env = stage.environment() | {"SVDIR": "/nowhere"}
    stage.play(lambda: sv(stage, "status", "./available/web", env=env, alone=True))
    assert available.is_dir()


@scene("become-root")
def _(stage):
    stage.services.running("web")
    (stage.base / "web/supervise").chmod(0o700)
    cure = stage.cure_of(lambda: sv(stage, "restart", "web", user=NOBODY, group=NOBODY, extra_groups=[]))
    assert stage.type(cure).startswith("ok: run: ")


@scene("start-runsvdir")
def _(stage):
    stage.services.make("web")
    stage.play(lambda: sv(stage, "status", "web"))


@scene("await-runsvdir")
def _(stage):
    (stage.services.make("web") / "supervise").symlink_to("/nowhere/at/all")
    runsvdir = scan(stage)
    assert str(runsvdir.args[-1]) in stage.type(stage.cure_of(lambda: sv(stage, "status", "web")))


@scene("write-run", "make-executable")
def _(stage):
    stage.services.make("web", None, x="")
    if stage.name == "make-executable":
        (stage.base / "web/run").write_text(SLEEP)
    stage.world.start(stage.services.suite.path("runsv"), "web", cwd=stage.base)
    wait_until(lambda: (stage.base / "web/supervise/status").exists(), "runsv is there")
    do = None if stage.name == "make-executable" else lambda cure: write_run(stage)
    stage.play(lambda: sv(stage, "-w1", "start", "web"), do)
    stage.services.until_status("web", now="run")


@scene("ask-check")
def _(stage):
    stage.services.running("web", check="#!/bin/sh\necho not yet\nexit 3\n")
    assert stage.type(stage.cure_of(lambda: sv(stage, "-w1", "start", "web"))) == "not yet\n3\n"


@scene("force-it")
def _(stage):
    stage.services.running("web", "#!/bin/sh\ntrap '' TERM\ntouch ready\nwhile :; do sleep 0.05; done\n")
    wait_until(lambda: (stage.base / "web/ready").exists(), "the trap is set")
    cure = stage.cure_of(lambda: sv(stage, "-w1", "stop", "web"))
    stage.typed = stage.command(cure)
    stage.run("sh", "-c", stage.typed, env=stage.environment(SVWAIT="1"))
    stage.services.until_status("web", now="down")


# -------------------------------------------------------------------------------------------------------------------------


def test_every_cure_has_a_scene(capsys):
    known = {*REMEDIES, *ADVICE} - {*WITHOUT_CURE}
    assert set(SCENES) == known, (known - set(SCENES), set(SCENES) - known)
    with capsys.disabled():
        print(f"\n{len(known)} cures, each with a scene ({len(ADVICE)} of sv, {len(known) - len(ADVICE)} of svctl); "
              f"without a cure: {', '.join(WITHOUT_CURE)}")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("name", sorted(SCENES))
def test_a_cure_works_as_printed(services, name):
    SCENES[name](Stage(services, name))
