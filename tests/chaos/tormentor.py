"""The tormentor: does to the tree whatever may happen to it, and then lets it come to rest. Runs in its namespace.

    rehearsal   everything is restarted once, and measured
    storm       faults, several at once; each has a name, an act, and an undo some time later
    calm        every fault is undone; each service is told what is wanted of it; the observer watches what becomes of it
    …           again
    last        everything is restarted once, and measured; the writers are put down, and their logs are audited

What is chosen, the seed decides. What has been done, the journal tells.
"""

import argparse
import errno
import fcntl
import heapq
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import proc
import tree

COMMANDS = b"uodtkpcahiq12x"
NOTES = Path("/chaos")
SIGNALS_OF_TERROR = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)
RECOVERS_IN = 2.0  # seconds
STARTS_IN = 60.0
NO_FILES_LEFT = 3
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE = 0x80086601, 0x40086602, 0x10


def patience():
    """A busy machine is given more time, but not without end."""
    return min(4.0, max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0))))


class NotNow(Exception):
    """There is nothing that this fault could be done to at the moment."""


class Field:
    """The targets of the faults, and the rules that keep every storm within the promises of the suite."""

    def __init__(self, seed, journal):
        self.random = random.Random(seed)
        self.journal = journal
        self.census = proc.Census()
        self.reserved = set()  # names of services whose directories are being moved about
        self.unwatched = 0  # runsvdirs that have been killed, and whose directories are to stay as they are meanwhile
        self.keeper = {}
        self.all_may_stop = False

    def begin_storm(self):
        """A pipe exists as long as the runsv, the logger or the service lives, and its content is lost with the last of
        the three. So each storm spares one of them, chosen at random. (FamilyKilled does the opposite.)"""
        self.all_may_stop = self.random.random() < 0.4
        for one in tree.ALL:
            self.keeper[one.name] = "svlogd" if self.all_may_stop else self.random.choice(("runsv", "svlogd", "run"))

    def note(self, event, **what):
        self.journal.write(json.dumps({"at": time.monotonic(), "event": event, **what}) + "\n")
        self.journal.flush()

    def processes(self, *roles):
        return [one for one in self.census.look().values() if one.role in roles and one.lives]

    def choose(self, found):
        found = sorted(found, key=lambda one: one.name if hasattr(one, "name") else one)
        if not found:
            raise NotNow
        return self.random.choice(found)

    def spares(self, name, role):
        """Whether this part of the service is to survive the storm."""
        return tree.BY_NAME[name].numbered and self.keeper[name] == role

    def may_stop(self, name):
        """Whether the service may be asked to exit: then the logger drains the pipe, and no fault may stop it."""
        return name != tree.FARM.name and (not tree.BY_NAME[name].numbered or self.keeper[name] == "svlogd")


# -- the faults --------------------------------------------------------------------------------------------------------


class Fault:
    """One thing that goes wrong. `act` says to what it was done, or raises NotNow; `undo` must always work, and may be
    asked again while it returns False."""

    weight = 1
    lasts = (0.0, 0.0)  # seconds

    def act(self, field):
        raise NotImplementedError

    def undo(self, field):
        return True


class Signalled(Fault):
    role = ""
    signals = SIGNALS_OF_TERROR

    def candidates(self, field):
        return [one for one in field.processes(self.role) if self.may(field, one)]

    def may(self, field, one):
        return not field.spares(one.name, self.role)

    def act(self, field):
        one = field.choose(self.candidates(field))
        number = field.random.choice(self.signals)
        if not proc.signal_process(one, number):
            raise NotNow
        return f"{signal.Signals(number).name} {one.role} {one.name}"


class ServiceKilled(Signalled):
    role, weight = "run", 10

    def may(self, field, one):
        return super().may(field, one) and one.name != tree.FARM.name


class ChildKilled(Signalled):
    role, weight = "child", 3

    def may(self, field, one):
        return True


