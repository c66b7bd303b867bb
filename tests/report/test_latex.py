"""LaTeX tables: well-formed for every name, with the numbers of the report, and marks that the data support."""

import dataclasses
import io
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.judging import contest
from nasgauge.report import latex_paired, latex_survey, latex_table
from nasgauge.report.latex.escaping import escaped
from nasgauge.report.text import terminal_table

NASTY = ["a_b^c~d", "50% & #1", "{x}\\y$z$", "[first]", "*star", "--x---", "é ü ∈ τΔ ×", "模型", "a\tb\nc", "~`'\"<|>"]
nan = float("nan")


def values_of(rows):
    """VALUES rows from (estimator, criterion, at, value, lower, upper); n = 40."""
    table = pd.DataFrame(rows, columns=["estimator", "criterion", "at", "value", "lower", "upper"])
    return table.assign(n=40, n_failed=0, n_absent=0, n_unknown=0, n_seeds=1)


def table_of(text):
    """The rows of the tabular as lists of cells; fails where braces, environments or columns do not agree."""
    text = re.sub(r"(?m)^%.*\n", "", text)
    assert not re.search(r"(?<!\\)[%#]", text) and text.isprintable() is False  # line ends only
    bare = re.sub(r"\\[\\{}$&#%_]", lambda m: "\\\\" if m[0] == "\\\\" else "", text)
    depth = 0
    for letter in bare:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0
    assert depth == 0 and bare.count("$") % 2 == 0
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened
    found = re.search(r"\\begin\{tabular\}\{([lrc]+)\}\n(.*)\\end\{tabular\}", text, re.DOTALL)
    assert re.match(r"\\toprule\n", found[2]) and found[2].endswith("\\bottomrule\n")
    lines = [line for line in found[2].splitlines() if not re.fullmatch(r"\\(top|mid|bottom)rule", line)]
    rows = []
    for line in lines:
        assert line.endswith(r" \\") and not re.match(r"[\[*]", line)  # would be an option of the row's end
        cells = re.split(r"(?<!\\) ?& ?", line[:-3])
        spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", line)]
        assert len(cells) + sum(spans) - len(spans) == len(found[1])
        rows.append([cell.strip() for cell in cells])
    return rows


def shown(text):
    """A cell without marks: the number as the terminal prints it."""
    text = re.sub(r"\\textbf\{(?:\\boldmath )?(.*?)\}|\$\^\{\\dagger\}\$", lambda m: m[1] or "", text)
    return text.replace("$-$", "−").replace("--", "–")


def nasty_values():
    rows = [(name, "kendall_tau", nan, 0.5 - i / 10, 0.4, 0.6) for i, name in enumerate(NASTY)]
    rows += [(name, "precision_at_top", 0.05, nan if i == 3 else i / 1e7, 0.0, 1.0) for i, name in enumerate(NASTY)]
    return values_of(rows)


@pytest.mark.parametrize("intervals", [False, True])
@pytest.mark.parametrize("title", [{}, {"caption": "50% of & all\n_", "label": "tab:a-b_1"}])
def test_every_name_gives_a_table_that_latex_reads(intervals, title):
    rows = table_of(latex_table(nasty_values(), intervals=intervals, **title))
    assert len(rows) == 1 + len(NASTY) and [len(row) for row in rows] == [3] * len(rows)
    assert [row[0] for row in rows[1:]] == [
        " ".join(escaped(name).split()) if "\t" in name else escaped(name).strip() for name in NASTY
    ]
    assert rows[0][1:] == [r"Kendall $\tau$ $\uparrow$", r"P@top 5\% $\uparrow$"]


def test_each_special_character_is_escaped():
    for letter in "\\{}$&#%_^~<>|\"`'":
        assert escaped(letter) != letter and not re.fullmatch(r"[{}$&#%_^~]", escaped(letter))
    assert escaped("a--b---c") == "a-{}-b-{}-{}-c" and escaped("[x]") == "{[}x]"
    assert "XeLaTeX" in latex_table(nasty_values()) and "XeLaTeX" not in latex_table(nasty_values()[:7])


