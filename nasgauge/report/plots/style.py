"""How drawings look on a page of a report, in a paper and in a notebook: widths, fonts, and files."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.report.figures import STYLE

Style = Literal["report", "paper"]
STYLES = ("report", "paper")
WIDTHS = {1: 3.25, 2: 6.75}  # inches of a single and of a double column
SMALLEST = 7.0  # points of any text in a paper
# All of them are part of matplotlib, so that a drawing is the same everywhere; later ones lend letters that one lacks.
SANS, SERIF = ["DejaVu Sans"], ["STIXGeneral", "DejaVu Serif", "DejaVu Sans"]
_FILES = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "figures"}
_PAPER = {"axes.labelcolor": "0.1", "axes.labelsize": 7.5, "font.size": 7.5, "xtick.labelsize": 7, "ytick.labelsize": 7}


def check_style(style: str, columns: int = 1) -> None:
    """UserError for an unknown style, or another number of columns than 1 and 2."""
    if style not in STYLES:
        raise unknown_name("style of figures", style, STYLES)
    if columns not in tuple(WIDTHS):
        raise UserError(f"figures: columns is {columns!r}; give 1 (3.25 inches wide) or 2 (6.75 inches)")


@contextmanager
def styled(style: Style, *, serif: bool = False) -> Iterator[None]:
    """Within: drawings have this style; nothing global stays changed."""
    import matplotlib

    check_style(style)
    fonts = {"font.family": "serif", "font.serif": SERIF, "mathtext.fontset": "stix"} if serif else {}
    rc = {**STYLE, **_FILES, **(_PAPER if style == "paper" else {}), **fonts}
    with matplotlib.rc_context(rc), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may hold any letter
        yield


@contextmanager
def axes_of(ax: Any, size: tuple[float, float], *, style: Style, serif: bool) -> Iterator[Any]:
    """`ax`, or axes in a new figure of that size for a notebook, drawn within in this style."""
    with styled(style, serif=serif):
        if ax is None:
            from matplotlib import pyplot

            figure = pyplot.figure(figsize=size, layout="constrained", FigureClass=figure_class())
            ax = figure.add_subplot()
        yield ax
        dress(ax, style=style, serif=serif)


def dress(artist: Any, *, style: Style, serif: bool = False) -> None:
    """Fonts of all text below an artist; text smaller than seven points is enlarged in a paper.

    The fonts are named in the text itself, so that they stay when the figure is drawn later.
    """
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    family, maths = (SERIF, "stix") if serif else (SANS, "dejavusans")
    for axes in artist.findobj(Axes):
        for axis in (axes.xaxis, axes.yaxis):
            for label in (*axis.get_ticklabels(), axis.get_offset_text()):
                _dress_text(label, family, maths, style)
            size = max(SMALLEST, _size_of(axis)) if style == "paper" else _size_of(axis)
            axis.set_tick_params(labelsize=size)
    for text in artist.findobj(Text):
        _dress_text(text, family, maths, style)


def _size_of(axis: Any) -> float:
    labels = axis.get_ticklabels()
    return labels[0].get_fontsize() if labels else SMALLEST


def _dress_text(text: Any, family: list[str], maths: str, style: Style) -> None:
    text.set_fontfamily(family)
    text.set_math_fontfamily(maths)
    if style == "paper" and text.get_fontsize() < SMALLEST:
        text.set_fontsize(SMALLEST)


@cache
def figure_class() -> type:
    """A matplotlib Figure that saves text as text: fonts of type 42 in PDF, characters in SVG, without the date."""
    import matplotlib
    from matplotlib.figure import Figure

    class TextFigure(Figure):
        """A Figure whose files have text as text."""

        def savefig(self, fname: Any, **options: Any) -> None:
            with matplotlib.rc_context(_FILES), warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Glyph .* missing from")
                super().savefig(fname, **options)

    return TextFigure
