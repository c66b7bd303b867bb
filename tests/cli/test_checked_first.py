"""What a command, or a call, can refuse from its arguments alone is refused before any work, in one line."""

import dataclasses

import pandas as pd
import pytest

import nasgauge as ng
from nasgauge.cli.papers import Papers
from nasgauge.core.errors import UserError
from nasgauge.judging import ground_truth
from nasgauge.report import Evaluation
from nasgauge.studies import run as running
from nasgauge.studies import survey

FIGURES = ("--figures", "figures")
FOR_PAPERS = {
    "figure": ((*FIGURES, "--figure", "valus"), "unknown figure 'valus'; nearest: values"),
    "second figure": ((*FIGURES, "--figure", "values", "--figure", "scater"), "figure 'scater'; nearest: scatter"),
    "analysis": ((*FIGURES, "--figure", "agrement"), "unknown figure 'agrement'; nearest: agreement"),
    "reference": ((*FIGURES, "--figure", "x.py:y"), "unknown figure 'x.py:y'"),
    "format": ((*FIGURES, "--figure-format", "svgg"), "unknown format of figures 'svgg'; nearest: svg"),
    "format without figures": (("--figure-format", "svgg"), "unknown format of figures 'svgg'; nearest: svg"),
    "figure without a folder": (("--figure", "values"), "add --figures FOLDER"),
    "columns without a folder": (("--columns", "2"), "add --figures FOLDER"),
    "columns": ((*FIGURES, "--columns", "3"), "'--columns': Input should be less than or equal to 2"),
    "figures in a file": (("--figures", "taken"), "taken: cannot be written (taken is not a folder)"),
    "figures below a file": (("--figures", "taken/deep"), "taken/deep: cannot be written (taken is not a folder)"),
    "latex into a folder": (("--latex", "."), ".: is a folder; choose another file"),
    "latex below a file": (("--latex", "taken/t.tex"), "taken: cannot be written (taken is not a folder)"),
    "latex over a link": (("--latex", "link"), "link: is a symbolic link"),
}
OF_JUDGE = {
    **FOR_PAPERS,
    "page below a file": (("--html", "taken/p.html"), "taken: cannot be written (taken is not a folder)"),
    "missing": (("--missing", "omitt"), "'omitt'"),
    "unknown": (("--unknown", "drp"), "'drp'"),
    "confidence": (("--confidence", "95"), "95"),
    "criterion": (("--criterion", "kendal_tau"), "unknown criterion 'kendal_tau'; nearest: kendall_tau"),
    "constraint": (("--constraint", "n_params less 3"), "n_params less 3"),
    "order": (("--arch-order", "officia"), "unknown order of operations 'officia'; nearest: official"),
}


