"""Large tables become seeded samples and say so."""

import base64
import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge import report
from nasgauge.report.downloads import N_ROWS, csv_download


def read(link):
    content = base64.b64decode(link.uri.split("base64,")[1])
    return pd.read_csv(io.BytesIO(gzip.decompress(content) if link.name.endswith(".gz") else content))


def test_a_small_table_is_there_whole():
    table = pd.DataFrame({"a": ['x,"y"', "z"], "b": [0.1, np.nan]})
    pd.testing.assert_frame_equal(
        read(csv_download(table, "t", rng=np.random.default_rng(0))), table, check_dtype=False
    )


def test_a_large_table_is_a_sample_in_the_order_of_its_rows():
    table = pd.DataFrame({"a": np.arange(3 * N_ROWS)})
    link = csv_download(table, "t", rng=np.random.default_rng(0))
    found = read(link)["a"]
    assert len(found) == N_ROWS and found.is_monotonic_increasing and found.is_unique
    assert link.label == f"CSV, gzip, {N_ROWS:,} of {3 * N_ROWS:,} rows, drawn at random"
    assert csv_download(table, "t", rng=np.random.default_rng(0)) == link
    assert csv_download(table, "t", rng=np.random.default_rng(1)) != link


FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://x")', "＝1"]


def test_texts_are_no_formulas_of_a_spreadsheet_and_numbers_stay_numbers():
    n = len(FORMULAS)
    table = pd.DataFrame({"estimator": FORMULAS, "=name": ["plain", "1=2"] * (n // 2) + ["a-b"] * (n % 2)})
    table["value"] = np.linspace(-1, 1, n)
    table["category"] = pd.Categorical(FORMULAS)
    table["mixed"] = pd.Series([-0.5, "=x", None, *range(n - 3)], dtype=object)
    found = read(csv_download(table, "t", rng=np.random.default_rng(0)))
    assert list(found) == ["estimator", "'=name", "value", "category", "mixed"]
    for column in ("estimator", "category"):
        assert found[column].tolist() == [f"'{text}".replace("\r", "\n") for text in FORMULAS]
    assert found["'=name"].tolist() == table["=name"].tolist()
    np.testing.assert_allclose(found["value"], table["value"], rtol=1e-9)
    assert found["mixed"][0] == "-0.5" and found["mixed"][1] == "'=x"


def test_every_csv_of_the_page_goes_through_that_door():
    folder = Path(report.__file__).parent
    writers = [p.name for p in folder.rglob("*.py") if ".to_csv(" in p.read_text(encoding="utf-8")]
    assert writers == ["downloads.py"]
    assert not [p.name for p in folder.rglob("*.js") if "text/csv" in p.read_text(encoding="utf-8")]
