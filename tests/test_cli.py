"""The command line as a user meets it: exit codes, one-line errors, tables, JSON, nothing overwritten."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from nasgauge import cli
from nasgauge.benchmarks import load
from nasgauge.core.tables import VALUES


def call(monkeypatch, capsys, *words):
    """(exit code, stdout, stderr) of a command in this process."""
    monkeypatch.setattr(sys, "argv", ["nasgauge", *map(str, words)])
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as end:
        cli.main()
        raise SystemExit(0)
    out, err = capsys.readouterr()
    return end.value.code or 0, out, err


@pytest.fixture
def scores(tmp_path):
    """The truth of 200 architectures with noise, as somebody's CSV."""
    truth = load("digits-nb201").truth.groupby("arch", sort=False)["accuracy"].mean().iloc[:200]
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"arch": truth.index, "mine": truth.to_numpy() + 0.01 * rng.standard_normal(len(truth))})
    table["theirs"] = rng.standard_normal(len(truth))
    path = tmp_path / "scores.csv"
    table.to_csv(path, index=False)
    return path


def test_judging_a_csv_prints_a_table_the_provenance_and_the_ceiling(monkeypatch, capsys, scores):
    code, out, _ = call(monkeypatch, capsys, "judge", scores, "--benchmark", "digits-nb201", "--bootstrap", 50)
    assert code == 0
    assert "scikit-learn's digits" in out and "noise ceiling" in out
    assert out.index("mine") < out.index("theirs")


def test_a_limit_is_shown_in_the_terminal(monkeypatch, capsys, scores):
    words = ("--benchmark", "digits-nb201", "--bootstrap", 0, "--criterion", "kendall_tau")
    code, out, _ = call(monkeypatch, capsys, "judge", scores, *words, "--constraint", "n_params<1k")
    assert code == 0 and "n_params < 1k (" in out and "random choice" in out and "k = 10" in out


def test_json_is_a_list_of_records_with_the_promised_fields(monkeypatch, capsys, scores):
    words = ("--benchmark", "digits-nb201", "--bootstrap", 50, "--json", "--criterion", "kendall_tau")
    _, out, _ = call(monkeypatch, capsys, "judge", scores, *words, "--criterion", "best_rank_at@0.05")
    records = json.loads(out)
    assert all(set(r) == {*(c.name for c in VALUES.columns), "ceiling_of"} for r in records)
    assert [r["estimator"] for r in records] == ["mine"] * 2 + ["theirs"] * 2 + ["noise_ceiling"] * 2
    tau, rank = records[:2]
    assert tau["at"] is None and rank["at"] == 0.05
    assert tau["lower"] < tau["value"] < tau["upper"]
    assert tau["n"] == 200 and (tau["n_failed"], tau["n_unknown"]) == (0, 0)
    assert tau["n_absent"] == load("digits-nb201").facts["n_archs"] - 200
    # the ceiling is that of the 200 architectures, not of all that the truth holds
    assert [(r["n"], r["ceiling_of"]) for r in records[4:]] == [(200, "mine; theirs")] * 2


@pytest.mark.long
def test_html_is_written_beside(monkeypatch, capsys, scores, tmp_path):
    words = ("--benchmark", "digits-nb201", "--bootstrap", 20, "--html", tmp_path / "page.html")
    code, _, _ = call(monkeypatch, capsys, "judge", scores, *words)
    page = (tmp_path / "page.html").read_text()
    assert code == 0 and "mine" in page and "<svg" in page and "http://" not in page.replace("http://www.w3.org", "")


def test_a_truth_file_with_one_seed_has_no_ceiling_and_says_so(monkeypatch, capsys, tmp_path):
    pd.DataFrame({"arch": list("abcdef"), "accuracy": np.linspace(0.5, 0.9, 6)}).to_csv(tmp_path / "t.csv", index=False)
    pd.DataFrame({"arch": list("abcdef"), "s": [1, 2, 3, 4, 6, 5]}).to_parquet(tmp_path / "s.parquet")
    code, out, _ = call(monkeypatch, capsys, "judge", tmp_path / "s.parquet", "--truth", tmp_path / "t.csv")
    assert code == 0 and "no noise ceiling" in out