class FinishKilled(Signalled):
    role, weight = "finish", 2

    def may(self, field, one):
        return True


class LoggerKilled(Signalled):
    role, weight = "svlogd", 8


class SupervisorKilled(Signalled):
    role, weight = "runsv", 8
    signals = (signal.SIGKILL,)

    def may(self, field, one):
        # No process can find the supervisor of a directory without a name: decision 81.
        return super().may(field, one) and one.name not in field.reserved


class SupervisorRenewed(Signalled):
    """HUP: it executes its program again, and keeps what it has."""

    role, weight = "runsv", 3
    signals = (signal.SIGHUP,)

    def may(self, field, one):
        return one.name not in field.reserved


class SupervisorTold(Signalled):
    role, weight = "runsv", 3
    signals = (signal.SIGTERM,)

    def may(self, field, one):
        return field.may_stop(one.name) and one.name not in field.reserved


class DirectoryKilled(Signalled):
    """A runsvdir: of stage 2, which PID 1 starts again after five seconds, or of the farm."""

    role, weight, lasts = "runsvdir", 2, (6.0, 6.0)
    signals = (signal.SIGKILL, signal.SIGKILL, signal.SIGHUP, signal.SIGTERM)

    def act(self, field):
        one = field.choose(self.candidates(field))
        number = field.random.choice(self.signals)
        if number == signal.SIGTERM and one.name == "/service":
            number = signal.SIGKILL  # a stage 2 that exits 0 is the end of the machine
        if number == signal.SIGHUP and not field.all_may_stop:
            number = signal.SIGKILL
        if not proc.signal_process(one, number):
            raise NotNow
        self.tree = one.name
        field.unwatched += 1
        return f"{signal.Signals(number).name} runsvdir {one.name}"

    def may(self, field, one):
        return not field.reserved

    def undo(self, field):
        # With the one of stage 2 that of the farm may have ended, too: it is a service.
        there = {one.name for one in field.processes("runsvdir") if proc.age(one) > 1}
        if there != {"/service", "/farm"}:
            return False
        field.unwatched -= 1
        return True


class FamilyKilled(Fault):
    """A runsv, its logger and its service, all at once: the content of the pipe is lost, and nothing else."""

    weight = 1

    def act(self, field):
        name = field.choose([one.name for one in tree.ALL if one.numbered and one.name not in field.reserved])
        family = [one for one in field.processes("runsv", "svlogd", "run", "child") if one.name == name]
        if {"runsv"} - {one.role for one in family}:
            raise NotNow
        for one in family:
            proc.signal_process(one, signal.SIGSTOP)
        try:
            begun = struct.unpack("=QQ", Path(f"/run/ledger/{name}").read_bytes())[0]
        except (OSError, struct.error):
            begun = 0
        with open(f"/run/ledger/{name}.spilt", "a") as file:
            file.write(f"{begun}\n")
        for one in family:
            proc.signal_process(one, signal.SIGKILL)
        return f"runsv, svlogd and run of {name}"


class Stopped(Fault):
    """STOP, and CONT some time later."""

    weight, lasts = 6, (0.1, 1.5)

    def act(self, field):
        self.one = field.choose([one for one in field.processes("run", "child", "svlogd", "runsv", "runsvdir")
                                 if one.name not in field.reserved])  # fmt: skip
        if not proc.signal_process(self.one, signal.SIGSTOP):
            raise NotNow
        return f"{self.one.role} {self.one.name}"

    def undo(self, field):
        proc.signal_process(self.one, signal.SIGCONT)
        return True


