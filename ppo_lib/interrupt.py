"""Ctrl-C as a request instead of an accident."""

import signal
import sys
import threading
from contextlib import contextmanager


@contextmanager
def stop_on_request():
    """Within this block a first Ctrl-C (or a notebook's Stop) only asks to stop; a second one interrupts at once.

    Yields a function that tells whether to stop, so that a long loop can finish what it has begun and save. Outside
    the main thread, where Python delivers no signals, it never asks.
    """
    requested = threading.Event()

    def on_interrupt(signum, frame):
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        print("\nStopping after this update (Ctrl-C again to stop at once).", file=sys.stderr)

    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return
    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield requested.is_set
    finally:
        signal.signal(signal.SIGINT, previous)
