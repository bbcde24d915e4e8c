"""The one exception that means: the user can mend this."""


class UsageError(ValueError):
    """A mistake in what was asked for; its message is one line naming what was wrong and what is allowed.

    The command line prints the message and exits with status 2. From Python it is a ValueError.
    """
