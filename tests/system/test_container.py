"""runit as PID 1 of a container: in a namespace, and with runc, which docker and containerd use."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness import ROOT, wait_until
from namespace import Machine

RUNC = shutil.which("runc")


class Namespace(Machine):
    """A container made by hand. Services are in /etc/service, and write their traces below /run."""

    def service(self, name, run="exec sleep 1000", **files):
        directory = self.root / "etc/service" / name
        for path, script in {"run": run, **files}.items():
            file = directory / path.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(script if path == "essential" else f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

    def script(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def start(self, *command, **options):
        options.setdefault("env", {})
        options["env"].setdefault("PATH", "/suite:/usr/sbin:/usr/bin:/sbin:/bin")
        return self.boot("/suite/runit", *command, console=False, **options)

    def has(self, *marks):
        for mark in marks:
            wait_until(lambda: self.marks(mark), f"{mark}; it says {self.lines}")


class Runc(Namespace):
    """The same root directory as an OCI bundle: read-only, with a tmpfs on /run, as a user without any right."""

    def start(self, *command, env=None, user=54321, entry=("/suite/runit",), **_):
        self.reading.set()
        bundle = self.world.directory
        variables = {"PATH": "/suite:/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})}
        shutil.rmtree(bundle / "rootfs", ignore_errors=True)
        (bundle / "config.json").unlink(missing_ok=True)
        subprocess.run(["runc", "spec"], cwd=bundle, check=True)
        config = json.loads((bundle / "config.json").read_text())
        config["root"] = {"path": str(self.root), "readonly": True}
        process = config["process"]
        process.update(terminal=False, user={"uid": user, "gid": user}, args=[*entry, *command],
                       env=[f"{k}={v}" for k, v in variables.items()])  # fmt: skip
        process["capabilities"] = {kind: [] for kind in process["capabilities"]}
        (self.root / "run").chmod(0o777)
        config["mounts"] += [{"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
                             {"destination": "/run", "type": "bind", "source": str(self.root / "run"), "options": ["bind"]}]
        config["mounts"] += [{"destination": f"/suite{n}", "type": "bind", "source": str(d), "options": ["bind", "ro"]}
                             for n, d in enumerate(self.suite.directories)]  # fmt: skip
        (bundle / "config.json").write_text(json.dumps(config))
        self.name = f"runwell-{os.getpid()}-{bundle.name}"
        for service in (self.root / "etc/service").glob("*"):  # only supervise/ is written to
            links = {service: service.name}
            if (service / "log").is_dir():
                links[service / "log"] = f"{service.name}.log"
            for place, name in links.items():
                (place / "supervise").unlink(missing_ok=True)
                (place / "supervise").symlink_to(f"/run/supervise.{name}")
        self.out = open(bundle / "out", "wb")
        self.process = subprocess.Popen(["runc", "run", self.name], cwd=bundle, stdin=subprocess.DEVNULL,
                                        stdout=self.out, stderr=self.out)  # fmt: skip
        self.world.processes.append(self.process)
        return self

    @property
    def lines(self):
        return (self.world.directory / "out").read_text(errors="replace").splitlines()

    def signal(self, number):
        subprocess.run(["runc", "kill", self.name, signal.Signals(number).name], check=True)

    def ends(self):
        return self.process.wait(timeout=60)

    def close(self):
        if self.process and self.process.poll() is None:
            subprocess.run(["runc", "delete", "--force", self.name], check=False, capture_output=True)


def runc_works():
    """runc can make containers here: not inside another container that forbids it."""
    return RUNC is not None and os.geteuid() == 0


@pytest.fixture(params=["namespace", "runc"])
def container(request, world):
    if request.param == "runc":
        if not runc_works():
            pytest.skip("NOTE: runc cannot run here: the container contract is proved in namespaces alone")
        made = Runc(world)
        (made.root / "etc/service").mkdir()
        yield made
        made.close()
    else:
        made = Namespace(world)
        (made.root / "etc/service").mkdir()
        yield made


STOPS = "trap 'echo %s >>/run/stopped; exit 0' TERM; echo x >/run/%s; while :; do sleep 0.05; done"


def stops(name):
    return STOPS % (name, name)


def test_services_run_and_a_stop_ends_them_all_in_order(container):
    """TERM to every service at once; the logger leaves last, and nothing that was written is lost."""
    for name in "abc":
        container.service(name, stops(name))
    container.service("d", "trap 'echo last words; exit 0' TERM; echo x >/run/d; while :; do sleep 0.05; done",
                      log__run="exec cat >/run/log")  # fmt: skip
    container.start()
    container.has(*"abcd")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0
    assert sorted(container.marks("stopped")) == ["a", "b", "c"]
    assert (container.root / "run/log").read_text() == "last words\n"


def test_all_services_get_their_stop_at_the_same_time(container):
    """Each of them exits only when the other has its stop, too."""
    for name, other in ("ab", "ba"):
        container.service(name, f"trap 'echo x >/run/told-{name}; until [ -e /run/told-{other} ]; do sleep 0.05; done; exit 0' "
                          f"TERM; echo x >/run/{name}; while :; do sleep 0.05; done")  # fmt: skip
    container.start()
    container.has("a", "b")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0
    assert not container.said("sending sigkill")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGPWR])
def test_other_signals_that_mean_stop(container, number):
    container.service("a", stops("a"))
    container.start()
    container.has("a")
    container.signal(number)
    assert container.ends() == 0
    assert container.marks("stopped") == ["a"]


def test_what_services_say_on_standard_error_is_what_the_container_says(container):
    container.service("a", "echo to the log >&2; echo x >/run/a; exec sleep 1000")
    container.start()
    container.has("a")
    wait_until(lambda: "to the log" in container.lines, "it is said")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0


def test_a_service_that_ignores_term_is_killed_when_the_time_is_over(container):
    container.service("a", "trap '' TERM; echo x >/run/a; while :; do sleep 0.1; done")
    container.service("b", stops("b"))
    container.start(env={"RUNWELL_STOP_SECONDS": "1"})
    container.has("a", "b")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0
    assert "- runit: warning: services not terminated, sending sigkill..." in container.lines
    assert container.marks("stopped") == ["b"]


def test_the_stop_as_a_whole_has_its_time_whatever_hangs(world):
    """Scripts before and after it, a service and stage 3: none gets the time of another."""
    made = Namespace(world)
    for directory in ("pre_shutdown.d", "post_shutdown.d"):
        made.script(f"etc/my_init.{directory}/1", f"echo {directory} >>/run/order; exec sleep 1000")
        made.script(f"etc/my_init.{directory}/2", "echo never >>/run/order")
    made.stage("3", "echo 3 >>/run/order; trap '' TERM; while :; do sleep 1; done")
    made.service("a", "trap 'echo told >>/run/order' TERM; echo x >/run/a; while :; do sleep 0.05; done")
    made.service("b", "(trap '' TERM; exec sleep 1000) & echo x >/run/b; exec sleep 1000")
    made.start(env={"RUNWELL_STOP_SECONDS": "4"})
    made.has("a", "b")
    began = time.monotonic()
    made.signal(signal.SIGTERM)
    assert made.ends() == 0
    took = time.monotonic() - began
    assert 4 < took < 12, "one after the other they take 19 seconds"
    assert made.marks("order")[:2] == ["pre_shutdown.d", "told"] and "never" not in made.marks("order")
    for file in ("my_init.pre_shutdown.d/1", "my_init.post_shutdown.d/1", "runit/3"):
        assert f"- runit: enter stage: /etc/{file}" in made.lines


def test_a_paused_service_is_stopped_too(container):
    container.service("a", "trap 'echo a >>/run/stopped; exit 0' TERM; echo $$ >/run/a; while :; do sleep 0.05; done")
    container.start()
    container.has("a")
    if isinstance(container, Runc):
        subprocess.run(["runc", "exec", container.name, "kill", "-STOP", *container.marks("a")], check=True)
    else:
        container.inside("kill", "-STOP", *container.marks("a"))
    container.signal(signal.SIGTERM)
    assert container.ends() == 0
    assert container.marks("stopped") == ["a"]


@pytest.mark.parametrize("how, code", [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)])
def test_the_end_of_the_command_ends_the_container_with_its_code(container, how, code):
    container.service("a", stops("a"))
    container.start("sh", "-c", f"until [ -e /run/a ]; do sleep 0.05; done; {how}")
    assert container.ends() == code
    assert container.marks("stopped") == ["a"]


@pytest.mark.parametrize("command, code", [(["/no/such"], 127), (["nosuch"], 127), (["/etc/service"], 126)])
def test_a_command_that_cannot_be_run(container, command, code):
    container.start(*command)
    assert container.ends() == code
    assert container.lines[0].startswith(f"- runit: fatal: unable to start child: {command[0]}: ")


def test_a_command_may_begin_with_anything_after_two_dashes(container):
    container.start("--container", "--", "sh", "-c", "echo $1; exit 3", "-", "--container")
    assert container.ends() == 3
    assert "--container" in container.lines


def test_a_command_has_standard_input_and_output_of_the_container(world):
    made = Namespace(world)
    made.service("a", stops("a"))
    made.start("sh", "-c", "read -r word; echo $word; echo no >&2; exit 5", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    said, _ = made.process.communicate(b"spoken\n", timeout=60)
    assert (said, made.ends()) == (b"spoken\n", 5)
    assert made.lines == ["no"]


def test_a_container_that_was_killed_starts_again(world):
    """Old files in supervise/ and on /run do no harm."""
    if not runc_works():
        pytest.skip("NOTE: runc cannot run here: the container contract is proved in namespaces alone")
    made = Runc(world)
    (made.root / "etc/service").mkdir()
    made.service("a", "echo x >>/run/started; exec sleep 1000", log__run="exec cat")
    made.start()
    wait_until(lambda: made.marks("started") == ["x"], "the service runs")
    made.signal(signal.SIGKILL)
    assert made.ends() == 137
    made.start()
    wait_until(lambda: made.marks("started") == ["x", "x"], "and again")
    made.signal(signal.SIGTERM)
    assert made.ends() == 0


def test_a_command_runs_where_there_are_no_services(container):
    (container.root / "etc/service").rmdir()
    container.start("sh", "-c", "exit 4")
    assert container.ends() == 4
    assert container.lines == []


def test_a_stop_reaches_the_command_and_its_code_is_kept(container):
    container.service("a", stops("a"))
    container.start("sh", "-c", "trap 'echo main >>/run/stopped; exit 9' TERM; echo x >/run/main; while :; do sleep 0.05; done")
    container.has("a", "main")
    container.signal(signal.SIGTERM)
    assert container.ends() == 9
    assert sorted(container.marks("stopped")) == ["a", "main"]


def test_other_signals_are_passed_to_the_command(container):
    container.start("sh", "-c", "trap 'exit 10' USR1; echo x >/run/main; while :; do sleep 0.05; done")
    container.has("main")
    container.signal(signal.SIGUSR1)
    assert container.ends() == 10


@pytest.mark.parametrize("run, code", [("exit 5", 5), ("kill -SEGV $$", 139)])
def test_an_essential_service_that_crashes_ends_the_container(container, run, code):
    container.service("a", stops("a"))
    container.service("db", f"until [ -e /run/a ]; do sleep 0.05; done; echo x >>/run/db; {run}", essential="")
    container.start()
    assert container.ends() == code
    assert container.marks("stopped") == ["a"]
    assert container.marks("db") == ["x"], "it is not started again"


def test_an_essential_service_that_goes_down_for_good_ends_the_container(container):
    container.service("db", "echo x >/run/db; trap 'exit 6' TERM; while :; do sleep 0.05; done", essential="",
                      finish="echo $1 >/run/finished")  # fmt: skip
    container.service("other", "exit 1")
    container.start("sh", "-c", "until [ -e /run/db ]; do sleep 0.05; done; sv down /etc/service/db; exec sleep 1000")
    assert container.ends() == 6
    assert container.marks("finished") == ["6"]


CANNOT_RUN = {
    "missing": Path.unlink,
    "not executable": lambda run: run.chmod(0o644),
    "no interpreter": lambda run: run.write_text("#!/no/such\n"),
    "no program": lambda run: run.write_bytes(b"\x7fELF"),
    "a directory": lambda run: (run.unlink(), run.mkdir()),
    "a link to itself": lambda run: (run.unlink(), run.symlink_to("run")),
}


@pytest.mark.parametrize("spoil", CANNOT_RUN.values(), ids=CANNOT_RUN.keys())
def test_an_essential_service_whose_run_cannot_be_executed_ends_the_container(container, spoil):
    """With 111, which is also the argument of ./finish."""
    container.service("db", essential="", finish="echo $1 >>/run/finished")
    spoil(container.root / "etc/service/db/run")
    container.start()
    assert container.ends() == 111
    assert container.marks("finished") == ["111"]
    assert container.said("^runsv db: fatal: unable to start ./run: ")


def test_an_essential_service_that_is_restarted_ends_nothing(container):
    container.service("db", "echo x >>/run/db; exec sleep 1000", essential="")
    container.start("sh", "-c", "until [ -e /run/db ]; do sleep 0.05; done; sv restart /etc/service/db; "
                    "until [ $(wc -l </run/db) = 2 ]; do sleep 0.05; done; exit 8")  # fmt: skip
    assert container.ends() == 8


def test_stage_1_and_stage_3_are_run_where_they_exist(container):
    container.stage("1", "echo 1 >>/run/order")
    container.stage("3", "echo 3 >>/run/order")
    container.service("a", "echo a >>/run/order; trap 'echo stop >>/run/order; exit' TERM; while :; do sleep 0.05; done")
    container.start()
    wait_until(lambda: container.marks("order") == ["1", "a"], "the service runs")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0
    assert container.marks("order") == ["1", "a", "stop", "3"]


def test_scripts_of_my_init_are_run_in_order_and_around_the_stop(container):
    for directory, names in {"my_init.d": ("10_b", "05_a", "20_c"), "my_init.pre_shutdown.d": ("1", "2"),
                             "my_init.post_shutdown.d": ("1", "2")}.items():  # fmt: skip
        for name in names:
            container.script(f"etc/{directory}/{name}", f"echo {directory}/{name} >>/run/order; exit 0")
    container.script("etc/my_init.d/15_not", "exit 1")
    (container.root / "etc/my_init.d/15_not").chmod(0o644)
    (container.root / "etc/my_init.d/17_directory").mkdir()
    container.script("etc/rc.local", "echo rc.local >>/run/order")
    container.service("a", "echo a >>/run/order; trap 'echo stop >>/run/order; exit' TERM; while :; do sleep 0.05; done")
    container.start()
    wait_until(lambda: "a" in container.marks("order"), "the service runs")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0
    assert container.marks("order") == [
        "my_init.d/05_a", "my_init.d/10_b", "my_init.d/20_c", "rc.local", "a", "my_init.pre_shutdown.d/1",
        "my_init.pre_shutdown.d/2", "stop", "my_init.post_shutdown.d/1", "my_init.post_shutdown.d/2"]  # fmt: skip


def test_an_rc_local_that_cannot_be_executed_is_passed_over(container):
    container.script("etc/rc.local", "echo x >/run/rc")
    (container.root / "etc/rc.local").chmod(0o644)
    container.start("sh", "-c", "exit 5")
    assert container.ends() == 5
    assert container.marks("rc") == []


@pytest.mark.parametrize("first, second", [("my_init.d/1", "my_init.d/2"), ("my_init.d/1", "rc.local"), ("rc.local", None)])
def test_a_start_script_that_fails_ends_the_container_with_its_code(container, first, second):
    container.script(f"etc/{first}", "exit 3")
    if second:
        container.script(f"etc/{second}", "echo x >/run/2")
    container.service("a", "echo x >/run/a")
    container.stage("3", "echo x >/run/3")
    container.start()
    assert container.ends() == 3
    assert (container.marks("2"), container.marks("a"), container.marks("3")) == ([], [], ["x"])


@pytest.mark.skipif(not runc_works(), reason="NOTE: runc cannot run here")
def test_chpst_gives_a_container_the_environment_of_its_directory(world):
    """/etc/container_environment of phusion's images, for the start scripts, the services and the command."""
    container = Runc(world)
    container.service("a", "echo $GREETING >/run/service; exec sleep 1000")
    container.script("etc/my_init.d/1", "echo $GREETING >/run/script")
    container.script("etc/container_environment/GREETING", "")
    (container.root / "etc/container_environment/GREETING").write_text("hello\n")
    entry = ("/suite/chpst", "-e", "/etc/container_environment", "/suite/runit")
    try:
        container.start("sh", "-c", "until [ -s /run/service ]; do sleep 0.05; done; echo $GREETING >/run/command",
                        entry=entry, env={"GREETING": "good bye"})  # fmt: skip
        assert container.ends() == 0
        assert [container.marks(who) for who in ("script", "service", "command")] == [["hello"]] * 3
    finally:
        container.close()


