"""A rotation in a process of its own, to be killed. Its argument says before which value it stops and
waits, in the middle of a transaction; small batches, so that there is much between two of them.
"""

import sys
import time

from feedback import create_app
from feedback.config import settings
from feedback.keys import rotate


class Halting(dict):
    """A ring that stops and waits when its old key is asked for once too often."""

    def __init__(self, ring, opened):
        super().__init__(ring)
        self.left = opened

    def __getitem__(self, key_id):
        if key_id == "D":
            if not self.left:
                print("halted", flush=True)
                time.sleep(60)
            self.left -= 1
        return super().__getitem__(key_id)


def main(opened):
    with create_app().app_context():
        rotate(Halting(settings().data_keys, opened), batch=4)


if __name__ == "__main__":
    main(int(sys.argv[1]))
