"""The scheduler in a process of its own, every duty each second: what one round missed, the next has."""

from dataclasses import replace

from feedback import create_app
from feedback.scheduler.jobs import JOBS
from feedback.scheduler.runner import Runner

if __name__ == "__main__":
    Runner(create_app(), [replace(job, every_seconds=1) for job in JOBS]).run()
