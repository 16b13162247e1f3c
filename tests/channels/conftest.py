"""What the tests of the citizen's door share."""

import pytest

from ..factories import make_district
from .citizen import make_token


@pytest.fixture
def token(app):
    """Return the token of a service that may be rated, in the small district."""
    with app.app_context():
        make_district()
    return make_token(app)