@pytest.mark.long
def test_judging_imports_no_torch(scores):
    program = (
        "import sys; from nasgauge import cli; sys.argv = ['nasgauge', 'judge', sys.argv[1], '--benchmark',"
        " 'digits-nb201', '--bootstrap', '5', '--json']\ntry:\n    cli.main()\nexcept SystemExit as end:\n"
        "    assert not end.code\nassert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program, str(scores)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


BAD = {
    "a column that is not a number": ("arch,s\nA,1\nB,one\n", "row 2, column 's'"),
    "an infinite score": ("arch,s\nA,1\nB,inf\n", "infinite"),
    "an architecture twice": ("arch,s\nA,1\nA,2\n", "row 2"),
    "no arch column": ("cell,s\nA,1\n", "column 'arch'"),
    "a foreign architecture": ("arch,s\nA,1\nB,2\nfoo,3\n", "row 3, column 'arch'"),
    "an empty file": ("", "empty"),
    "an unknown operation": ("arch,s\nA,1\nO,2\n", "row 2, column 'arch'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_score_files_end_with_one_line_and_code_2(monkeypatch, capsys, tmp_path, name):
    text, says = BAD[name]
    archs = load("digits-nb201").archs
    text = text.replace("A,", archs[0] + ",").replace("B,", archs[1] + ",")
    text = text.replace("O,", archs[0].replace("~0", "x~0", 1) + ",")
    (tmp_path / "s.csv").write_text(text)
    code, out, err = call(monkeypatch, capsys, "judge", tmp_path / "s.csv", "--benchmark", "digits-nb201")
    assert code == 2 and out == ""
    assert err.count("\n") == 1 and err.startswith("nasgauge: ") and says in err


def test_architectures_absent_from_the_truth_are_an_error_or_dropped(monkeypatch, capsys, scores):
    absent = next(
        a for a in ("|none~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|none~2|",) if a not in load("digits-nb201").archs
    )
    scores.write_text(scores.read_text() + f"{absent},1,1\n")
    words = ("judge", scores, "--benchmark", "digits-nb201", "--bootstrap", 5)
    code, _, err = call(monkeypatch, capsys, *words)
    assert code == 2 and "is not in digits-nb201" in err and absent in err
    code, _, _ = call(monkeypatch, capsys, *words, "--unknown", "drop")
    assert code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "quickstrat"], "unknown study (and no such file) 'quickstrat'; nearest: quickstart"),
        (["judge", "nowhere.csv", "--benchmark", "digits-nb201"], "no such file"),
        (["judge", "nowhere.csv"], "give either --benchmark NAME or --truth FILE"),
        (["judge", "nowhere.csv", "--benchmark", "digits"], "nearest: digits-nb201"),
        (["judge", "x.csv", "--benchmark", "digits-nb201", "--choose", "metric"], "write key=value"),
        (
            ["judge", "x.csv", "--benchmark", "digits-nb201", "--criterion", "best_rank_at@x"],
            "K is 'x', neither a fraction",
        ),
        (
            ["judge", "x.csv", "--truth", "t.csv", "--constraint", "macs < 5", "--json"],
            "records of --json have no limits",
        ),
        (["report", "nowhere"], "is not a study folder"),
        (["status", "nowhere"], "is not a study folder"),
        (["list", "rooms"], "unknown category 'rooms'"),
        (["bench", "build", "digits"], "nearest: digits-nb201"),
    ],
)
def test_mistakes_end_with_one_line_and_code_2(monkeypatch, capsys, tmp_path, words, says):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(monkeypatch, capsys, *words)
    assert code == 2 and out == "" and err.count("\n") == 1 and says in err
    assert not list(tmp_path.iterdir())


