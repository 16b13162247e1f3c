"""A deliverer in a process of its own, to be killed. Its argument says where it stops and waits.

`mailboxes`: in the transaction of handing over. `sent`: after the server took the message and
before that is recorded. Anything else: nowhere.
"""

import sys
import time

from feedback import clock, create_app
from feedback.config import settings
from feedback.notify import outbox, senders
from feedback.notify.models import By
from feedback.offices.mailboxes import mailboxes


def halt():
    print("halted", flush=True)
    time.sleep(60)


class Halting:
    """Hands on to the mail server, and stops before anybody learns of it."""

    def __init__(self, sender):
        self.name = sender.name
        self._sender = sender

    def send(self, letter):
        self._sender.send(letter)
        halt()


def main(where):
    def find(department, occasion):
        if where == "mailboxes":
            halt()
        return mailboxes(department, occasion)

    with create_app().app_context():
        carriers = dict(senders.chosen(settings()))
        if where == "sent":
            carriers[By.MAIL] = Halting(carriers[By.MAIL])
        outbox.deliver(clock.now(), find, carriers)


if __name__ == "__main__":
    main(sys.argv[1])
