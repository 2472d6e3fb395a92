"""runsv(8): an idle runsv does nothing."""

import time

from harness import wait_for_words
from runsv_scenes import CAT, cpu_seconds, falls_asleep, running, sane, spins, switches  # noqa: F401


def test_an_idle_supervisor_does_not_wake_up(world):
    """No polling, no periodic wake-ups"""
    directory = world.service("s", log__run=CAT)
    process, _ = running(world)
    wait_for_words(directory / "log", "run")
    falls_asleep(process.pid)
    before, used = switches(process.pid), cpu_seconds(process.pid)
    time.sleep(3)
    assert switches(process.pid) == before
    assert cpu_seconds(process.pid) - used < 0.03


def test_an_idle_supervisor_of_a_service_that_is_down_does_not_wake_up(world):
    """No polling, no periodic wake-ups"""
    directory = world.service("s", down="")
    process = world.runsv("s")
    wait_for_words(directory, "down")
    falls_asleep(process.pid)
    before = switches(process.pid)
    time.sleep(1.5)
    assert switches(process.pid) == before


def test_a_failing_service_makes_nobody_spin(world):
    """Nor exit"""
    world.service("s", "#!/bin/sh\nexit 1\n", finish="#!/bin/sh\nexit 1\n", log__run="#!/bin/sh\nexit 1\n")
    process = world.runsv("s")
    assert not spins(process.pid)