def test_a_folder_of_the_users_is_refused_and_left_as_it_is(monkeypatch, capsys, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    code, _, err = call(monkeypatch, capsys, "run", "quickstart", "--out", tmp_path / "mine")
    assert code == 2 and "choose another one with --out" in err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_truncated_parquet_is_told(monkeypatch, capsys, tmp_path):
    pd.DataFrame({"arch": ["a"], "s": [1.0]}).to_parquet(tmp_path / "s.parquet")
    whole = (tmp_path / "s.parquet").read_bytes()
    (tmp_path / "s.parquet").write_bytes(whole[: len(whole) // 2])
    code, _, err = call(monkeypatch, capsys, "judge", tmp_path / "s.parquet", "--benchmark", "digits-nb201")
    assert code == 2 and "Parquet" in err


def test_list_shows_every_room_and_every_reference_has_an_entry(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "list")
    assert code == 0
    for name in ("nb201", "digits-nb201", "synflow", "kendall_tau", "quickstart", "rank_scatter"):
        assert name in out
    code, out, _ = call(monkeypatch, capsys, "list", "--bib")
    assert code == 0 and out.count("@") >= 15


def test_the_installed_command_exits_with_code_2_and_no_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nasgauge.cli", "status", "nowhere"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr


@pytest.mark.long
def test_a_truth_file_with_space_and_sizes_gives_the_whole_page_and_its_figures(
    monkeypatch, capsys, scores, tmp_path, without_ink
):
    known = load("digits-nb201")
    truth = known.truth.merge(known.complexity, on="arch")[["arch", "seed", "accuracy", "n_params"]]
    truth.to_csv(tmp_path / "truth.csv", index=False)
    words = ("--truth", tmp_path / "truth.csv", "--space", "nb201", "--bootstrap", 20)
    asked = ("--html", tmp_path / "p.html", "--figures", tmp_path / "figures", "--figure-format", "svg")
    code, _, _ = call(monkeypatch, capsys, "judge", scores, *words, *asked)
    page = (tmp_path / "p.html").read_text()
    assert code == 0 and 'data-name="complexity_bias"' in page and 'data-name="operation_bias"' in page
    assert (tmp_path / "figures" / "complexity_bias.svg").is_file()
    code, _, err = call(monkeypatch, capsys, "judge", scores, *words[:2], "--space", "nb2001")
    assert code == 2 and "nb201" in err
    code, _, err = call(monkeypatch, capsys, "judge", scores, "--benchmark", "digits-nb201", "--space", "nb201")
    assert code == 2 and "a benchmark defines its space" in err
    truth.assign(arch=truth["arch"].str.replace("skip_connect", "skipp")).to_csv(tmp_path / "bad.csv", index=False)
    code, _, err = call(monkeypatch, capsys, "judge", scores, "--truth", tmp_path / "bad.csv", "--space", "nb201")
    assert code == 2 and "bad.csv: row" in err


@pytest.mark.long
def test_notes_stand_on_stderr_below_the_table_and_in_the_page(monkeypatch, capsys, scores, tmp_path, without_ink):
    table = pd.read_csv(scores)
    table.loc[:4, "mine"] = -1e8
    table.rename(columns={"theirs": "valid_loss"}).to_csv(scores)  # with its index
    words = ("--benchmark", "digits-nb201", "--bootstrap", 5)
    code, out, err = call(monkeypatch, capsys, "judge", scores, *words, "--html", tmp_path / "page.html")
    notes = [line for line in err.splitlines() if line.startswith("note: ")]
    assert code == 0 and len(notes) == 3 and "note" not in out
    for part in ("ignored as row numbers", "5 architectures have the score -1e+08", "--lower-is-better valid_loss"):
        assert any(part in note for note in notes)
        assert part in (tmp_path / "page.html").read_text()
    code, out, err = call(monkeypatch, capsys, "judge", scores, *words, "--json")
    assert code == 0 and err.count("note: ") == 3 and json.loads(out)


def test_low_is_good_for_estimators_and_truth(monkeypatch, capsys, tmp_path, without_ink):
    truth = pd.DataFrame({"arch": list("abcdef"), "value": [30.0, 20, 15, 12, 11, 10.5]})
    truth.to_csv(tmp_path / "t.csv", index=False)
    score = pd.DataFrame({"arch": list("abcdef"), "perplexity": [6.0, 5, 4, 3, 2, 1], "size": [1.0, 2, 3, 4, 5, 6]})
    score.to_csv(tmp_path / "s.csv", index=False)
    words = ("judge", tmp_path / "s.csv", "--truth", tmp_path / "t.csv", "--bootstrap", 0, "--criterion", "kendall_tau")
    flipped = ("--truth-lower-is-better", "--lower-is-better", "perplexity")
    _, out, err = call(monkeypatch, capsys, *words, "--json", *flipped)
    assert {r["estimator"]: round(r["value"], 9) for r in json.loads(out)} == {"perplexity": 1, "size": 1} and err == ""
    _, out, err = call(monkeypatch, capsys, *words, "--json")
    assert {r["estimator"]: round(r["value"], 9) for r in json.loads(out)} == {"perplexity": 1, "size": -1}
    assert "--lower-is-better perplexity" in err
    code, out, _ = call(monkeypatch, capsys, *words, *flipped, "--html", tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text()
    assert code == 0 and "value with its sign changed" in out and "truth_lower_is_better" in page
    code, _, err = call(monkeypatch, capsys, *words, "--lower-is-better", "siez")
    assert code == 2 and "unknown estimator 'siez'; nearest: size" in err
    code, _, err = call(monkeypatch, capsys, *words[:2], "--benchmark", "digits-nb201", "--truth-lower-is-better")
    assert code == 2 and "a benchmark defines its direction" in err


def test_an_architecture_is_matched_whatever_its_spelling(monkeypatch, capsys, tmp_path):
    mean = load("digits-darts").truth.groupby("arch", sort=False)["accuracy"].mean().iloc[:60]
    table = pd.DataFrame({"arch": mean.index, "s": np.random.default_rng(0).random(60)})
    table.to_csv(tmp_path / "exact.csv", index=False)
    table["arch"] = table["arch"].str.replace("[2, 3, 4, 5]", "range(2, 6)")
    table.to_csv(tmp_path / "other.csv", index=False)
    words = ("--benchmark", "digits-darts", "--bootstrap", 0, "--json")
    _, exact, _ = call(monkeypatch, capsys, "judge", tmp_path / "exact.csv", *words)
    code, other, _ = call(monkeypatch, capsys, "judge", tmp_path / "other.csv", *words)
    assert code == 0 and exact == other and json.loads(exact)[0]["n"] == 60
    table.iloc[[*range(60), 0]].to_csv(tmp_path / "twice.csv", index=False)
    code, _, err = call(monkeypatch, capsys, "judge", tmp_path / "twice.csv", *words)
    assert code == 2 and "row 61 repeats row 1" in err


def test_the_row_of_a_foreign_architecture_is_that_of_the_file(monkeypatch, capsys, tmp_path):
    archs = load("digits-nb201").archs[:3]
    absent = "|none~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|none~2|"
    pd.DataFrame({"arch": [*archs, absent], "s": [1, 2, 3, 4], "t": [1, 2, 3, 4]}).to_csv(
        tmp_path / "s.csv", index=False
    )
    code, _, err = call(monkeypatch, capsys, "judge", tmp_path / "s.csv", "--benchmark", "digits-nb201")
    assert code == 2 and "s.csv: row 4 " in err and "1 of 4 architectures" in err and "--unknown drop" in err
