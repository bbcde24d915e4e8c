"""Can the simulator run here at all?"""


def unavailable() -> str | None:
    """One line that says why the simulator cannot run on this machine, or None where it can.

    It calls numpy's own functions by their addresses (`numpy_math`), and numba compiles it. A numpy that is newer than
    either knows may keep its functions elsewhere, or make numba refuse to be imported.
    """
    try:
        from ppo_lib.fast_highway import numpy_math  # only here, because it imports numba

        numpy_math.loop_addresses()
    except (ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        return f'the fast backend cannot run here: {reason}; use backend="sync" or backend="async"'
    return None
