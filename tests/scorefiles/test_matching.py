"""Which architecture of a truth a string means, in every space: spellings, repeats, what the truth does not hold."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles import Spellings, matched, score_file, truth_file
from nasgauge.spaces import SPACES, get_space


def blanks(text, space, rng):
    return f"  {text} "


def ranges(text, space, rng):
    return text.replace("[2, 3, 4, 5]", "range(2, 6)")


def tuples(text, space, rng):
    return text.replace("[2, 3, 4, 5]", "(2,3,4,5)").replace("), (", ") ,(").replace("'", '"')


def without_concat(text, space, rng):
    return re.sub(r", \w+_concat=\[2, 3, 4, 5\]", "", text)


def inputs_swapped(text, space, rng):
    """Each node's two terms in the other order."""
    pairs = re.findall(r"\('\w+', \d\)", text)
    swapped = [pairs[i ^ 1] for i in range(len(pairs))]
    return re.sub(r"\('\w+', \d\)", lambda _: swapped.pop(0), text)


def parents_turned(text, space, rng):
    """The parents of each vertex in falling order."""
    return re.sub(r"\d(\+\d)+", lambda found: "+".join(reversed(found[0].split("+"))), text)


def renumbered(text, space, rng):
    """Another encoding of the same cell, its dead vertices left out."""
    others = space.members(space.from_str(text))
    return space.to_str(others[int(rng.integers(len(others)))])


def dead_vertex(text, space, rng):
    """A vertex that feeds nothing before those in use, where there is room: every number rises by one."""
    live = space.to_str(space.canonical(space.from_str(text)))
    if live.count("|") == 5:
        return text
    raised = re.sub(r"(?<=[~+])\d", lambda found: str(int(found[0]) + (found[0] != "0")), live)
    return f"maxpool3x3~0|{raised}"


SPELLINGS = {
    "darts": [blanks, ranges, tuples, without_concat, inputs_swapped],
    "darts-nds": [blanks, ranges, tuples, without_concat, inputs_swapped],
    "nb101": [blanks, parents_turned, renumbered, dead_vertex],
    "nb101-1shot1-1": [blanks, parents_turned],
    "nb101-1shot1-2": [blanks, parents_turned],
    "nb101-1shot1-3": [blanks, parents_turned],
    "nb101-1shot1-3-chain": [blanks, parents_turned],
    "nb201": [blanks],
    "nds-resnet": [blanks],
    "nds-resnext-a": [blanks],
}
CASES = [(name, spell) for name, spells in SPELLINGS.items() for spell in spells]


def different(space, n=30, seed=0):
    """Architectures of different identities, as strings."""
    rng, found = np.random.default_rng(seed), {}
    while len(found) < n:
        arch = space.sample(rng)
        found.setdefault(space.identity(arch), space.to_str(arch))
    return list(found.values())


def test_every_space_has_its_spellings():
    assert SPELLINGS.keys() == SPACES.keys()


@pytest.mark.parametrize(("name", "spell"), CASES)
def test_another_spelling_is_the_same_architecture(file, name, spell):
    space, rng = get_space(name), np.random.default_rng(1)
    archs = different(space)
    spelled = [spell(text, space, rng) for text in archs]
    assert any(text != other.strip() for text, other in zip(archs, spelled, strict=True)) or spell is blanks
    given = score_file(file(arch=spelled, s=np.arange(30.0)))
    found = matched(given, Spellings(archs, space), unknown="error")
    assert found.scores["arch"].tolist() == archs
    assert found.scores["score"].tolist() == list(range(30)) and not found.notes


@pytest.mark.parametrize(("name", "spell"), [case for case in CASES if case[1] is not blanks])
def test_two_spellings_in_a_file_are_a_repeat_and_both_rows_are_named(file, name, spell):
    space, rng = get_space(name), np.random.default_rng(2)
    archs = different(space, 60)
    twin, text = next((t, a) for a in archs if (t := spell(a, space, rng)) != a)
    given = score_file(file(arch=[*archs, twin], s=np.arange(61.0)))
    row = archs.index(text) + 1
    for known in (archs, archs[:1], [a for a in archs if a != text]):  # held by the truth or not
        with pytest.raises(UserError, match=f"row 61 repeats row {row}: .* are one architecture; keep one of them"):
            matched(given, Spellings(known, space), unknown="drop")
    truth = file("truth", arch=[*archs, twin], accuracy=np.linspace(0, 1, 61))
    with pytest.raises(UserError, match=f"row 61 repeats row {row} "):
        truth_file(truth, space=space)
    seeds = file("seeds", arch=[*archs, twin], accuracy=np.linspace(0, 1, 61), seed=[0] * 60 + [1])
    told = truth_file(seeds, space=space)
    assert told.truth["arch"].tolist() == [*archs, text] and len(told.spellings) == 60


