"""Large tables become seeded samples and say so."""

import base64
import gzip
import io

import numpy as np
import pandas as pd

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
