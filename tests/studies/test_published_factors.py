"""Published values on supernets: as printed, each with its source; a study shows those of criteria alone."""

from pathlib import Path

import pytest

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.studies import published
from nasgauge.studies.checks import checked
from nasgauge.studies.published import published_values, values_beside
from nasgauge.studies.schema import Study
from nasgauge.studies.texts import study_text

NAMES = sorted(
    path.stem
    for path in (Path(published.__file__).parent / "shipped" / "published").glob("*.csv")
    if path.stem.startswith(("yu2021", "laube2021"))
)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_its_source_and_no_row_stands_twice(name):
    table = published_values(name)
    assert (
        len(table) > 5
        and table["source"].str.fullmatch(r"(Yu et al\.|Laube & Zell) 2021, (Fig|Tab|Sec)\. [\d.]+").all()
    )
    keys = [c for c in table.columns if c not in ("value", "deviation", "source", "statement", "sign")]
    assert not table.duplicated(keys).any()
    if "value" in table:
        assert table["value"].between(-1, 1).all()


def test_tau_a_of_the_variations_is_that_of_the_figures():
    table = (
        published_values("laube2021-tau-a").fillna("").set_index(["size", "mask", "transformers", "variation"])["value"]
    )
    assert table["S", "", "", "baseline"] == 0.07 and table["M", "none+pool", "", "clip"] == 0.36
    assert table["S", "none+conv3", "", "baseline"] == 0.71 and table["M", "", "skip+pool", "baseline"] == 1.0
    masks = table.xs(("S", "", "baseline"), level=("size", "transformers", "variation"))
    assert len(masks) == 16  # all fifteen masks of one and two operations


def test_a_study_shows_values_of_criteria_alone():
    assert len(values_beside("ning2021-nb201-zeroshot")) > 10
    with pytest.raises(UserError, match="'laube2021-tau-a': its rows are not values of criteria"):
        values_beside("laube2021-tau-a")


@pytest.mark.parametrize(
    ("name", "says"), [("yu2021-factors", "not values of criteria"), ("yu2022", "unknown published")]
)
def test_a_table_that_cannot_be_shown_is_refused_before_any_work(name, says, tmp_path):
    text = study_text("quickstart")
    with pytest.raises(UserError, match=says):
        checked(parse(f'published = "{name}"\n{text}', Study, "quick"))
