"""The command line: python -m ppo_lib train | evaluate | record | benchmark."""

import sys

from ppo_lib.errors import UsageError

PROGRAM = "python -m ppo_lib"


def main(args=None) -> int:
    """Run one command; its exit code. A user's mistake is one line on stderr and 2, Ctrl-C is 130."""
    try:
        from ppo_lib.arguments import parse
        from ppo_lib.commands import COMMANDS  # here, because this takes seconds, in which Ctrl-C may come

        command, asked = parse(COMMANDS, sys.argv[1:] if args is None else args, PROGRAM)
        return command.run(asked)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
