"""Chaos, the short form: two storms and two calms. ./dev chaos is the long one; docs/chaos.md describes it."""

import os

import pytest

import chaos

SEED = 20


@pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces and mounts")
def test_what_is_promised_is_kept_under_torment():
    # Twice the time that the long form gives: this one runs beside whatever else a machine has to do.
    done = chaos.torment(SEED, seconds=28, recovers_in=4.0)
    print(done.text())
    assert done.broken == []
