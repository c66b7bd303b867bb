"""Every spelling of an architecture besides the string form, as scores and as ground truth; invalid ones by row."""

import json
import os
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasgauge import cli
from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.judging import judge_scores
from nasgauge.spaces import NB101, NB201, ORDERS, module_hash
from nasgauge.spaces.nb201_orders import official_order

INDICES = {NB201().to_str(official_order()[i]): i for i in (6111, 0, 9930, 857, 15624)}
NB201_ARCHS = list(INDICES)
NB101_ARCHS = load("digits-nb101").archs[:5]
DARTS_ARCHS = load("digits-darts").archs[:5]
TREATED = {"criteria": ["kendall_tau"], "n_bootstrap": 0}


def operations(text):
    """The operations of a cell of NAS-Bench-201 in the official order."""
    return [part.partition("~")[0] for node in text.split("+") for part in node.strip("|").split("|")]


def naslib(text):
    """NASLib's numbers: edges by their source, and another order of operations."""
    ops = operations(text)
    by_source = [ops[0], ops[1], ops[3], ops[2], ops[4], ops[5]]
    numbers = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]
    return tuple(numbers.index(op) for op in by_source)


def official(text):
    return tuple(["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"].index(op)
                 for op in operations(text))  # fmt: skip


def matrix(text):
    """Matrix and operations of a cell of NAS-Bench-101, from its string form."""
    parts = [part.split("~") for part in text.split("|")]
    n = len(parts) + 1
    rows = [[int(str(x) in parts[y - 1][1].split("+")) if y > x else 0 for y in range(n)] for x in range(n)]
    return rows, ["input", *(name for name, _ in parts[:-1]), "output"]


def genotype(text):
    """As the code of DARTS prints it, with a range and the two inputs of nodes as they come."""
    return text.replace("[2, 3, 4, 5]", "range(2, 6)")


def columns(spell):
    return lambda archs: {"arch": [spell(arch) for arch in archs]}


def in_two_columns(archs):
    cells = [matrix(arch) for arch in archs]
    return {"matrix": [json.dumps(rows) for rows, _ in cells], "operations": [json.dumps(ops) for _, ops in cells]}


def as_printed(archs):
    cells = [matrix(arch) for arch in archs]
    return {"matrix": [str(np.array(rows)) for rows, _ in cells], "operations": [str(np.array(o)) for _, o in cells]}


def one_cell(text):
    rows, ops = matrix(text)
    return json.dumps({"matrix": rows, "operations": ops})


SPELLINGS = {  # name: space, its columns, order, note
    "index": ("nb201", columns(lambda text: str(INDICES[text])), None, "official indices of NAS-Bench-201"),
    "tuple of numbers": ("nb201", columns(lambda text: str(official(text))), "official", "order 'official'"),
    "tuple of NASLib": ("nb201", columns(lambda text: str(naslib(text))), "naslib", "order 'naslib'"),
    "list of names": ("nb201", columns(lambda text: str(operations(text))), "official", "order 'official'"),
    "names joined by |": ("nb201", columns(lambda text: "|".join(operations(text))), "official", "order 'official'"),
    "names joined by ~": ("nb201", columns(lambda text: "~".join(operations(text))), "official", "order 'official'"),
    "names joined by commas": ("nb201", columns(lambda text: ",".join(operations(text))), "official", "order"),
    "matrix in two columns": ("nb101", in_two_columns, None, "matrices with operations"),
    "matrix as numpy prints it": ("nb101", as_printed, None, "matrices with operations"),
    "matrix in one cell": ("nb101", columns(one_cell), None, "matrices with operations"),
    "matrix as a list of two": ("nb101", columns(lambda text: str(list(matrix(text)))), None, "matrices"),
    "hash": ("nb101", columns(lambda text: module_hash(NB101().from_str(text))), None, "module hashes"),
    "genotype": ("darts", columns(genotype), None, None),
}  # fmt: skip
ARCHS = {"nb201": NB201_ARCHS, "nb101": NB101_ARCHS, "darts": DARTS_ARCHS}
SCORES, ACCURACIES = [5.0, 1.0, 4.0, 3.0, 2.0], [0.9, 0.1, 0.75, 0.5, 0.25]