def test_the_numbers_are_those_of_the_terminal(bundle):
    from rich.console import Console

    console = Console(width=200, record=True, file=io.StringIO())
    console.print(terminal_table(bundle.values, width=200))
    words = console.export_text()
    for row in table_of(latex_table(bundle, ceiling=False))[1:]:
        for cell in row[1:]:
            assert f" {shown(cell)} " in f"{words} "


def test_the_best_is_bold_and_marks_rest_on_paired_differences(bundle):
    values = values_of(
        [(n, c, at, v, v - 0.1, v + 0.1) for c, at, vs in
         [("kendall_tau", nan, (0.61, 0.6098, 0.3, nan)), ("best_rank_at", 0.05, (0.2, 0.1, 0.1, nan))]
         for n, v in zip(("one", "same", "far", "flat"), vs, strict=True)]
    )  # fmt: skip
    plain = table_of(latex_table(values))
    assert [row[1] for row in plain[1:]] == [r"\textbf{.610}", r"\textbf{.610}", ".300", "--"]
    assert [row[2] for row in plain[1:]] == [".200", r"\textbf{.100}", r"\textbf{.100}", "--"]
    columns = ["estimator", "value", "behind", "behind_lower", "behind_upper"]
    rows = [
        ("one", 0.61, 0, 0, 0),
        ("same", 0.6098, 0.0002, -0.1, 0.1),
        ("far", 0.3, 0.31, -0.01, 0.7),
        ("flat", nan, nan, nan, nan),
    ]
    met = pd.DataFrame(rows, columns=columns).assign(
        criterion="kendall_tau", at=nan, p_best=0.3, n_ahead_of=0, n_behind=0, n=40
    )
    for lower, expected in ((-0.01, r".300$^{\dagger}$"), (0.01, ".300"), (nan, ".300")):
        met.loc[2, "behind_lower"] = lower
        drawn = table_of(latex_table(dataclasses.replace(bundle, values=values, contest=met)))
        assert [row[1] for row in drawn[1:5]] == [r"\textbf{.610}", r"\textbf{.610}", expected, "--"]
        assert not any("dagger" in row[2] for row in drawn[1:])  # nothing is known of that column
    pair = {"estimator": "one", "rival": "same", "criterion": "best_rank_at", "at": 0.05, "difference": -0.1}
    pair |= {"lower": -0.2, "upper": 0.1, "p_value": 0.5, "p_adjusted": 0.5, "n": 40}
    known = dataclasses.replace(bundle, values=values, contest=met, records={"paired": pd.DataFrame([pair])})
    assert [row[2] for row in table_of(latex_table(known))[1:5]] == [
        r".200$^{\dagger}$",
        r"\textbf{.100}",
        r"\textbf{.100}",
        "--",
    ]


def test_criteria_intervals_ceilings_and_numbers_of_architectures(bundle):
    rows = table_of(latex_table(bundle, criteria=["best_rank_at@0.05", "kendall_tau"], intervals=True))
    assert rows[0] == ["estimator", r"BR@5\% $\downarrow$", r"Kendall $\tau$ $\uparrow$"]
    assert rows[1][0] == "synflow" and rows[1][1] == r"\textbf{.0002} {\scriptsize [.0001, .030]}"
    assert rows[-1] == ["noise ceiling", "--", r".800 {\scriptsize [.780, .820]}"]
    assert len(table_of(latex_table(bundle, ceiling=False))) == len(rows) - 1
    fewer = bundle.values.assign(n=[40, 40, 39, 39, 40, 40, 40, 40])
    rows = table_of(latex_table(dataclasses.replace(bundle, values=fewer)))
    assert rows[0][-1] == "$n$" and {row[0]: row[-1] for row in rows[1:]}["n\\_params"] == "39"


