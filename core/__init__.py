"""Overread without a window: functions over frozen data. Never imports Qt."""

import os


def let_waiting_threads_sleep() -> None:
    """Let threads of torch that wait sleep; called before whatever may load torch.

    By default they spin. Where another process wants the core they spin on, that made a volume
    take fifteen times as long. What the reader has set stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


let_waiting_threads_sleep()
