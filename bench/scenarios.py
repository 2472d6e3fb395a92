"""The measurements. A scenario takes the bench (suites, stubs, sizes) and returns rows."""

import os
import random
import resource
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import proc
from report import AtMost, Ratio, Row, kilobytes, microseconds, milliseconds, number
from tree import Suite, Tree, wait_for_ends, wait_until

OF_AGE = 1.2  # seconds; a service that ran for less than one makes its supervisor wait, in both suites


@dataclass(frozen=True)
class Sizes:
    """How many services, how often, how long. A sample of each suite per round, or several where the name says so."""

    memory_services: int = 1000
    memory_rounds: int = 3
    cold_services: int = 1000
    cold_rounds: int = 5
    pickup_crowd: int = 500
    pickup_rounds: int = 4
    sv_services: int = 12  # a sample each
    sv_rounds: int = 3
    kill_services: int = 30  # a sample each
    kill_rounds: int = 3
    storm_services: int = 200
    storm_rounds: int = 2
    storm_seconds: float = 12.0
    status_services: int = 1000
    status_rounds: int = 15
    idle_services: int = 200
    idle_seconds: float = 60.0
    stop_services: int = 500
    stop_rounds: int = 5


QUICK = Sizes(
    memory_services=300,
    memory_rounds=1,
    cold_services=300,
    cold_rounds=3,
    pickup_crowd=100,
    pickup_rounds=1,
    sv_services=5,
    sv_rounds=1,
    kill_rounds=1,
    storm_services=100,
    storm_rounds=1,
    storm_seconds=5.0,
    status_services=300,
    status_rounds=5,
    idle_services=50,
    idle_seconds=11.0,
    stop_services=200,
    stop_rounds=3,
)


@dataclass(frozen=True)
class Bench:
    """What every scenario is given."""

    suites: tuple[Suite, ...]  # runit, runwell; and peers of theirs
    stamp: Path
    leave: Path
    cost: Path
    sizes: Sizes

    def tree(self, suite: Suite, count: int) -> Tree:
        """`count` services that say when they begin."""
        return Tree(suite, self.stamp, count)

    def rounds(self, count: int) -> list[Suite]:
        """The suites in turn, `count` times each, and another one first every time: what drifts hits both alike."""
        return [suite for turn in range(count) for suite in self.suites[:: -1 if turn % 2 else 1]]


Scenario = Callable[[Bench], Sequence[Row]]


def memory(bench: Bench) -> Sequence[Row]:
    """Idle services: what their supervisors hold in user space, and what the kernel holds for them."""
    count = bench.sizes.memory_services
    total = Row(f"memory per service, N={count}: user private + kernel", kilobytes, Ratio(0.45))
    pss = Row(f"the same, Pss of the supervisors, N={count}", kilobytes, Ratio(0.15))
    parts: dict[str, list[dict[str, float]]] = {suite.name: [] for suite in bench.suites}

    for suite in bench.rounds(bench.sizes.memory_rounds):
        bare = bare_kernel_memory(bench, suite, count)
        with bench.tree(suite, count) as tree:
            before = proc.settled_kernel_memory()
            tree.started()
            after = proc.settled_kernel_memory()
            user = proc.user_memory(tree.supervisors())
        split = {"user": user.private / count}
        split |= {part: (after[part] - before[part] - bare[part]) / count for part in after}
        parts[suite.name].append(split)
        total.samples[suite.name].append(sum(split.values()))
        pss.samples[suite.name].append(user.pss / count)

    total.note = "; ".join(f"{name} {spelled(splits)}" for name, splits in parts.items())
    return total, pss


def bare_kernel_memory(bench: Bench, suite: Suite, count: int) -> dict[str, int]:
    """What the kernel holds for the services alone, without any supervisor, in kB by part."""
    with bench.tree(suite, count) as tree:
        before = proc.settled_kernel_memory()
        tree.start_bare()
        tree.began(count)
        after = proc.settled_kernel_memory()
    return {part: after[part] - before[part] for part in after}


def spelled(splits: Sequence[dict[str, float]]) -> str:
    """`user 1.0, PageTables 2.0 …`: the median of every part."""
    return ", ".join(f"{part} {statistics.median(split[part] for split in splits):.1f}" for part in splits[0])