class Commanded(Fault):
    """Random commands, and bytes that are none, from several writers at once, as fast as the pipe takes them."""

    weight, lasts = 5, (0.1, 0.8)

    def act(self, field):
        name = field.choose([one.name for one in tree.ALL if one is not tree.FARM and one.name not in field.reserved])
        one = tree.BY_NAME[name]
        to_log = one.log and field.random.random() < 0.3
        letters = set(COMMANDS) | set(b"?\0\n\xff0ZU")
        if field.spares(name, "svlogd" if to_log else "run"):
            letters -= set(b"dtkoaihq12x")  # what does not end it
        if not field.may_stop(name) or field.spares(name, "runsv"):
            letters -= set(b"x")
        self.path = f"{one.directory}/{'log/' if to_log else ''}supervise/control"
        self.until = time.monotonic() + self.lasts[1]
        self.left = 6 if one.scripts else 20_000
        letters = bytes(sorted(letters))
        seeds = [field.random.random() for _ in range(3)]
        self.threads = [threading.Thread(target=self._write, args=(seed, letters)) for seed in seeds]
        for thread in self.threads:
            thread.start()
        self.name = name
        field.note("flood", name=name)
        return f"{self.path} by {len(seeds)} writers"

    def _write(self, seed, letters):
        dice = random.Random(seed)
        while time.monotonic() < self.until and self.left > 0:
            some = bytes(dice.choice(letters) for _ in range(dice.choice((1, 1, 2, 16))))[: self.left]
            self.left -= len(some)
            try:
                fd = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                time.sleep(0.02)  # no process listens at the moment
                continue
            try:
                os.write(fd, some)
            except OSError:
                time.sleep(0.005)
            os.close(fd)

    def undo(self, field):
        self.until = 0
        for thread in self.threads:
            thread.join()
        field.note("flooded", name=self.name)
        return True


class DirectoryFault(Fault):
    """Something happens to a service directory. Its name is reserved until the old processes have gone."""

    lasts = (0.3, 2.0)
    linked = False  # of those that are links, or of those that are not
    ends_it = True  # the processes of the old directory are to end
    count = 0

    def act(self, field):
        # A runsvdir that has not seen yet what was there before cannot know that it has gone: decision 81.
        if field.unwatched:
            raise NotNow
        watched = {one.name for one in field.processes("runsvdir") if not one.stopped and proc.age(one) > 1}
        self.name = field.choose([
            one.name for one in tree.ALL
            if one.linked == self.linked and one.name not in field.reserved and one.tree in watched
            and field.may_stop(one.name)
        ])  # fmt: skip
        self.one = tree.BY_NAME[self.name]
        self.place = Path(self.one.directory)
        served = [one for one in field.processes("runsv") if one.name == self.name]
        if len(served) != 1 or served[0].stopped:
            raise NotNow
        self.before = [one for one in field.processes("runsv", "run", "finish", "svlogd") if one.name == self.name]
        field.reserved.add(self.name)
        self.restored = False
        self.change(field)
        return str(self.place)

    def change(self, field):
        raise NotImplementedError

    def restore(self, field):
        pass

    def aside(self, what="gone"):
        DirectoryFault.count += 1
        return Path(f"/gone/{self.name}~{what}{DirectoryFault.count}")

    def undo(self, field):
        if not self.restored:
            self.restore(field)
            self.restored = True
        if self.ends_it:
            now = field.census.look()
            left = [one for one in self.before if one.pid in now and now[one.pid].start == one.start]
            for one in left:  # stopped by another fault, or deaf to TERM: as sv force-stop would
                proc.signal_process(one, signal.SIGCONT)
                if one.role == "run":
                    proc.signal_process(one, signal.SIGKILL)
            if left:
                return False
        field.reserved.discard(self.name)
        return True


class DirectoryReplaced(DirectoryFault):
    """By a new one of the same name, as a package would."""

    weight = 2

    def change(self, field):
        self.place.rename(self.aside())
        tree.build("/", self.one)


class DirectoryRemoved(DirectoryFault):
    weight = 2

    def change(self, field):
        gone = self.aside()
        self.place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def restore(self, field):
        tree.build("/", self.one)


class DirectoryRenamed(DirectoryFault):
    """And back. The service goes on."""

    weight = 2
    ends_it = False

    def change(self, field):
        self.other = self.place.parent / f"{self.name}~renamed"
        self.place.rename(self.other)

    def restore(self, field):
        self.other.rename(self.place)


