"""Chaos, the short form: two storms and two calms. ./dev chaos is the long one; docs/chaos.md tells what it does."""

import os

import pytest

import chaos

SEED = 20


@pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces and mounts")
def test_what_is_promised_is_kept_under_torment():
    done = chaos.torment(SEED, seconds=28)
    print(done.text())
    assert done.broken == []
