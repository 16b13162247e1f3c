"""Random walks through everything that can happen to cases: whatever happens, the invariants hold.

The seed is printed; FEEDBACK_MACHINE_EXAMPLES and FEEDBACK_MACHINE_STEPS make it long.
"""

import pytest

from .machine.walks import run_walks


@pytest.mark.slow
def test_whatever_people_do_everything_that_must_hold_holds(migrated_app):
    run_walks(migrated_app)
