"""Random walks through everything that can happen to cases: whatever happens, the invariants hold.

The seed is printed; FEEDBACK_MACHINE_SEED takes another one, FEEDBACK_MACHINE_EXAMPLES and
FEEDBACK_MACHINE_STEPS make it long, FEEDBACK_MACHINE_SHRINK looks for the shortest walk that fails.
"""

import pytest

from .machine.walks import Walk, run_walks


@pytest.mark.slow
def test_whatever_people_do_everything_that_must_hold_holds(migrated_app):
    run_walks(migrated_app)
    # A walk that never got anywhere would prove nothing.
    assert {"accept", "verify", "rectify", "reply", "close"} <= set(Walk.done)
