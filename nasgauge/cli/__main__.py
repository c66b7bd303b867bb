"""`python -m nasgauge.cli`."""

from nasgauge.cli.entry import main

if __name__ == "__main__":
    main()