def worked(*args, **options):
    pytest.fail("work was done before the mistake was told")


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    (tmp_path / "link").symlink_to("taken")
    (tmp_path / "s.csv").write_text("arch,mine\na,1\nb,2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def bundle():
    table = pd.DataFrame({"arch": list("abc"), "accuracy": [0.1, 0.2, 0.3]})
    scores = table.rename(columns={"accuracy": "mine"}).assign(theirs=[3, 1, 2])
    return ng.judge(scores, truth=table, n_bootstrap=0).bundle


@pytest.mark.parametrize("case", OF_JUDGE)
def test_judge_reads_no_file(call, place, monkeypatch, case):
    for reader in ("score_table", "truth_table"):
        monkeypatch.setattr(ground_truth, reader, worked)
    words, says = OF_JUDGE[case]
    code, out, err = call("judge", "s.csv", "--truth", "s.csv", *words)
    assert code == 2 and not out and err.count("\n") == 1 and says in err, err


@pytest.mark.parametrize("folder", ["study", "survey"])
@pytest.mark.parametrize("case", FOR_PAPERS)
def test_report_computes_nothing(call, place, monkeypatch, folders_of, folder, case):
    monkeypatch.setattr(running.Run, "bundle", worked)
    words, says = FOR_PAPERS[case]
    code, out, err = call("report", folders_of / folder, *words)
    assert code == 2 and not out and err.count("\n") == 1 and says in err, err


def test_a_figure_without_its_input_is_refused_before_a_page_is_drawn(call, place, monkeypatch, folders_of, bundle):
    monkeypatch.setattr(running.Run, "bundle", lambda self, phases: bundle)
    monkeypatch.setattr(running, "write", worked)
    monkeypatch.setattr(survey.Run, "load", lambda folder: running.Run(None, None))
    for folder in ("study", "survey"):
        code, _, err = call("report", folders_of / folder, *FIGURES, "--figure", "trend")
        assert code == 2 and "figure 'trend' needs checkpoint_scores" in err and err.count("\n") == 1


CALLS = {
    "figure": (lambda e: e.figure("valus"), "nearest: values"),
    "columns": (lambda e: e.figure("values", columns=3), "columns is 3"),
    "figures": (lambda e: e.write_figures("out", only=["valus"]), "nearest: values"),
    "format": (lambda e: e.write_figures("out", kind="svgg"), "nearest: svg"),
    "style": (lambda e: e.write_figures("out", style="papr"), "nearest: paper"),
    "width": (lambda e: e.write_figures("out", columns=3), "columns is 3"),
    "panels": (lambda e: e.write_figures("out", panels=["x"]), "name that figure alone"),
    "folder": (lambda e: e.write_figures("taken"), "taken is not a folder"),
    "latex": (lambda e: e.to_latex("taken/t.tex"), "taken is not a folder"),
    "latex's criteria": (lambda e: e.to_latex(criteria=["kendal_tau"]), "nearest: kendall_tau"),
    "page": (lambda e: e.to_html("link"), "is a symbolic link"),
    "analysis": (lambda e: e.analysis("agrement"), "nearest: agreement"),
}


@pytest.mark.parametrize("case", CALLS)
def test_an_evaluation_does_not_compare_the_estimators(place, bundle, case):
    evaluation = Evaluation(
        values=bundle.values, ceiling=bundle.ceiling, scores=bundle.scores, truth=bundle.truth, notes=(), settings={},
        bundle=worked,
    )  # fmt: skip
    call, says = CALLS[case]
    with pytest.raises(UserError, match=says):
        call(evaluation)


def test_judging_in_a_program_reads_no_table(monkeypatch):
    monkeypatch.setattr(ground_truth, "score_table", worked)
    monkeypatch.setattr(ground_truth, "truth_table", worked)
    table = pd.DataFrame({"arch": ["a", "b"], "accuracy": [0.1, 0.2]})
    for options in ({"missing": "omitt"}, {"unknown": "drp"}, {"criteria": ["kendal_tau"]}, {"arch_order": "x"}):
        with pytest.raises(ng.UserError, match=r"omitt|drp|nearest: kendall_tau|known: naslib, official"):
            ng.judge(table, truth=table, **options)


@pytest.mark.parametrize("parts", [[""], ["a", "b"]], ids=["study", "survey"])
def test_differences_are_drawn_of_every_part_and_left_out_of_a_single_estimator(tmp_path, bundle, parts):
    lone = dataclasses.replace(bundle, values=bundle.values.query("estimator == 'mine'"))
    lone = dataclasses.replace(lone, scores=bundle.scores.query("estimator == 'mine'"))
    contests = None if parts == [""] else pd.DataFrame({"part": parts, "estimator": "mine"})
    options = {"folder": tmp_path, "format": "svg", "columns": 1, "serif": False, "csv": False, "latex": None}
    Papers(**options, only=["differences"]).write(dict.fromkeys(parts, bundle), contests)
    found = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.svg"))
    assert found == [f"{part}/differences.svg".lstrip("/") for part in parts]
    Papers(**options, only=None).write(dict.fromkeys(parts, lone), contests)
    with pytest.raises(UserError, match="paired differences has no rows"):
        Papers(**options, only=["differences"]).write(dict.fromkeys(parts, lone), contests)