def cold(bench: Bench) -> Sequence[Row]:
    """From the exec of runsvdir to the last service's first instruction; CPU of all processes, services too."""
    count = bench.sizes.cold_services
    wall = Row(f"cold start, N={count}, wall", milliseconds, Ratio(0.40))
    cpu = Row(f"cold start, N={count}, CPU per service", microseconds, Ratio(0.36))
    for suite in bench.rounds(bench.sizes.cold_rounds):
        with bench.tree(suite, count) as tree:
            start = tree.start()
            wall.samples[suite.name].append(max(began.when for began in tree.began(count)) - start)
            tree.quiet()
            cpu.samples[suite.name].append(proc.cpu(tree.processes()) / count)
    return wall, cpu


def pickup(bench: Bench) -> Sequence[Row]:
    """A new link until its service's first instruction; a removed link until its service has ended."""
    rows = []
    for crowd in (1, bench.sizes.pickup_crowd):
        appears = Row(f"new link to first instruction, p50, {crowd} there", milliseconds, AtMost(2e-3, "≤ 2 ms"))
        leaves = Row(f"removed link to service gone, p50, {crowd} there", milliseconds, AtMost(5e-3, "≤ 5 ms"))
        with ExitStack() as stack:
            trees = {suite.name: stack.enter_context(bench.tree(suite, crowd)).started() for suite in bench.suites}
            for turn, suite in enumerate(bench.rounds(bench.sizes.pickup_rounds)):
                end = time.monotonic() + 2  # as many cycles as begin within two seconds: of runit, one
                cycle = 0
                while cycle == 0 or time.monotonic() < end:
                    name = f"new-{turn}-{cycle}"
                    appeared, left = come_and_go(trees[suite.name], name)
                    appears.samples[suite.name].append(appeared)
                    leaves.samples[suite.name].append(left)
                    cycle += 1
        rows += [appears, leaves]
    return rows


def come_and_go(tree: Tree, name: str) -> tuple[float, float]:
    """Links a new service, later unlinks it; the seconds until it began and until it had ended. The pauses are of
    random length, so as not to run in step with a supervisor that polls."""
    tree.make(name)
    time.sleep(random.uniform(0.1, 0.6))
    linked = time.monotonic()
    tree.link(name)
    tree.announce()
    (began,) = tree.began(1)
    time.sleep(random.uniform(0.1, 0.6))
    unlinked = time.monotonic()
    tree.unlink(name)
    tree.announce()
    return began.when - linked, wait_for_ends([began.pid]) - unlinked


def sv_wait(bench: Bench) -> Sequence[Row]:
    """Whole commands that wait: restart, stop, start. The service dies of its TERM at once."""
    rows = {
        command: Row(f"sv {command}, with wait, p50", milliseconds, AtMost(2e-3, "≤ 2 ms"))
        for command in ("restart", "stop", "start")
    }
    with ExitStack() as stack:
        count = bench.sizes.sv_services
        trees = [stack.enter_context(bench.tree(suite, count)).started() for suite in bench.suites]
        for turn in range(bench.sizes.sv_rounds):
            for command, row in rows.items():
                time.sleep(OF_AGE)
                for services in zip(*(tree.services() for tree in trees)):
                    pairs = list(zip(bench.suites, services))
                    for suite, service in pairs[:: -1 if turn % 2 else 1]:
                        row.samples[suite.name].append(run(bench, suite, "sv", command, str(service)).wall)
    return list(rows.values())


@dataclass(frozen=True)
class Cost:
    """Of one command, in seconds."""

    wall: float
    cpu: float


def run(bench: Bench, suite: Suite, program: str, *arguments: str) -> Cost:
    """Runs a command to its end (cost.cc); ChildProcessError unless it succeeds."""
    command = [str(bench.cost), str(suite.directory / program), *arguments]
    said = subprocess.run(command, env=suite.environment(), capture_output=True, text=True, check=True)
    status, wall, cpu = map(int, said.stdout.split())
    if status != 0:
        raise ChildProcessError(f"{suite.name}: {program} {' '.join(arguments[:2])}: wait status {status}")
    return Cost(wall * 1e-6, cpu * 1e-6)


