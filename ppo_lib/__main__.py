"""The command line: python -m ppo_lib train | evaluate | record | benchmark | grade."""

import signal
import sys

from ppo_lib.errors import UsageError

PROGRAM = "python -m ppo_lib"


def main(args=None) -> int:
    """Run one command; its exit code. A user's mistake is one line on stderr and 2, Ctrl-C is 130."""
    try:
        from ppo_lib.arguments import parse
        from ppo_lib.commands import COMMANDS

        command, asked = parse(COMMANDS, sys.argv[1:] if args is None else args, PROGRAM)
        return command.run(asked)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _import_libraries():
    """Import what takes seconds. Ctrl-C then ends the process at once, and no library stumbles over it."""
    interrupts = signal.signal(signal.SIGINT, signal.SIG_DFL)
    import ppo_lib.commands  # noqa: F401

    signal.signal(signal.SIGINT, interrupts)


if __name__ == "__main__":
    _import_libraries()
    sys.exit(main())