def test_what_a_start_script_writes_into_the_environment_is_given_to_all_that_follow(container):
    (container.root / "etc/container_environment").symlink_to("/run/environment")
    container.script("etc/my_init.d/1", "mkdir /run/environment; echo hello >/run/environment/GREETING")
    container.script("etc/my_init.d/2", "echo $GREETING >/run/script; echo again >/run/environment/MORE")
    container.script("etc/rc.local", "echo $GREETING $MORE >/run/local")
    container.service("a", "echo $GREETING $MORE >/run/service; exec sleep 1000")
    container.start("sh", "-c", "until [ -s /run/service ]; do sleep 0.05; done; echo $GREETING $MORE >/run/command; exit 3")
    assert container.ends() == 3
    assert [container.marks(who) for who in ("script", "local", "service", "command")] == [
        ["hello"], *[["hello", "again"]] * 3]  # fmt: skip


def test_services_source_the_environment_that_the_example_writes(world):
    container = Namespace(world)
    example = (ROOT / "examples/container/environment").read_text()
    for name in ("00_environment", "zz_environment"):
        container.script(f"etc/my_init.d/{name}", example)
    container.script("etc/my_init.d/1", "printf %s 'it is \"so\"' >/etc/container_environment/ADDED")
    container.service("a", ". /etc/container_environment.sh; printf '%s|%s\\n' \"$GIVEN\" \"$ADDED\" >/run/service; exec sleep 1000")
    container.start(env={"GIVEN": "by docker"})
    container.has("service")
    assert " ".join(container.marks("service")) == 'by docker|it is "so"'
    assert (container.root / "etc/container_environment/GIVEN").read_text() == "by docker"
    container.signal(signal.SIGTERM)
    assert container.ends() == 0


