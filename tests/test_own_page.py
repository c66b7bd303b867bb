"""docs/own.md: every snippet of TOML runs in a study, with the snippets of Python as the file that it refers to."""

import re
import sys
from pathlib import Path

import pytest

from nasgauge.core import references
from nasgauge.studies.run import run_text

PAGE = (Path(__file__).parents[1] / "docs" / "own.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]}
HEAD = {
    "title": '"t"',
    "benchmark": '"digits-nb201"',
    "archs": "{ n = 24 }",
    "criteria": '["kendall_tau"]',
    "n_bootstrap": "2",
}
PLAIN = '[[estimators]]\nname = "zeroshot"\nproxies = ["n_params"]\n'
NETWORK = "net = { channels = 2, n_cells = 1, n_stages = 1 }\n"
NAMES = {
    "A proxy": {"synflow", "logit_spread", "grad_max"},
    "A sampler": {"oneshot", "oneshot_loss"},
    "A criterion": {"n_params"},
    "An encoder, a loss and a search of a predictor": {
        "tree by lucky-10/0 stage 0",
        "tree by lucky-10/0 stage 1",
        "mlp absolute epochs=2-10/0",
    },
    "A data set": {"snip (squares)"},
    "A search space and its ground truth": {"n_params"},
    "An estimator": {"length"},
}


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def study(toml):
    """The snippet in a study: keys of its head in place of ours, and an estimator where it has none."""
    head, bracket, estimators = toml.partition("[[")
    given = {line.split(" = ")[0] for line in head.splitlines() if line}
    lines = [f"{key} = {value}" for key, value in HEAD.items() if key not in given]
    networks = re.sub(r'(name = "(?:zeroshot|oneshot)"\n)', rf"\1{NETWORK}", (bracket + estimators) or PLAIN)
    return "\n".join([*lines, head, networks])


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != "An analysis"])
def test_a_snippet_runs(section, tmp_path, monkeypatch, without_a_page):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(references, "_files", {})
    code, toml = blocks(SECTIONS[section], "python"), blocks(SECTIONS[section], "toml")
    assert code and len(toml) == 1
    (tmp_path / "my_file.py").write_text("\n".join(code), encoding="utf-8")
    made = run_text(study(toml[0]), tmp_path / "out", where=section, folder=tmp_path, workers="serial")
    assert {*made.values["estimator"]} == NAMES[section]
    assert made.bundle().errors["error"].str.contains("was in no training architecture").all()  # of few to learn from
    if section == "A criterion":
        assert {*made.values["criterion"]} == {"kendall_tau", "share_of_best", "loss_of_accuracy(power=2)"}
    if section == "A proxy":
        assert references.load(f"{tmp_path}/my_file.py:steepest").needs == {"gradients"}


def test_every_section_is_run():
    assert set(NAMES) | {"An analysis"} == set(SECTIONS)
