#!/usr/bin/python3
"""The table of figures in README.md: one run, runwell and runit in turns, and s6 and busybox where they have the same."""

import argparse
import os
import signal
import sys

import peers
from report import Row, overview
from run import become_subreaper, built
from scenarios import SCENARIOS, Bench, Sizes

# The rows of the table, by the scenario and the number of its row: in the table's order, with the words of the README.
COMPARABLE = {
    "memory": {0: "memory per service, of {memory_services}"},
    "cold": {0: "{cold_services} services started", 1: "the same, CPU for each"},
    "pickup": {2: "a new link among {pickup_crowd}, until its service runs", 3: "a removed link among {pickup_crowd}, until its service is gone"},
    "kill": {0: "a service killed, until it is back"},
    "idle": {0: "context switches in an idle minute, {idle_services} services"},
    "logger": {0: "a log, CPU for a gigabyte"},
}
OF_RUNIT = {  # the others have no sv, or none that waits
    "sv": {0: "`sv restart`, until it returns"},
    "storm": {0: "a service that crashes at once, CPU for each start"},
    "status": {0: "`sv status` of one service, CPU", 1: "`sv status` of {status_services}, CPU"},
    "stop": {0: "{stop_services} services stopped"},
}
QUICK = Sizes(memory_services=100, memory_rounds=1, cold_services=100, cold_rounds=1, pickup_crowd=20, pickup_rounds=1,
              sv_services=5, sv_rounds=1, kill_services=5, kill_rounds=1, storm_services=20, storm_seconds=3.0, storm_rounds=1,
              status_services=50, status_rounds=1, idle_services=20, idle_seconds=6.0, stop_services=50, stop_rounds=1)  # fmt: skip


def measured(name: str, bench: Bench, quick: bool) -> list[Row]:
    print(f"{name} …", file=sys.stderr, flush=True)
    return peers.loggers(1 if quick else 3, 16 if quick else 64) if name == "logger" else list(SCENARIOS[name](bench))


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench readme", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works: no figures to publish")
    arguments = parser.parse_args()
    peers.with_s6()
    become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes = QUICK if arguments.quick else Sizes(memory_rounds=2, cold_rounds=3, pickup_rounds=2)
    everyone = Bench(peers.suites(), built("stamp"), built("leave"), built("cost"), sizes)
    runit = Bench(tuple(s for s in everyone.suites if s.name in ("runwell", "runit")), *[
        getattr(everyone, part) for part in ("stamp", "leave", "cost", "sizes")])  # fmt: skip
    print("load before: %.1f %.1f %.1f" % os.getloadavg(), file=sys.stderr)
    table: list[tuple[str, Row]] = []
    for bench, scenarios in ((everyone, COMPARABLE), (runit, OF_RUNIT)):
        for name, chosen in scenarios.items():
            rows = measured(name, bench, arguments.quick)
            table += [(words.format(**vars(sizes)), rows[number]) for number, words in chosen.items()]
    print("load after: %.1f %.1f %.1f" % os.getloadavg(), file=sys.stderr)
    print(overview(table, peers.ORDER))


if __name__ == "__main__":
    main()
