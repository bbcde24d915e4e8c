"""The one exception that means: the user can mend this."""

from reprlib import repr as shown

__all__ = ["UsageError", "shown"]  # shown: a value as a message quotes it, shortened where it is long


class UsageError(ValueError):
    """A mistake in what was asked for; its message is one line naming what was wrong and what is allowed.

    The command line prints the message and exits with status 2. From Python it is a ValueError.
    """