def kill(bench: Bench) -> Sequence[Row]:
    """kill -9 of a service of age until its successor's first instruction."""
    row = Row("kill -9 to successor's first instruction, p50", milliseconds, Ratio(0.65))
    with ExitStack() as stack:
        living: dict[str, list[int]] = {}
        trees: dict[str, Tree] = {}
        for suite in bench.suites:
            trees[suite.name] = tree = stack.enter_context(bench.tree(suite, bench.sizes.kill_services))
            tree.start()
            living[suite.name] = [began.pid for began in tree.began(tree.count)]
        for turn in range(bench.sizes.kill_rounds):
            time.sleep(OF_AGE)
            for index in range(bench.sizes.kill_services):
                for suite in bench.suites[:: -1 if (turn + index) % 2 else 1]:
                    killed = time.monotonic()
                    os.kill(living[suite.name][index], signal.SIGKILL)
                    (began,) = trees[suite.name].began(1)
                    living[suite.name][index] = began.pid
                    row.samples[suite.name].append(began.when - killed)
                    time.sleep(0.005)  # what the supervisor writes after the start is not part of the next sample
    return (row,)


def storm(bench: Bench) -> Sequence[Row]:
    """Services that end at once, restarted once a second: CPU of supervisors and services, per restart."""
    sizes = bench.sizes
    row = Row(
        f"fork storm, {sizes.storm_services} for {sizes.storm_seconds:.0f} s, CPU per restart",
        microseconds,
        Ratio(0.45),
    )
    for suite in bench.rounds(sizes.storm_rounds):
        ended = children_cpu()
        with Tree(suite, bench.leave, sizes.storm_services, down=True) as tree:
            tree.start()
            wait_until(lambda: len(tree.processes()) > sizes.storm_services, "every runsv is there", pause=0.01)
            tree.quiet()
            before = proc.cpu(tree.processes())
            tree.command("u")
            time.sleep(sizes.storm_seconds)
            tree.end()
            spent = children_cpu() - ended - before  # with the end of the supervisors, about 2 % of it
            row.samples[suite.name].append(spent / tree.starts())
    return (row,)


def children_cpu() -> float:
    """CPU seconds of all processes that we, or who they left behind, have waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def status(bench: Bench) -> Sequence[Row]:
    """CPU of `sv status`: of one service (ten times a round), and of many at once."""
    count = bench.sizes.status_services
    one = Row("sv status of 1, CPU", microseconds, Ratio(0.25))
    many = Row(f"sv status of {count}, CPU", milliseconds, Ratio(0.40))
    with ExitStack() as stack:
        trees = {suite.name: stack.enter_context(bench.tree(suite, count)).started() for suite in bench.suites}
        for suite in bench.rounds(bench.sizes.status_rounds):
            services = [str(directory) for directory in trees[suite.name].services()]
            one.samples[suite.name] += [run(bench, suite, "sv", "status", services[0]).cpu for _ in range(10)]
            many.samples[suite.name].append(run(bench, suite, "sv", "status", *services).cpu)
    return one, many


def idle(bench: Bench) -> Sequence[Row]:
    """Context switches of all supervisors while nothing happens; both suites idle at the same time."""
    sizes = bench.sizes
    row = Row(f"context switches in an idle minute, {sizes.idle_services} services", number, AtMost(0, "0"))
    with ExitStack() as stack:
        trees = [stack.enter_context(bench.tree(suite, sizes.idle_services)).started() for suite in bench.suites]
        supervisors = [tree.supervisors() for tree in trees]
        before = [proc.switches(pids) for pids in supervisors]
        time.sleep(sizes.idle_seconds)
        after = [proc.switches(pids) for pids in supervisors]
    for suite, first, last in zip(bench.suites, before, after):
        row.samples[suite.name].append((last - first) * 60 / sizes.idle_seconds)
    if sizes.idle_seconds != 60:
        row.note = f"scaled from {sizes.idle_seconds:.0f} s"
    return (row,)


def stop(bench: Bench) -> Sequence[Row]:
    """HUP to runsvdir until the last supervisor has ended; the services are of age."""
    count = bench.sizes.stop_services
    row = Row(f"stop, N={count}: HUP to last supervisor gone, wall", milliseconds, Ratio(0.60))
    for suite in bench.rounds(bench.sizes.stop_rounds):
        with bench.tree(suite, count) as tree:
            supervisors = tree.started().supervisors()
            time.sleep(OF_AGE)
            began = time.monotonic()
            os.kill(tree.runsvdir, signal.SIGHUP)
            row.samples[suite.name].append(wait_for_ends(supervisors) - began)
    return (row,)


SCENARIOS: dict[str, Scenario] = {
    "memory": memory,
    "cold": cold,
    "pickup": pickup,
    "sv": sv_wait,
    "kill": kill,
    "storm": storm,
    "status": status,
    "idle": idle,
    "stop": stop,
}
