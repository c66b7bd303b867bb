"""`python -m nasgauge`: the command line without its script on the path."""

from nasgauge.cli import main

if __name__ == "__main__":
    main()
