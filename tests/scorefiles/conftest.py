"""Files to read, in both formats."""

import pandas as pd
import pytest


@pytest.fixture(params=["csv", "parquet"])
def file(request, tmp_path):
    """A function that writes columns to a file of either format and gives its path; None is an empty cell."""

    def write(name="table", **columns):
        table, path = pd.DataFrame(columns), tmp_path / f"{name}.{request.param}"
        if request.param == "csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path)
        return path

    return write


@pytest.fixture
def text(tmp_path):
    """A function that writes text or bytes to a file and gives its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