def test_a_stop_during_the_start_ends_the_script_that_runs(container):
    container.script("etc/my_init.d/1", "echo x >/run/1; exec sleep 1000")
    container.service("a", "echo x >/run/a")
    container.start()
    container.has("1")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0
    assert container.marks("a") == []


def test_svdir_says_where_the_services_are(container):
    (container.root / "srv/web").mkdir(parents=True)
    container.script("srv/web/run", "echo x >/run/web; exec sleep 1000")
    if isinstance(container, Runc):
        (container.root / "srv/web/supervise").symlink_to("/run/supervise.web")
    container.start(env={"SVDIR": "/srv"})
    container.has("web")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0


def test_what_the_services_leave_behind_is_ended_too(container):
    container.service("a", "(trap '' TERM; echo x >/run/left; while :; do sleep 0.1; done) & echo x >/run/a; exec sleep 1000")
    container.start()
    container.has("a", "left")
    container.signal(signal.SIGTERM)
    assert container.ends() == 0


def test_a_container_with_a_stage_2_and_no_command_is_a_machine(world):
    made = Namespace(world)
    for stage in "123":
        made.stage(stage, "")
    made.start()
    assert made.ends() == "power off"
    assert "- runit: enter stage: /etc/runit/2" in made.lines


def test_a_container_that_is_asked_for_has_its_own_stage_2(world):
    """And is ended as containers are: TERM, which means nothing on a machine, and an exit code."""
    made = Namespace(world)
    made.stage("2", "echo x >/run/2; exec runsvdir -P /etc/service")
    made.stage("3", "echo x >/run/3")
    made.service("a", stops("a"))
    made.start("--container")
    made.has("2", "a")
    made.signal(signal.SIGTERM)
    assert made.ends() == 0
    assert (made.marks("stopped"), made.marks("3")) == (["a"], ["x"])


