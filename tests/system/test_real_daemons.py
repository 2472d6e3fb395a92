"""Daemons of the real world under runsvdir, each with a logger: nginx, redis, sshd, cron, PostgreSQL.

Each is restarted by sv and killed by KILL while a client talks to it. It must come back by itself, and what it has
written must be in its log, line for line. Everything listens on the loopback only, and lives in a temporary directory.
"""

import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from glob import glob
from pathlib import Path

import pytest
from harness import DEADLINE, alive, descendants, free_port, pid_of, wait_until

pytestmark = [
    pytest.mark.shipped,
    pytest.mark.skipif(os.getuid() != 0, reason="sshd, cron and a change of user need root"),
]
needs_mounts = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0,
    reason="a mount namespace needs CAP_SYS_ADMIN",
)

LOGGER = "#!/bin/sh\nmkdir -p main\nexec svlogd -tt ./main\n"


class House:
    """runsvdir and its services; what leaves last is checked to be nothing."""

    def __init__(self, world):
        self.world = world
        self.services = world.directory / "services"
        self.services.mkdir()
        world.directory.chmod(0o755)  # PostgreSQL runs as another user
        self.environment = world.suite.environment(SVDIR=self.services)
        self.runsvdir = world.start("runsvdir", "-P", self.services, env=self.environment)

    def add(self, name, run, **files):
        directory = self.world.service(name, run, log__run=LOGGER, **files)
        (self.services / name).symlink_to(directory)
        return directory

    def sv(self, *arguments):
        return self.world.sv(*arguments, env=self.environment)

    def pid(self, name):
        return pid_of(self.services / name)

    def restart(self, name):
        """sv restart, which returns when the service is back, and ready if it has a ./check."""
        old = self.pid(name)
        done = self.sv("-w", "40", "restart", name)
        assert done.stdout.startswith(f"ok: run: {name}: (pid "), (done.stdout, self.log(name)[-40:])
        assert done.returncode == 0
        assert self.pid(name) != old

    def kill(self, name, children=False):
        """kill -9, of the processes that it has started as well if so; the supervisor brings it back by itself."""
        old = self.pid(name)
        for pid in [old, *(descendants(old) if children else [])]:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.pid(name) not in (0, old), f"{name} is back")

    def log(self, name):
        """The messages that the logger has written, oldest first, without their stamps."""
        main = self.world.directory / name / "log/main"
        files = [*sorted(main.glob("@*")), main / "current"]
        text = "".join(f.read_text(errors="replace") for f in files if f.exists())
        return [line.partition(" ")[2] for line in text.splitlines()]

    def logged(self, name, words):
        """How many messages have these words in them."""
        return sum(words in message for message in self.log(name))

    def leave(self):
        """Ends everything in order: when the last process has gone, the logs are complete."""
        self.runsvdir.send_signal(signal.SIGHUP)
        self.runsvdir.wait(timeout=DEADLINE)
        try:
            wait_until(lambda: self.left() == [], "every process has ended", 2 * DEADLINE)
        except AssertionError as late:
            ps = ["ps", "-o", "pid,ppid,stat,args", "-p", ",".join(map(str, self.left()))]
            said = subprocess.run(ps, capture_output=True, text=True).stdout
            raise AssertionError(f"{late}:\n{said}") from None

    def left(self):
        """The processes that have not ended."""
        return self.world.living()

    def clear(self):
        """After a test that has failed: some of these hide where they come from."""
        while left := self.left():
            for pid in left:
                if alive(pid):
                    os.kill(pid, signal.SIGKILL)
            self.runsvdir.poll()


@pytest.fixture
def house(world):
    made = House(world)
    yield made
    made.clear()


class Client(threading.Thread):
    """Asks 1, 2, 3, …, each again until it has been answered. ask(n) raises when there was no answer."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self.ask = ask
        self.answered = 0
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            try:
                self.ask(self.answered + 1)
                self.answered += 1
            except (OSError, http.client.HTTPException, subprocess.SubprocessError):
                time.sleep(0.02)

    def gets_answers(self, more=3):
        """Waits until it has got so many more than now."""
        goal = self.answered + more
        wait_until(lambda: self.answered >= goal, f"answer {goal}", 2 * DEADLINE)

    def stop(self):
        self.stopped.set()
        self.join(timeout=DEADLINE)
        assert not self.is_alive()
        return self.answered


# -- nginx -----------------------------------------------------------------------------------------------------------


class Browser:
    """One connection that is kept, so that nginx has logged an answer before it reads the next question."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.last = 0
        self.unsure = set()  # answers that a kill -9 may have kept out of nginx's own log
        self.killing = False

    def ask(self, n):
        try:
            self.connection.request("GET", f"/number/{n}")
            answer = self.connection.getresponse()
            if answer.read() != b"here\n":
                raise http.client.HTTPException
            self.last = n
        except (OSError, http.client.HTTPException):
            self.connection.close()
            if self.killing:
                self.unsure.add(self.last)
            raise


