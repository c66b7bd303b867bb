"""The usage of a script, from its docstring."""

import re
import sys
from itertools import takewhile

_LINE = re.compile(r"python \S+\.py[^\n`]*")


def check_usage(doc: str | None) -> None:
    """End the script with its usage and exit code 2 where it has fewer arguments than its docstring says it needs.

    doc: its docstring, whose first "python SCRIPT.py FOLDER [N]" names them; those in brackets may be left out.
    """
    line = _LINE.search(doc or "")
    if line is not None and len(sys.argv) - 1 < n_needed(line[0]):
        print(f"usage: {line[0].strip()}", file=sys.stderr)
        raise SystemExit(2)


def n_needed(line: str) -> int:
    """How many arguments a usage line names before the first that may be left out, or a remark.

    >>> n_needed("python merge.py FOLDER FILE.csv [N]"), n_needed("python merge.py DIR ...   (of one study)")
    (2, 1)
    """
    return sum(1 for _ in takewhile(lambda word: word[0] not in "[(#.", line.split()[2:]))