def tables(name):
    space, spelled, order, note = SPELLINGS[name]
    truth = pd.DataFrame({"arch": ARCHS[space], "accuracy": ACCURACIES})
    return pd.DataFrame({**spelled(ARCHS[space]), "s": SCORES}), truth, space, order, note


@pytest.mark.parametrize("name", SPELLINGS)
def test_scores_of_every_spelling_are_matched_and_the_spelling_is_noted(name):
    scores, truth, space, order, note = tables(name)
    verdict = judge_scores(scores, truth=truth, space=space, arch_order=order, **TREATED)
    assert verdict.scores["arch"].tolist() == ARCHS[space] and verdict.values["value"].tolist() == pytest.approx([1.0])
    expected = [] if note is None else [f"the table: architectures are read as {note}"]
    if note is not None and note.startswith("order"):
        expected = [f"the table: architectures are read as operations in the {note}"]
    assert len(verdict.notes) == len(expected)
    assert all(found.startswith(start) for found, start in zip(verdict.notes, expected, strict=True))


@pytest.mark.parametrize("name", [name for name in SPELLINGS if name != "hash"])
def test_a_ground_truth_of_every_spelling_is_in_the_string_form(name):
    spelled, truth, space, order, note = tables(name)
    given = spelled.drop(columns="s").assign(accuracy=ACCURACIES)
    scores = truth.assign(s=SCORES).drop(columns="accuracy")
    verdict = judge_scores(scores, truth=given, space=space, arch_order=order, **TREATED)
    assert verdict.truth["arch"].tolist() == ARCHS[space] and verdict.values["value"].tolist() == pytest.approx([1.0])
    assert [found.split(":")[0] for found in verdict.notes] == ([] if note is None else ["the ground-truth table"])