def test_surveys(bundle):
    met = contest(bundle.scores, bundle.truth, n_bootstrap=20, rng=np.random.default_rng(0))
    contests = pd.concat([met.assign(part="data_1"), met.assign(part="b", value=-met["value"])], ignore_index=True)
    rows = table_of(latex_survey({"data_1": bundle, "b": bundle}, contests, intervals=True, label="x"))
    assert rows[1] == ["estimator", r"data\_1", "b", "mean rank"] and rows[-1][0] == "noise ceiling"
    assert rows[2][0] == escaped(met["estimator"].iloc[0]) and rows[2][1].startswith(r"\textbf{")
    assert [row[-1] for row in rows[2:6]] == [r"\textbf{1.0}", "2.0", "3.0", "--"]


def paired_of(names, p=0.01):
    rows = [(a, b, j - i, i, j) for i, a in enumerate(names) for j, b in enumerate(names) if i < j]
    table = pd.DataFrame(rows, columns=["estimator", "rival", "gap", "i", "j"])
    table["difference"] = table["gap"] / 100
    table = table.assign(criterion="kendall_tau", at=nan, lower=table["difference"] - 0.015, n=40)
    adjusted = np.where(table["gap"] > 1, p, 0.3)
    return table.assign(upper=table["difference"] + 0.015, p_value=p, p_adjusted=adjusted)


def test_paired_differences():
    text = latex_paired(paired_of(NASTY[:4]), caption="All")
    rows = table_of(text)
    assert rows[1][1:] == ["", ".010", r"\textbf{.020}", r"\textbf{.030}"]
    assert rows[4][1:] == [r"\textbf{\boldmath $-$.030}", r"\textbf{\boldmath $-$.020}", "$-$.010", ""]
    assert rows[4][0] == "4 {[}first]" and r"Kendall $\tau$ $\uparrow$: row minus column" in text
    rows = table_of(latex_paired(paired_of(NASTY[:4], p=1e-5), against=NASTY[0]))
    assert rows[2] == [escaped(NASTY[2]), r"\textbf{\boldmath $-$.020}", "[$-$.035, $-$.005]", "$<$ .001"]


def test_usage_errors(bundle):
    with pytest.raises(UserError, match="unknown criterion of this table 'kendal_tau'; nearest: kendall_tau"):
        latex_table(bundle, criteria=["kendal_tau"])
    with pytest.raises(UserError, match="got dict; give a bundle or a table of values"):
        latex_table({})
    with pytest.raises(UserError, match="choose a LaTeX label"):
        latex_table(bundle, label="a b")
    with pytest.raises(UserError, match="unknown estimator 'x'"):
        latex_paired(paired_of(["a", "b"]), against="x")
    with pytest.raises(UserError, match="column 'p_adjusted' is missing"):
        latex_paired(paired_of(["a", "b"]).drop(columns="p_adjusted"))
    with pytest.raises(UserError, match="has 31 estimators, at most 30 fit on a page"):
        latex_paired(paired_of([str(i) for i in range(31)]))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("encoding", ["OT1", "T1"])
def test_latex_compiles_them(tmp_path, encoding):
    latin = nasty_values()[lambda table: ~table["estimator"].str.contains("模")]
    tables = [latex_table(latin), latex_table(latin, intervals=True, caption="50% & [x] *", label="tab:a_b-1")]
    tables += [latex_paired(paired_of(NASTY[:7])), latex_paired(paired_of(NASTY[:4], p=1e-5), against=NASTY[0])]
    head = rf"\documentclass{{article}}\usepackage[{encoding}]{{fontenc}}\usepackage{{booktabs}}\begin{{document}}"
    (tmp_path / "x.tex").write_text("\n\n".join([head, *tables, r"\end{document}", ""]), encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in (tmp_path / "x.log").read_text(errors="replace")
