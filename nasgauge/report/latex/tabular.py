"""Rows of cells as a booktabs table: the one place where its lines are written."""

from collections.abc import Sequence

from nasgauge.core.errors import UserError
from nasgauge.report.latex.escaping import escaped, foreign

DAGGER = r"$^{\dagger}$"
Rows = Sequence[Sequence[str]]


def tabular(
    head: Rows, groups: Sequence[Rows], *, notes: Sequence[str], caption: str | None, label: str | None, left: int = 1
) -> str:
    """A table of LaTeX cells with the package booktabs; a rule separates head and groups, and empty groups are omitted.

    head: its rows, of which the last decides the number of columns; a row may be shorter if it has a multicolumn. left:
    columns aligned to the left, the others to the right. notes: sentences on the marks, in LaTeX; at the end of the
    caption, or in comments where there is neither caption nor label. caption: plain text, which is escaped. label: of
    `\\ref`. UserError: a label with a character that LaTeX does not allow there.
    """
    width = len(head[-1])
    lines = [rf"\begin{{tabular}}{{{'l' * left}{'r' * (width - left)}}}", r"\toprule", *map(_line, head)]
    for rows in groups:
        lines += [r"\midrule", *map(_line, rows)] if rows else []
    lines += [r"\bottomrule", r"\end{tabular}"]
    if caption is not None or label is not None:
        title = escaped(caption or "").strip()
        title += "." if title and title[-1] not in ".!?:;" else ""
        lines = _floating(lines, " ".join([title, *notes]).strip(), label)
    else:
        lines = [*(f"% {note}" for note in notes), *lines]
    others = foreign("".join(lines))
    needs = [r"% needs \usepackage{booktabs}"]
    needs += [f"% compile with XeLaTeX or LuaLaTeX and a font that has the letters {others}"] if others else []
    return "\n".join([*needs, *lines]) + "\n"


def bold(text: str) -> str:
    """A cell in bold, mathematics included."""
    return rf"\textbf{{\boldmath {text}}}" if "$" in text else rf"\textbf{{{text}}}"


def marked(text: str, *, best: bool, near: bool) -> str:
    """A value in bold if it is the best, with a dagger if it does not differ significantly from the best."""
    return bold(text) if best else f"{text}{DAGGER}" if near else text


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _floating(lines: list[str], caption: str, label: str | None) -> list[str]:
    if label is not None and (not label or any(c in r"\{}%#$&^~ " or not c.isprintable() for c in label)):
        raise UserError(f"label {label!r}: choose a LaTeX label of letters, digits, colons and hyphens")
    named = [rf"\label{{{label}}}"] if label is not None else []
    return [r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", *named, *lines, r"\end{table}"]