class DirectoryLinkedAnew(DirectoryFault):
    """The link leads to a new copy of the directory; the old copy goes."""

    weight, linked = 3, True

    def change(self, field):
        old = Path(os.readlink(self.place))
        new = Path(f"/etc/sv/{self.name}~{time.monotonic_ns()}")
        tree.build("/", self.one, str(new))
        link = self.place.parent / f".{self.name}"
        link.symlink_to(new)
        link.rename(self.place)
        self.old = old

    def restore(self, field):
        shutil.rmtree(self.old, ignore_errors=True)


class SuperviseRemoved(DirectoryFault):
    """supervise/ alone: runsv(8) moves into a new one."""

    ends_it = False

    def change(self, field):
        if (self.place / "supervise").is_symlink():
            field.reserved.discard(self.name)
            raise NotNow
        shutil.rmtree(self.place / "supervise", ignore_errors=True)

    def undo(self, field):
        for one in self.before:
            if one.role == "runsv":
                proc.signal_process(one, signal.SIGCHLD)  # something happens
        return state(str(self.place)) is not None and super().undo(field)


class SuperviseReadOnly(Fault):
    """A read-only file system over supervise/: a process that starts now cannot write there."""

    weight, lasts = 2, (0.5, 2.5)

    def act(self, field):
        # One that began between the two steps of this would hold the mount for ever.
        settled = {one.name for one in field.processes("runsv") if proc.age(one) > 1}
        name = field.choose([one.name for one in tree.ALL if one.name in settled and one.name not in field.reserved])
        self.path = os.path.realpath(f"{tree.BY_NAME[name].directory}/supervise")
        if not os.path.isdir(self.path):
            raise NotNow
        run = lambda *words: subprocess.run(words, check=True, capture_output=True)  # noqa: E731
        try:
            run("mount", "--bind", self.path, self.path)
            run("mount", "-o", "remount,bind,ro", self.path)
        except subprocess.CalledProcessError as failed:
            subprocess.run(["umount", "-l", self.path], capture_output=True)
            raise NotNow from failed
        field.reserved.add(name)
        self.name = name
        return self.path

    def undo(self, field):
        # A process that began inside the mount holds it, so that it is busy: it may write again, and keeps what it has open.
        for words in (["mount", "-o", "remount,bind,rw"], ["umount", "-l"]):
            if subprocess.run([*words, self.path], capture_output=True).returncode != 0:
                return False
        field.reserved.discard(self.name)
        return True


class SuperviseFrozen(Fault):
    """supervise/ and the files in it become immutable: running processes can no longer write there."""

    weight, lasts = 2, (0.5, 2.5)

    def act(self, field):
        self.name = field.choose([one.name for one in tree.ALL if one.name not in field.reserved])
        directory = os.path.realpath(f"{tree.BY_NAME[self.name].directory}/supervise")
        self.paths = [f"{directory}/{file}" for file in ("pid", "stat", "status")] + [directory]
        for path in self.paths:
            self.set(path, True)
        field.reserved.add(self.name)
        return directory

    def set(self, path, frozen):
        try:
            fd = os.open(path, os.O_RDONLY)
        except OSError as missing:
            if frozen:
                raise NotNow from missing
            return
        try:
            (flags,) = struct.unpack("l", fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(8)))
            flags = flags | FS_IMMUTABLE if frozen else flags & ~FS_IMMUTABLE
            fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("l", flags))
        except OSError as unknown:
            if frozen:
                raise NotNow from unknown
        finally:
            os.close(fd)

    def undo(self, field):
        for path in reversed(self.paths):
            self.set(path, False)
        field.reserved.discard(self.name)
        return True


