"""Whether a class can be graded at all: what decides its marks has a fingerprint."""

import pytest

from grader.batch import settings
from grader.catalogue import bundled, load
from grader.sandbox.limits import Limits


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_assignment_has_a_fingerprint(name):
    found = settings(load(name), seed="s", torch="facade", executor="fast", limits=Limits())
    assert len(found) >= 32
