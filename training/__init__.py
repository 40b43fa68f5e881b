"""Training: the entry point of a job and its parts. Never imports Qt, never imports gui."""

from core import let_waiting_threads_sleep

let_waiting_threads_sleep()
