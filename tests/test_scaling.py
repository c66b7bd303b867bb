"""The script that measures one and two workers runs all its parts at the smallest sizes."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "speed" / "scaling.py"


@pytest.mark.long
def test_the_script_compares_one_worker_two_and_two_runs():
    done = subprocess.run([sys.executable, str(SCRIPT), "--tiny"], capture_output=True, text=True, check=True)
    rows = {line[:12].strip(): line[12:].split() for line in done.stdout.splitlines()[1:]}
    assert list(rows) == ["one", "two", "two runs", "efficiency", "machine", "division"]
    assert [rows[side][0] for side in ("one", "two", "two runs")] == ["4", "4", "4"]  # 80 architectures, 20 to a task
    assert all(float(rows[side][1]) > 0 for side in ("one", "two", "two runs"))
    parts = float(rows["efficiency"][0]), float(rows["machine"][0]), float(rows["division"][0])
    assert parts[0] == pytest.approx(parts[1] * parts[2], rel=0.01, abs=0.01)