def test_cont_with_stopit_stops_a_container(world):
    made = Namespace(world)
    made.service("a", stops("a"))
    made.start()
    made.has("a")
    made.signal(signal.SIGCONT)
    (made.stages / "stopit").touch(0o100)
    made.signal(signal.SIGCONT)
    assert made.ends() == 0
    assert made.marks("stopped") == ["a"]


def test_ctrl_c_is_for_the_command_that_has_the_terminal(world):
    """The command is in the foreground: ctrl-c signals the command, not PID 1."""
    made = Namespace(world)
    made.service("a", stops("a"))
    made.start("sh", "-c", "trap 'exit 11' INT; stty isig intr ^C; echo x >/run/main; while :; do sleep 0.05; done",
               around=("setsid", "-c"), terminal=True)  # fmt: skip
    made.has("main", "a")
    os.write(made.master, b"\x03")
    assert made.ends() == 11
    assert made.marks("stopped") == ["a"]


def test_ctrl_c_without_a_command_stops_the_container(world):
    made = Namespace(world)
    made.service("a", "stty isig intr ^C; " + stops("a"))
    made.start(around=("setsid", "-c"), terminal=True)
    made.has("a")
    subprocess.run(["stty", "isig", "intr", "^C"], stdin=made.master, check=True)
    os.write(made.master, b"\x03")
    assert made.ends() == 0
    assert made.marks("stopped") == ["a"]