def test_nginx_logs_every_request_across_restarts_and_kills(house):
    port = free_port()
    directory = house.add(
        "nginx",
        "#!/bin/sh\nexec 2>&1\nexec nginx -p . -e stderr -c nginx.conf\n",
        **{
            "nginx.conf": f"""
                daemon off; worker_processes 1; pid nginx.pid; user root;
                events {{ }}
                http {{
                    access_log /dev/stdout; keepalive_requests 1000000;
                    client_body_temp_path t1; proxy_temp_path t2;
                    fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
                    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "here\\n"; }} }}
                }}""",
        },
    )
    browser = Browser(port)
    client = Client(browser.ask)
    client.start()
    client.gets_answers(100)
    for _ in range(3):
        house.restart("nginx")
        client.gets_answers(100)
    browser.killing = True
    for _ in range(2):
        # With its workers: they would go on holding the port.
        house.kill("nginx", children=True)
        client.gets_answers(100)
    browser.killing = False
    client.gets_answers(10)
    asked = client.stop()
    browser.connection.close()
    house.leave()

    logged = {int(line.split("/number/")[1].split()[0]) for line in house.log("nginx") if "/number/" in line}
    missing = set(range(1, asked + 1)) - logged
    assert missing <= browser.unsure, sorted(missing - browser.unsure)[:20]
    assert asked > 500 and (directory / "log/main/current").exists()


# -- redis -----------------------------------------------------------------------------------------------------------


class RedisClient:
    def __init__(self, port):
        self.port = port
        self.stream = None
        self.ports = []  # of our connections, which redis logs by their port

    def ask(self, n):
        try:
            if self.stream is None:
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                self.stream = connection.makefile("rwb")
                self.fresh = connection.getsockname()[1]
                connection.close()  # the stream goes on
            if self.say(f"SET number:{n} {n}") != b"+OK\r\n":
                raise OSError
            if self.fresh:
                self.ports.append(self.fresh)
                self.fresh = None
        except OSError:
            self.stream = None
            raise

    def say(self, line):
        self.stream.write(line.encode() + b"\r\n")
        self.stream.flush()
        return self.stream.readline()


def test_redis_keeps_what_it_has_acknowledged(house):
    port = free_port()
    house.add(
        "redis",
        "#!/bin/sh\nexec 2>&1\nexec redis-server ./redis.conf\n",
        **{
            "check": f"#!/bin/sh\nexec redis-cli -p {port} ping >/dev/null 2>&1\n",
            # Without fsync, what is acknowledged has been written to the file: KILL cannot take it back.
            "redis.conf": f"bind 127.0.0.1\nport {port}\ndaemonize no\nlogfile ''\nloglevel verbose\nsave ''\n"
            "appendonly yes\nappendfsync no\nauto-aof-rewrite-percentage 0\n",
        },
    )
    talk = RedisClient(port)
    client = Client(talk.ask)
    client.start()
    client.gets_answers(100)
    for _ in range(2):
        house.restart("redis")
        assert socket.create_connection(("127.0.0.1", port), timeout=10), "restart has waited for ./check"
        client.gets_answers(100)
        house.kill("redis")
        client.gets_answers(100)
    asked = client.stop()
    assert talk.say("DBSIZE") == b":%d\r\n" % asked
    house.leave()

    log = house.log("redis")
    assert house.logged("redis", "Ready to accept connections") == 5, log[-40:]
    assert house.logged("redis", "User requested shutdown") == 3, log[-40:]
    for own in talk.ports:
        assert any(line.endswith(f"Accepted 127.0.0.1:{own}") for line in log), own


# -- sshd ------------------------------------------------------------------------------------------------------------


