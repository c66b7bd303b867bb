"""Text and numbers as LaTeX: every name is printed literally, in text mode."""

import re

from nasgauge.report.labels import EN_DASH, Heading, number

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",  # in every font encoding
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "\N{ZERO WIDTH SPACE}": "{}",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "°": r"$^{\circ}$",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "≈": r"$\approx$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≠": r"$\neq$",
    "∞": r"$\infty$",
    "√": r"$\surd$",
    "∈": r"$\in$",
    "²": r"$^{2}$",
    "³": r"$^{3}$",
    "¹": r"$^{1}$",
    "µ": r"$\mu$",
    "ℓ": r"$\ell$",
}
_SMALL = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi o pi rho . sigma tau upsilon varphi"
)
_GREEK = {chr(0x3B1 + i): name for i, name in enumerate(f"{_SMALL} chi psi omega".split()) if name != "."}
_GREEK = {letter: name if name == "o" else f"\\{name}" for letter, name in _GREEK.items()}
_CAPITALS = {"Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma"}
_CAPITALS |= {"Φ": "Phi", "Ψ": "Psi", "Ω": "Omega"}
_MATHS = {letter: f"${name}$" for letter, name in _GREEK.items()}
_MATHS |= {letter: f"$\\{name}$" for letter, name in _CAPITALS.items()}
_KNOWN = _SPECIAL | _MATHS
_SUBSCRIPTS = {chr(0x2080 + i): f"$_{{{i}}}$" for i in range(10)}
_SUPERSCRIPTS = {"⁰": "$^{0}$", **{chr(0x2070 + i): f"$^{{{i}}}$" for i in range(4, 10)}}
_KNOWN |= _SUBSCRIPTS | _SUPERSCRIPTS
_LAST_LATIN = "\u024f"  # letters up to here are in the fonts of every engine


def escaped(text: object) -> str:
    """The text as LaTeX that prints it literally, in one line.

    Greek letters and common symbols become mathematics, Latin letters with accents stay (UTF-8 is LaTeX's default since
    2018), and letters of other scripts stay too, which need XeLaTeX or LuaLaTeX, see `foreign`. Control characters
    become blanks. A leading bracket or star is put in braces, because LaTeX reads it as an option of the row's end.

    >>> print(escaped("50%_a&b#1"), escaped("[x]"), escaped("τ·10²"))
    50\\%\\_a\\&b\\#1 {[}x] $\\tau$$\\cdot$10$^{2}$
    """
    letters = re.sub("-(?=-)", "-\N{ZERO WIDTH SPACE}", str(text))  # two hyphens in a row would become a dash
    shown = "".join(_KNOWN.get(c, c if c.isprintable() else " ") for c in letters)
    return f"{{{shown[0]}}}{shown[1:]}" if shown[:1] in ("[", "*") else shown


def foreign(text: str) -> str:
    """The letters of a LaTeX text that pdfLaTeX cannot print without further packages, each once, in order.

    >>> foreign(escaped("é τ 模模"))
    '模'
    """
    return "".join(dict.fromkeys(c for c in text if c > _LAST_LATIN))


def value_text(value: float, decimals: int) -> str:
    """A number as reports print it, in LaTeX; two hyphens where it is undefined.

    >>> print(value_text(0.6123, 3), value_text(-0.5, 3), value_text(float("nan"), 3), value_text(2e-7, 3))
    .612 $-$.500 -- $2\\cdot10^{-7}$
    """
    text = number(value, decimals, compact=True)
    if text == EN_DASH:
        return "--"
    power = re.fullmatch(r"(−?)(\d+)e−0*(\d+)", text)
    if power:
        return f"${power[1].replace('−', '-')}{power[2]}\\cdot10^{{-{power[3]}}}$"
    return text.replace("−", "$-$")


def heading_text(by: Heading) -> str:
    """The heading of a column: symbol and the direction of better values."""
    return f"{escaped(by.symbol)} {escaped(by.arrow)}"
