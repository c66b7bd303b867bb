"""Drawings as inline SVG: the same table gives the same bytes."""

import io
import re
import warnings
from collections.abc import Callable

STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.labelcolor": "0.3",
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": True,
    "text.usetex": False,
}
_DPI = 72  # of vector graphics, at which the layout is done
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def svg(
    draw: Callable[..., None],
    size: tuple[float, float],
    *,
    label: str,
    salt: str,
    margins: tuple[float, float, float, float] | None = None,
    least: float = 0.0,
    most: float = 1.0,
) -> str:
    """The drawing of `draw(ax)` as one <svg> element that scales with its width.

    size: (width, height) in inches. label: text for screen readers. salt: makes the ids of this drawing unique on
    the page. margins: (left, bottom, right, top) of the axes, fractions; None makes room for the labels, which takes
    twice the time. least, most: bounds of its width on the page, in widths of its own. Nothing global stays changed,
    and no figure is left open.
    """
    # Here and not above: the terminal's tables must not wait for a drawing library.
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    out = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": salt}), warnings.catch_warnings():
        # Names may hold letters that the measuring font lacks; the browser has its own fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=size, layout="constrained" if margins is None else None, dpi=_DPI)
        FigureCanvasSVG(figure)
        if margins is None:
            draw(figure.add_subplot())
            figure.get_layout_engine().execute(figure)
            figure.set_layout_engine(None)  # `savefig` would draw everything once more for it, and for "none" too
        else:
            left, bottom, right, top = margins
            draw(figure.add_axes((left, bottom, right - left, top - bottom)))
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", dpi=150, transparent=True, metadata=nothing)
    return _inline(out.getvalue(), label, least, most)


def _inline(text: str, label: str, least: float, most: float) -> str:
    """The element alone: no prologue, no ids of groups (they repeat from figure to figure), the page's fonts."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(
        r"font: ([^'\"]*?)'DejaVu Sans'[^;\"]*", lambda found: f"font: {found[1]}{_FONTS}".replace("'", "&#39;"), text
    )
    head = re.search(r'<svg[^>]*viewBox="([\d. ]+)"[^>]*>', text)
    if head is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    width = float(head[1].split()[2]) * 4 / 3  # CSS pixels from points
    opening = (
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg" viewBox="{head[1]}" '
        f'style="min-width:{least * width:.0f}px;max-width:{most * width:.0f}px" role="img" '
        f'aria-label="{_attribute(label)}">'
    )
    return opening + text[head.end() :].strip()


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