@needs_mounts
def test_sshd_comes_back_and_an_open_session_outlives_it(house):
    port = free_port()
    keys = house.world.directory / "keys"
    keys.mkdir()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
    shutil.copy(keys / "user.pub", keys / "authorized")
    house.add(
        "sshd",
        # Where sshd separates its privileges is /run/sshd: in a mount namespace of its own.
        "#!/bin/sh\nexec 2>&1\nexec unshare --mount ./in_private\n",
        in_private="#!/bin/sh\nmount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f ./config\n",
        config=f"""
            ListenAddress 127.0.0.1:{port}
            HostKey {keys}/host
            AuthorizedKeysFile {keys}/authorized
            StrictModes no
            UsePAM no
            PidFile none
            PermitRootLogin yes
            MaxStartups 100\n""",
    )
    ssh = ["ssh", "-F", "none", "-p", str(port), "-i", keys / "user", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]
    ssh += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "root@127.0.0.1"]
    ports = []

    def ask(n):
        command = [*ssh, f"echo {n} $SSH_CLIENT"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.split()
        if said[0] != str(n):
            raise OSError
        ports.append(said[2])

    client = Client(ask)
    client.start()
    client.gets_answers(1)
    session = subprocess.Popen([*ssh, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def session_echoes(text):
        session.stdin.write(text + b"\n")
        session.stdin.flush()
        assert session.stdout.readline() == text + b"\n"

    session_echoes(b"hello")
    house.restart("sshd")
    client.gets_answers(2)
    session_echoes(b"still here after sv restart")
    house.kill("sshd")
    client.gets_answers(2)
    session_echoes(b"still here after kill -9")
    client.stop()
    session.stdin.close()
    assert session.wait(timeout=DEADLINE) == 0
    house.leave()

    log = house.log("sshd")
    assert house.logged("sshd", f"Server listening on 127.0.0.1 port {port}.") == 3, log
    assert house.logged("sshd", "Received signal 15; terminating.") == 2, log
    for own in ports:
        assert any(line.startswith(f"Accepted publickey for root from 127.0.0.1 port {own} ") for line in log), own


# -- cron ------------------------------------------------------------------------------------------------------------


@needs_mounts
def test_cron_runs_its_jobs_again_after_each_start(house):
    clock = glob("/usr/lib/*/faketime/libfaketime.so.1")[0]
    house.add(
        "cron",
        # Jobs get descriptor 3, the log. The mount namespace is new with each start, and so is /run, which makes each
        # start a boot. The clock is set three seconds before the minute.
        "#!/bin/sh\nexec 3>&1 2>&1\nexec unshare --mount ./in_private\n",
        in_private=f"""#!/bin/sh
            mount -t tmpfs none /run &&
            mount --bind crontab /etc/crontab &&
            mount --bind cron.d /etc/cron.d &&
            mount --bind crontabs /var/spool/cron/crontabs || exit 1
            second=$(date +%S)
            export LD_PRELOAD={clock} FAKETIME=+$((57 - ${{second#0}}))s
            exec cron -f\n""",
        crontab="@reboot root echo booted >&3\n* * * * * root echo a minute of the system >&3\n",
        crontabs__root="* * * * * echo a minute of a user >&3\n",
        **{"cron.d/.keep": ""},
    )
    (house.world.directory / "cron/crontabs/root").chmod(0o600)

    def ran(times):
        for line in ("booted", "a minute of the system", "a minute of a user"):
            wait_until(lambda: house.log("cron").count(line) >= times, f"{times} times: {line}", 2 * DEADLINE)

    ran(1)
    house.restart("cron")
    ran(2)
    house.kill("cron")
    ran(3)
    house.leave()
    assert house.log("cron").count("booted") == 3


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


def test_postgresql_keeps_what_it_has_committed_and_logs_every_statement(house):
    programs = Path(sorted(glob("/usr/lib/postgresql/*/bin"))[-1])
    owner = pwd.getpwnam("postgres")
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    base = house.world.directory / "database"
    base.mkdir()
    os.chown(base, owner.pw_uid, owner.pw_gid)
    initdb = [*as_postgres, programs / "initdb", "-D", base / "data", "-A", "trust", "--no-sync", "--no-instructions"]
    environment = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=base, env=environment)
    port = free_port()
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": base,
        "log_statement": "all",
        "dynamic_shared_memory_type": "mmap",
        "max_connections": 10,
    }
    house.add(
        "postgresql",
        "#!/bin/sh\nexec 2>&1\n"
        f"exec {' '.join(as_postgres)} {programs}/postgres -D {base}/data "
        + " ".join(f"-c {name}={value}" for name, value in settings.items())
        + "\n",
        check=f"#!/bin/sh\nexec {programs}/pg_isready -q -h 127.0.0.1 -p {port}\n",
        # To PostgreSQL, TERM means to wait for its clients, and INT to end now.
        control__t="#!/bin/sh\nread -r pid <supervise/pid\nkill -INT $pid\n",
    )
    psql = [programs / "psql", "-XqAt", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-v", "ON_ERROR_STOP=1"]

    def query(text):
        done = subprocess.run([*psql, "-c", text], capture_output=True, text=True, timeout=20, check=True)
        return done.stdout.strip()

    wait_until(lambda: house.pid("postgresql"), "it runs")
    assert house.sv("-w", "40", "start", "postgresql").returncode == 0
    query("create table numbers (n integer)")
    client = Client(lambda n: query(f"insert into numbers values ({n})"))
    client.start()
    client.gets_answers(5)
    house.restart("postgresql")
    assert query("select 1") == "1", "restart has waited for ./check"
    client.gets_answers(5)
    house.kill("postgresql")
    client.gets_answers(5)
    asked = client.stop()
    assert query("select count(distinct n) from numbers") == str(asked)
    house.leave()

    log = house.log("postgresql")
    for n in range(1, asked + 1):
        assert any(line.endswith(f"statement: insert into numbers values ({n})") for line in log), n
    assert house.logged("postgresql", "database system was interrupted") == 1, log[-40:]
    assert house.logged("postgresql", "received fast shutdown request") == 2, log[-40:]
