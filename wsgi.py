"""The WSGI entry: `flask --app wsgi …` and the server both start here."""

import sys

from feedback import create_app

# A thread that comes back from writing to disk waits for the interpreter this long at most. The
# default of 5 ms lets whoever computes hold up the one writer whom all others queue behind.
sys.setswitchinterval(0.0005)

app = create_app()
