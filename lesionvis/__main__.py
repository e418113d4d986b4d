"""Start of the program, by ``lesionvis`` or ``python -m lesionvis``: it is there before anything else is imported."""

import sys

# As shells tell that a program was stopped from the keyboard: 128 and the number of the signal.
_STOPPED = 130


def main() -> None:
    """Run the command line; stopped from the keyboard while it still imports, it ends in silence."""
    try:
        from lesionvis.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(_STOPPED)


if __name__ == "__main__":
    main()