class DiskFull(Fault):
    """The file system of the logs."""

    weight, lasts = 2, (0.5, 3.0)
    ballast = Path("/log/ballast")

    def act(self, field):
        if self.ballast.exists():
            raise NotNow
        with open(self.ballast, "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise
        return f"{self.ballast.stat().st_size >> 20} MiB"

    def undo(self, field):
        self.ballast.unlink(missing_ok=True)
        return True


class NoPids(Fault):
    """No process can be made in the whole machine."""

    weight, lasts = 1, (0.5, 2.0)
    limit = NOTES / "pids/pids.max"

    def act(self, field):
        if not self.limit.exists():
            raise NotNow
        some = int((NOTES / "pids/pids.current").read_text()) + field.random.randrange(3)
        self.limit.write_text(str(some))
        return f"at {some}"

    def undo(self, field):
        self.limit.write_text("max")
        return True


class NoDescriptors(Fault):
    """A supervisor, or a logger, can open nothing any more."""

    weight, lasts = 3, (0.5, 2.5)

    def act(self, field):
        one = field.choose(field.processes("runsv", "svlogd", "runsvdir", "runit"))
        self.one = one
        try:
            used = len(os.listdir(f"/proc/{one.pid}/fd")) + field.random.randrange(NO_FILES_LEFT)
            _, hard = resource.prlimit(one.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(one.pid, resource.RLIMIT_NOFILE, (used, hard))
        except OSError as gone:
            raise NotNow from gone
        return f"{one.role} {one.name}: {used}"

    def undo(self, field):
        for one in field.census.look().values():  # processes that were started meanwhile have inherited it
            raise_limit(one.pid)
        return True


def raise_limit(pid):
    try:
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        if soft != hard:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
    except OSError:
        pass


class ClockJumped(Fault):
    """The wall clock, forwards or back. clock.cc says how."""

    weight, lasts = 3, (0.3, 3.0)
    offset = NOTES / "offset"

    def act(self, field):
        seconds = field.random.choice((-1, 1)) * field.random.choice((0.5, 2, 3600, 86400, 400 * 86400))
        self.set(seconds)
        return f"{seconds:+} s"

    def set(self, seconds):
        with open(self.offset, "r+b", buffering=0) as file:
            file.write(struct.pack("=q", int(seconds * 1e9)))

    def undo(self, field):
        self.set(0)
        return True


ALL = (
    ServiceKilled, ChildKilled, FinishKilled, LoggerKilled, SupervisorKilled, SupervisorRenewed, SupervisorTold,
    DirectoryKilled, FamilyKilled, Stopped, Commanded, DirectoryReplaced, DirectoryRemoved, DirectoryRenamed, DirectoryLinkedAnew,
    SuperviseRemoved, SuperviseReadOnly, SuperviseFrozen, DiskFull, NoPids, NoDescriptors, ClockJumped,
)  # fmt: skip


# -- the course of things ----------------------------------------------------------------------------------------------


class Tormentor:
    def __init__(self, field, without, pause, recovers_in):
        self.field = field
        self.recovers_in = recovers_in  # seconds after the faults, on a machine that has nothing else to do
        self.faults = [kind for kind in ALL if kind.__name__ not in without]
        self.pause = pause  # seconds between two faults, on average
        self.undoings = []
        self.count = 0

    def storm(self, seconds):
        field = self.field
        field.begin_storm()
        field.note("storm", keepers=field.keeper)
        phase("storm")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.do_one()
            wake = time.monotonic() + field.random.expovariate(1 / self.pause)
            while time.monotonic() < wake:
                self.undo_due(time.monotonic())
                time.sleep(min(0.02, self.pause))

    def do_one(self):
        field = self.field
        kind = field.random.choices(self.faults, [kind.weight for kind in self.faults])[0]
        fault = kind()
        try:
            what = fault.act(field)
        except NotNow:
            field.note("spared", fault=kind.__name__)
            return
        except OSError as failed:  # the tree has moved under its feet
            field.note("spared", fault=kind.__name__, why=str(failed))
            return
        field.note("fault", fault=kind.__name__, what=what)
        self.count += 1
        heapq.heappush(self.undoings, (time.monotonic() + field.random.uniform(*kind.lasts), self.count, fault))

    def undo_due(self, until):
        again = []
        while self.undoings and self.undoings[0][0] <= until:
            _, number, fault = heapq.heappop(self.undoings)
            if not fault.undo(self.field):
                again.append((time.monotonic() + 0.05, number, fault))
        for one in again:
            heapq.heappush(self.undoings, one)

    def undo_all(self):
        """Ends every fault. What others can have left behind is put right until nothing is left."""
        end = time.monotonic() + 30
        while True:
            self.undo_due(float("inf"))
            stopped = []
            for one in self.field.census.look().values():
                if one.stopped:
                    stopped.append(one)
                    proc.signal_process(one, signal.SIGCONT)
                raise_limit(one.pid)
            directories = {one.name for one in self.field.processes("runsvdir")}
            pending = [str(path) for path in control_pipes() if is_pending(path)]
            scripts = self.field.processes("script")
            rest = [type(fault).__name__ for _, _, fault in self.undoings]
            if not (rest or stopped or pending or scripts or {"/service", "/farm"} - directories):
                return
            if time.monotonic() > end:
                self.field.note("stuck", faults=rest, pending=pending, scripts=[one.name for one in scripts],
                                stopped=[f"{one.role} {one.name}" for one in stopped], runsvdir=sorted(directories))  # fmt: skip
                return
            time.sleep(0.05)

    def calm(self, seconds, down=0.15):
        """Undoes all faults and sets the wanted state of each service: from here on the observer checks."""
        self.undo_all()
        wanted = {one.name: self.field.random.random() >= down or one is tree.FARM for one in tree.ALL}
        began = time.monotonic()
        self.field.note("calm", down=[name for name, up in wanted.items() if not up])
        limit = self.recovers_in * patience()
        phase("calm", since=began, since_wall=time.time(), wanted=wanted, limit=limit)
        self.tell(wanted, began + max(seconds, limit + 1))
        phase("over")

    def tell(self, wanted, until):
        """As an administrator would: again, until it is so, since a runsv may only just be starting."""
        told = set()
        while time.monotonic() < until:
            for one in tree.ALL:
                up = wanted[one.name]
                if one.name not in told or state(one.directory) != ("u" if up else "d"):
                    if send(one.directory, b"cu" if up else b"cdk" if one.kind == "stubborn" else b"cd"):
                        told.add(one.name)
                    else:
                        ask_for_runsv(one.directory)
                if one.log and state(f"{one.directory}/log") != "u":
                    send(f"{one.directory}/log", b"cu")
            time.sleep(0.1)

    def renew(self):
        """Restarts everything, so that measurements start from the same state. Replaces the processes that a killed
        runsvdir left."""
        served = {one.pid for one in self.field.processes("runsv")}
        if any(one.name == "/farm" and one.parent not in served for one in self.field.processes("runsvdir")):
            send(tree.FARM.directory, b"k")  # by the successor of a runsv that was killed
            time.sleep(1.5)
        for place in ("/service", "/farm"):  # the runsvdir of /farm is a service of /service
            above = {one.pid for one in self.field.processes("runsvdir")}
            left = [one for one in self.field.processes("runsv")
                    if one.parent not in above and tree.BY_NAME[one.name].tree == place]  # fmt: skip
            for one in left:
                send(tree.BY_NAME[one.name].directory, b"x" if one.name == tree.FARM.name else b"xk")
            if left:
                self.wait_for_successors(left)
        for one in tree.ALL:
            if one is not tree.FARM:
                send(one.directory, b"k")
            if one.log:
                send(f"{one.directory}/log", b"t")
        time.sleep(2)
        self.to_writers(b"p")  # a logger with nothing to do gives back its memory
        time.sleep(1.5)

    def wait_for_successors(self, left):
        """These runsv were told to exit. Each is to have a successor that runsvdir has started."""
        end = time.monotonic() + STARTS_IN
        while left and time.monotonic() < end:
            time.sleep(0.05)
            above = {one.pid for one in self.field.processes("runsvdir")}
            new = {one.name for one in self.field.processes("runsv") if one.parent in above}
            left = [one for one in left if one.name not in new or not state(tree.BY_NAME[one.name].directory)]
            for one in left:
                if not state(tree.BY_NAME[one.name].directory):
                    ask_for_runsv(tree.BY_NAME[one.name].directory)
        if left:
            self.field.note("stuck", successors=[one.name for one in left])

    def measure(self, which):
        self.renew()
        phase(f"measure {which}")
        wait_for(f"measured {which}")
        self.to_writers(b"c")

    @staticmethod
    def to_writers(letters):
        for one in tree.ALL:
            if one.numbered:
                send(one.directory, letters)


def phase(name, **more):
    """Tells the observer, and waits until it knows."""
    new = NOTES / "phase.new"
    new.write_text(json.dumps({"phase": name, **more}))
    new.rename(NOTES / "phase")
    end = time.monotonic() + 30
    while time.monotonic() < end and (NOTES / "seen").read_text() != name:
        time.sleep(0.02)


def send(directory, letters):
    try:
        fd = os.open(f"{directory}/supervise/control", os.O_WRONLY | os.O_NONBLOCK)
        os.write(fd, letters)
        os.close(fd)
    except OSError:
        return False
    return True


def ask_for_runsv(directory):
    """As `sv start` does: runsvdir follows a runsv that was told to exit after five seconds, or at once if asked."""
    control = f"{directory}/supervise/control"
    try:
        os.utime(control if os.path.lexists(control) else directory, follow_symlinks=False)
    except OSError:
        pass


def state(directory):
    """The wanted state, from supervise/status; None if no supervisor runs."""
    try:
        os.close(os.open(f"{directory}/supervise/ok", os.O_WRONLY | os.O_NONBLOCK))
        return chr(Path(f"{directory}/supervise/status").read_bytes()[17])
    except (OSError, IndexError):
        return None


def control_pipes():
    for one in tree.ALL:
        yield Path(f"{one.directory}/supervise/control")
        if one.log:
            yield Path(f"{one.directory}/log/supervise/control")


def is_pending(path):
    """Whether there are commands that have not been taken."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)  # other processes must not take us for its reader
    except OSError:
        return False
    try:
        (size,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))
        return size > 0
    finally:
        os.close(fd)


def all_up():
    return all(state(one.directory) for one in tree.ALL)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--seconds", type=float, required=True, help="of storms and calms")
    options.add_argument("--storm", type=float, default=10)
    options.add_argument("--calm", type=float, default=5)
    options.add_argument("--pause", type=float, default=0.06)
    options.add_argument("--recovers-in", type=float, default=RECOVERS_IN)
    options.add_argument("--without", nargs="*", default=[])
    chosen = options.parse_args()
    with open(NOTES / "journal", "w") as journal:
        field = Field(chosen.seed, journal)
        tormentor = Tormentor(field, chosen.without, chosen.pause, chosen.recovers_in)
        end = time.monotonic() + STARTS_IN
        while not all_up():
            if time.monotonic() > end:
                raise SystemExit(f"not up: {[one.name for one in tree.ALL if not state(one.directory)]}")
            time.sleep(0.05)
        tormentor.calm(3, down=0)
        tormentor.measure("first")
        end = time.monotonic() + chosen.seconds
        while time.monotonic() < end:
            tormentor.storm(chosen.storm)
            tormentor.calm(chosen.calm)
        tormentor.calm(3, down=0)
        tormentor.measure("last")
        tormentor.to_writers(b"d")
        phase("audit", since=time.monotonic())
        wait_for("audited")
        field.note("end")


def wait_for(name):
    while not (NOTES / name).exists():
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
