"""The command line: arguments and exit codes. 0: success; 2: usage error, reported in one line; 1: any other error.

Rule: a command is a plain function that parses, calls one other package and prints; `entry` names them all.
"""

from nasgauge.cli.entry import app, main

__all__ = ["app", "main"]