def test_isomorphic_cells_that_were_trained_apart_stay_apart(file):
    for name in ("nb201", "nb101-1shot1-1", "darts"):
        space, rng = get_space(name), np.random.default_rng(0)
        members = next(m for _ in range(200) if len(m := space.members(space.sample(rng))) > 1)
        texts = [space.to_str(m) for m in members[:2]]
        found = matched(score_file(file(arch=texts, s=[1, 2])), Spellings(texts, space), unknown="error")
        assert found.scores["arch"].tolist() == texts


def test_a_truth_file_is_spelled_as_its_space_spells(file):
    space = get_space("darts")
    archs = different(space, 5)
    columns = {"arch": [ranges(a, space, None) for a in archs], "accuracy": [0.1, 0.2, 0.3, 0.4, 0.5]}
    told = truth_file(file(**columns, n_params=[1000] * 5), space=space)
    assert told.truth["arch"].tolist() == told.complexity["arch"].tolist() == archs
    given = score_file(file("s", arch=[inputs_swapped(a, space, None) for a in archs], s=[1, 2, 3, 4, 5]))
    assert matched(given, told.spellings, unknown="error").scores["arch"].tolist() == archs


def test_what_the_truth_does_not_hold_is_told_with_the_row_of_the_file(file):
    space = get_space("nb201")
    archs = different(space, 4)
    long = file(estimator=["x", "y"] * 4, arch=[a for a in archs for _ in "xy"], score=np.arange(8.0))
    given, known = score_file(long), Spellings(archs[:2], space)
    with pytest.raises(UserError, match=r"row 5 scores architecture '.*', which is not in bench \(2 of 4 archit") as e:
        matched(given, known, unknown="error", called="bench")
    assert "--unknown drop" in str(e.value) and 'unknown="drop"' in str(e.value) and archs[2] in str(e.value)
    wide = score_file(file("wide", arch=archs, s=[1, 2, 3, 4], t=[1, 2, 3, 4]))
    with pytest.raises(UserError, match="row 3 scores"):
        matched(wide, known, unknown="error")
    kept = matched(wide, known, unknown="drop")
    assert kept.scores["arch"].tolist() == archs * 2
    assert kept.notes == (f"{wide.where}: 2 of 4 architectures are not in the ground truth and dropped, first row 3",)
    why = dict.fromkeys(archs[2:], "in the table, but not drawn")
    with pytest.raises(UserError, match=r"\(2 of 4 architectures; 2 in the table, but not drawn\)"):
        matched(wide, known, unknown="error", left_out=why)


def test_without_a_space_a_string_means_itself_and_the_message_offers_one(file):
    given = score_file(file(arch=["a", "b "], s=[1, 2]))
    assert matched(given, Spellings(["a", "b"], None), unknown="error").scores["arch"].tolist() == ["a", "b"]
    with pytest.raises(UserError, match=r"row 2 .*with space=NAME \(--space NAME\), other spellings are recognised"):
        matched(given, Spellings(["a"], None), unknown="error")


FOREIGN = {
    "an index": ("6111", "indices differ between files"),
    "a hash": ("00005c142e6f48ac74fdcf73e3439874", "a hash does not identify an architecture"),
    "a tuple of operations": ("('none', 'skip_connect')", "the order of edges"),
    "a list of operations": ("['nor_conv_3x3', 'none']", "the order of edges"),
    "a dictionary": ("{'normal': []}", "the order of edges"),
    "another space": ("d1-w16|d3-w64|d2-w128", "it is an architecture of 'nds-resnet'"),
    "nothing known": ("my best cell", "expected"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_no_architecture_is_told_for_what_it_is(file, what):
    text, says = FOREIGN[what]
    space = get_space("nb201")
    archs = different(space, 2)
    given = score_file(file(arch=[*archs, text], s=[1, 2, 3]))
    with pytest.raises(UserError, match=f"row 3, column 'arch': .*{says}") as raised:
        matched(given, Spellings(archs, space), unknown="drop")
    assert "\n" not in str(raised.value)
    with pytest.raises(UserError, match=f"row 3, column 'arch': .*{says}"):
        truth_file(file("truth", arch=[*archs, text], accuracy=[0.1, 0.2, 0.3]), space=space)


@pytest.mark.parametrize("name", SPACES)
def test_hostile_strings_are_told_in_every_space(name):
    space = get_space(name)
    cell = "[('skip_connect', 0), ('skip_connect', 1)" + ", ('skip_connect', 0), ('skip_connect', 1)" * 3 + "]"
    endless = [f"Genotype(normal={cell}, normal_concat=range(2, {n}), reduce={cell})" for n in ("9" * 12, "9" * 40)]
    nested = ["(" * 100_000, "[" * 3000 + "]" * 3000, f"Genotype(normal={'-' * 5000}1, reduce=1)"]
    advised = [r"'\d'", "1if 2else 3", "Genotype(normal=1is 2)"]
    for text in ["", "|", "~", "+", "\0", "Genotype(**x)", "9" * 5000, *endless, *nested, *advised]:
        with warnings.catch_warnings(record=True) as caught, pytest.raises(UserError):
            warnings.simplefilter("always")
            Spellings.of_file(pd.Series([text]), space, "table.csv")
        assert not caught