@pytest.mark.parametrize(
    "suffix", [".csv", *(pytest.param(s, marks=pytest.mark.full) for s in (".tsv", ".json", ".jsonl", ".parquet"))]
)
@pytest.mark.parametrize("name", SPELLINGS)
def test_the_command_line_reads_every_spelling(monkeypatch, capsys, tmp_path, name, suffix):
    scores, truth, space, order, note = tables(name)
    path = tmp_path / f"s{suffix}"
    if suffix == ".parquet":
        scores.to_parquet(path)
    elif suffix.startswith(".json"):
        scores.to_json(path, orient="records", lines=suffix == ".jsonl")
    else:
        scores.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    truth.to_csv(tmp_path / "t.csv", index=False)
    words = ["judge", path, "--truth", tmp_path / "t.csv", "--space", space, "--bootstrap", 0, "--json"]
    words += ["--criterion", "kendall_tau"] + ([] if order is None else ["--arch-order", order])
    monkeypatch.setattr(sys, "argv", ["nasgauge", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    assert not end.value.code and [row["value"] for row in json.loads(out)] == pytest.approx([1.0])
    lines = [line for line in err.splitlines() if not line.endswith(" s")]  # a busy machine adds those of progress
    assert len(lines) == (note is not None) and (note or "") in err


def test_lists_in_cells_are_read_as_their_text(tmp_path):
    cells = [matrix(arch) for arch in NB101_ARCHS]
    frame = pd.DataFrame({"matrix": [m for m, _ in cells], "operations": [o for _, o in cells], "s": SCORES})
    frame.to_parquet(tmp_path / "s.parquet")
    frame.to_feather(tmp_path / "s.feather")
    frame.to_json(tmp_path / "s.json", orient="records")
    arrays = frame.assign(matrix=[np.array(m) for m, _ in cells])
    truth = pd.DataFrame({"arch": NB101_ARCHS, "accuracy": ACCURACIES})
    for given in (frame, arrays, *(tmp_path / f"s.{kind}" for kind in ("parquet", "feather", "json"))):
        verdict = judge_scores(given, truth=truth, space="nb101", **TREATED)
        assert verdict.scores["arch"].tolist() == NB101_ARCHS
    tuples = {official(arch): score for arch, score in zip(NB201_ARCHS, SCORES, strict=True)}
    truth = dict(zip(NB201_ARCHS, ACCURACIES, strict=True))
    verdict = judge_scores(tuples, truth=truth, space="nb201", arch_order="official", **TREATED)
    assert verdict.values["estimator"].tolist() == ["scores"]
    assert verdict.values["value"].tolist() == pytest.approx([1.0])


CELL = {"matrix": [[0, 1], [0, 0]], "operations": ["input", "output"]}
FOREIGN = {"matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]], "operations": ["input", "conv", "output"]}
WRONG = {  # space, order, text: the refusal
    ("nb201", None, "(3, 1, 0, 2, 4, 0)"): r"the order of edges and operations differs .*--arch-order NAME",
    ("nb201", "official", "(3, 1, 0, 2, 7, 0)"): "operation 7 is not one of 0 to 4",
    ("nb201", "official", "none,none,none,none,none,1"): "a number among names",
    ("nb201", "official", "(3, 1, 0)"): "is not",
    ("nb101", None, "[[0, 1], [0, 0]]"): "the matrix is not square",
    ("nb101", None, "[[[0, 1], [0, 0]]]"): "is not a matrix with operations; expected",
    ("nb101", None, "{'matrix': [[0, 1], [0, 0]]}"): "is not a matrix with operations; expected",
    ("nb101", None, json.dumps(CELL | {"matrix": [[0, 1], [1, 0]]})): "entry 1 in row 2, column 1 .* below the",
    ("nb101", None, json.dumps(CELL | {"matrix": [[0, 2], [0, 0]]})): "entry 2 in row 1, column 2 .*; expected 0 or 1",
    ("nb101", None, json.dumps(CELL | {"matrix": [[0, 1]]})): "the matrix is not square with 2 to 7 rows",
    ("nb101", None, json.dumps(CELL | {"matrix": [[0] * 8] * 8})): "the matrix is not square with 2 to 7 rows",
    ("nb101", None, json.dumps(CELL | {"matrix": [[0, 0], [0, 0]]})): "no path leads from input to output",
    ("nb101", None, json.dumps(CELL | {"operations": ["input"]})): "the operations must be 2 names",
    ("nb101", None, json.dumps(FOREIGN)): "unknown operation 'conv'",
    ("nb101", None, "[" * 1000): "is not a matrix with operations",
    ("nb101", None, "[" * 3000): "has 3,000 characters",
    ("darts", None, "Genotype(normal=[], reduce=[])"): "the normal cell has 0 pairs",
    ("darts", None, "Genotype(normal=__import__('os').getcwd(), reduce=[])"): "is not a list of constants",
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case[0]} {case[2][:30]}")
def test_what_is_no_spelling_is_told_with_its_row(case):
    space, order, text = case
    good = {"nb101": json.dumps(CELL), "nb201": NB201_ARCHS[0], "darts": DARTS_ARCHS[0]}[space]
    truth = {good: 0.5, ARCHS[space][1]: 0.25}
    table = {"arch": [good, text], "s": [1.0, 2.0]}
    with pytest.raises(UserError, match=rf"^the table: row 2, column 'arch': .*{WRONG[case]}") as raised:
        judge_scores(table, truth=truth, space=space, arch_order=order, **TREATED)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 1_000
    with pytest.raises(UserError, match=rf"^the ground-truth table: row 2, column 'arch': .*{WRONG[case]}"):
        judge_scores({good: 1.0}, truth={good: 0.5, text: 0.25}, space=space, arch_order=order, **TREATED)


def test_numbers_are_indices_only_where_all_are_and_in_range():
    truth = {arch: i / 10 for i, arch in enumerate(NB201_ARCHS)}
    for archs, says in ((["6111", NB201_ARCHS[1]], "row 1, .*indices differ between files"),
                        (["6111", "15625"], "row 2, .*15625 is not an index of NAS-Bench-201; these are 0 to 15,624"),
                        (["6111", "-1"], "row 2, .*-1 is not an index of NAS-Bench-201")):  # fmt: skip
        with pytest.raises(UserError, match=says):
            judge_scores({"arch": archs, "s": [1, 2]}, truth=truth, space="nb201", **TREATED)
    series = pd.Series([1.0, 2.0], index=[6111, 0], name="s")
    assert judge_scores(series, truth=truth, space="nb201", **TREATED).scores["arch"].tolist() == NB201_ARCHS[:2]
    with pytest.raises(UserError, match="row 1 scores architecture '9', which is not in the ground-truth table"):
        judge_scores({"9": 1.0, "0": 2.0}, truth=truth, space="nb201", **TREATED)
    kept = judge_scores({"9": 1.0, "0": 2.0, "857": 1.0}, truth=truth, space="nb201", unknown="drop", **TREATED)
    assert kept.values["n_unknown"].tolist() == [1]


def test_two_spellings_of_one_architecture_are_a_repeat():
    text = NB101_ARCHS[0]
    truth = dict(zip(NB101_ARCHS, ACCURACIES, strict=True))
    for other in (one_cell(text), module_hash(NB101().from_str(text))):
        with pytest.raises(UserError, match=r"row 2 repeats row 1: .* are one architecture"):
            judge_scores({"arch": [text, other], "s": [1, 2]}, truth=truth, space="nb101", **TREATED)


def test_an_order_needs_the_space_to_which_it_applies():
    with pytest.raises(UserError, match="the order of operations 'official' needs the search space"):
        judge_scores({"a": 1.0}, truth={"a": 0.5}, arch_order="official", **TREATED)
    with pytest.raises(UserError, match="applies to search space 'nb201', not to 'darts'"):
        judge_scores({"a": 1.0}, truth={DARTS_ARCHS[0]: 0.5}, space="darts", arch_order="official", **TREATED)
    table = {"arch": [str(official(a)) for a in NB201_ARCHS], "s": SCORES}
    with pytest.raises(UserError, match="unknown order of operations 'offical'; nearest: official"):
        judge_scores(table, truth=dict(zip(NB201_ARCHS, ACCURACIES, strict=True)), space="nb201",
                     arch_order="offical", **TREATED)  # fmt: skip
    plain = dict(zip(NB201_ARCHS, ACCURACIES, strict=True))
    with pytest.raises(UserError, match="unknown order of operations 'offical'; nearest: official"):
        judge_scores(plain, truth=plain, space="nb201", arch_order="offical", **TREATED)  # without a list to read
    assert len({ORDERS[name].ops for name in ORDERS}) == len(ORDERS)


def test_a_matrix_needs_both_columns_and_no_empty_cell():
    cells = in_two_columns(NB101_ARCHS[:2])
    truth = dict(zip(NB101_ARCHS, ACCURACIES, strict=True))
    for name in cells:
        with pytest.raises(UserError, match="needs both columns, 'matrix' and 'operations'"):
            judge_scores(pd.DataFrame({name: cells[name], "s": [1, 2]}), truth=truth, space="nb101", **TREATED)
        broken = pd.DataFrame({**cells, name: [cells[name][0], None], "s": [1, 2]})
        with pytest.raises(UserError, match=f"row 2, column '{name}' is empty"):
            judge_scores(broken, truth=truth, space="nb101", **TREATED)


needs_data = pytest.mark.skipif(not os.environ.get("NASGAUGE_DATA"), reason="NASGAUGE_DATA is not set")


@needs_data
def test_the_official_order_is_that_of_the_published_table():
    table = pd.read_parquet(Path(os.environ["NASGAUGE_DATA"]) / "nas-bench-201" / "architectures.parquet")
    assert table.sort_values("index")["arch"].tolist() == [NB201().to_str(arch) for arch in official_order()]


@pytest.mark.long
@needs_data
def test_hashes_and_matrices_are_found_in_the_whole_table_of_nasbench_101():
    table = pd.read_parquet(Path(os.environ["NASGAUGE_DATA"]) / "nas-bench-101" / "accuracy.parquet")
    rows = table.sort_values("index").iloc[[0, 4789, 200_000, 423_623]]
    archs = [NB101().from_table(*row) for row in zip(rows["n_vertices"], rows["adj_bits"], rows["ops"], strict=True)]
    hashes = [module_hash(arch) for arch in archs]
    assert hashes == sorted(hashes) and hashes[0] == "00005c142e6f48ac74fdcf73e3439874"
    scores = {"hashes": dict(zip([*hashes, "f" * 32], [1.0, 2, 3, 4, 5], strict=True))}
    verdict = judge_scores(scores, benchmark="nb101", unknown="drop", **TREATED)
    column = "test_accuracy_108_epochs_mean"
    assert sorted(verdict.truth["accuracy"]) == sorted(rows[column]) and verdict.values["n"].tolist() == [4]
    assert verdict.values["n_unknown"].tolist() == [1]
    cells = {one_cell(NB101().to_str(arch)): float(i) for i, arch in enumerate(archs)}
    assert judge_scores(cells, benchmark="nb101", **TREATED).values["n"].tolist() == [4]
    with pytest.raises(UserError, match=r"row 5 scores architecture 'f+', which is not in nb101"):
        judge_scores(scores, benchmark="nb101", **TREATED)


Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


def genotype(text):
    """The authors' object, with a range as in their code."""
    found = eval(text, {"Genotype": Genotype})
    return found._replace(normal_concat=range(2, 6))


def as_lists(found):
    return {key: [list(part) if isinstance(part, tuple) else part for part in parts]
            for key, parts in found._asdict().items()}  # fmt: skip


GENOTYPES = {
    "the object": genotype,
    "its text": lambda text: str(genotype(text)),
    "its dictionary": lambda text: genotype(text)._asdict(),
    "its dictionary as text": lambda text: str(as_lists(genotype(text))),
    "its JSON": lambda text: json.dumps(as_lists(genotype(text))),
}


@pytest.mark.parametrize("form", GENOTYPES)
@pytest.mark.parametrize("side", ["scores", "truth"])
def test_a_genotype_is_read_in_every_form(form, side):
    archs, numbers = DARTS_ARCHS, [0.1, 0.2, 0.3, 0.4, 0.5]
    tables = {"scores": {"arch": archs, "s": numbers}, "truth": {"arch": archs, "accuracy": numbers}}
    tables[side] = tables[side] | {"arch": [GENOTYPES[form](text) for text in archs]}
    found = judge_scores(tables["scores"], truth=tables["truth"], space="darts", **TREATED)
    assert found.values["value"].tolist() == pytest.approx([1.0]) and not found.notes
    assert sorted(found.truth["arch"]) == sorted(archs)


def test_objects_and_their_text_are_equal_where_no_space_is_known():
    scores = {"arch": [genotype(text) for text in DARTS_ARCHS], "s": range(5)}
    truth = {"arch": [str(genotype(text)) for text in DARTS_ARCHS], "accuracy": [0.1, 0.2, 0.3, 0.4, 0.5]}
    assert judge_scores(scores, truth=truth, **TREATED).values["value"].tolist() == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"normal": [], "other": []}', "unknown part of a genotype 'other'"),
        ('{"normal": [["none", 0]]}', "the normal cell has 1 pairs"),
        ('{"normal": [], "normal": []}', "occurs twice; keep one"),
        ("{1: 2}", "is not a genotype"),
        ("{}", "is not a genotype"),
    ],
)
def test_a_dictionary_that_is_not_a_genotype(text, message):
    with pytest.raises(UserError, match=f"row 1, column 'arch': .*{message}"):
        judge_scores({"arch": [text, DARTS_ARCHS[0]], "s": [1, 2]}, benchmark="digits-darts", **TREATED)


@pytest.mark.parametrize("write", [
    lambda text: text.replace("+", " + "),
    lambda text: text.replace("|", " | ").replace("~", " ~ "),
    lambda text: f"  {text}\t",
    lambda text: text.replace("|", "| ").strip(),
])  # fmt: skip
def test_blanks_within_a_cell_of_nas_bench_201(write):
    found = judge_scores({"arch": [write(text) for text in NB201_ARCHS], "s": range(5)},
                         truth={"arch": NB201_ARCHS, "accuracy": [0.1, 0.2, 0.3, 0.4, 0.5]}, space="nb201",
                         **TREATED)  # fmt: skip
    assert found.values["value"].tolist() == pytest.approx([1.0])
