"""What all drawings share: the palette, safe for colour-blind readers, and names that may hold any character."""

# Okabe & Ito, "Color Universal Design", 2008.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#000000",
)


def plain(text: object, limit: int = 40) -> str:
    """A label that matplotlib shows as it is: no dollar sign opens a formula, one line, at most `limit` characters.

    >>> print(plain("a$b"), plain("x" * 9, limit=5))
    a\\$b xxxx…
    """
    line = "".join(c if c.isprintable() else " " for c in str(text))
    short = line if len(line) <= limit else line[: limit - 1] + "…"
    return short.replace("$", r"\$")


def tidy(ax) -> None:
    """Axes with two thin spines and short ticks."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color("0.6")
    ax.tick_params(length=2, color="0.6", labelcolor="0.3")
