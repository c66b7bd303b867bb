"""The script for accelerators runs all its parts on the CPU, at the smallest sizes, and goes on from its checkpoint."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "speed" / "accelerator.py"
NEEDED = ("cifar10/train-00000-of-00001.parquet", "nas-bench-201/accuracy.parquet")
DATA = Path(os.environ.get("NASGAUGE_DATA", "absent"))

pytestmark = pytest.mark.skipif(
    not all((DATA / name).is_file() for name in NEEDED),
    reason=f"$NASGAUGE_DATA does not hold {' and '.join(NEEDED)}",
)


def run(out, *options):
    command = [
        sys.executable,
        str(SCRIPT),
        "--device",
        "cpu",
        "--tiny",
        "--seconds",
        "600",
        "--out",
        str(out),
        *options,
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads((out / "accelerator.json").read_text(encoding="utf-8"))


SOME = ("machine", "equality of supernets", "memory layouts", "all proxies, one process", "supernet of the paper")


@pytest.fixture(scope="module", params=[SOME, pytest.param((), marks=pytest.mark.full)], ids=["some parts", "all"])
def first(request, tmp_path_factory):
    """The folder of a run of all parts, or of some: what is measured, compared, trained, and gone on with."""
    folder = tmp_path_factory.mktemp("first")
    run(folder, *(("--parts", *request.param) if request.param else ()))
    return folder


@pytest.mark.long
def test_every_part_finds_something(first):
    found = json.loads((first / "accelerator.json").read_text(encoding="utf-8"))
    parts = {name: part for name, part in found.items() if isinstance(part, dict)}
    assert len(parts) == (len(SOME) if "--parts" in found["arguments"] else 12)
    assert not [part["error"] for part in parts.values() if "error" in part]
    assert all(part.get("rows") for name, part in parts.items() if name != "machine")
    text = (first / "accelerator.md").read_text(encoding="utf-8")
    assert all(f"## {name}" in text for name in parts) and "Failed" not in text


@pytest.mark.long
def test_the_cpu_agrees_with_itself_and_coarser_arithmetic_does_not(first):
    found = json.loads((first / "accelerator.json").read_text(encoding="utf-8"))
    if "--parts" not in found["arguments"]:
        assert {row["float64 - CPU float64"] for row in found["equality of proxies"]["rows"]} == {"0e+00"}
    differences = {row["precision"]: row["difference"] for row in found["memory layouts"]["rows"]}
    assert differences["float32"] < 1e-4 < 1e-3 < differences["bfloat16"]


@pytest.mark.long
def test_a_later_slice_goes_on_from_the_checkpoint_and_a_part_that_fails_ends_no_other(first, tmp_path):
    """The first run ended with its last epoch, so there is nothing left to train; a checkpoint that is absent fails."""
    before = json.loads((first / "accelerator.json").read_text(encoding="utf-8"))["supernet of the paper"]
    after = run(tmp_path / "second", "--resume", str(first), "--parts", "supernet of the paper")[
        "supernet of the paper"
    ]
    assert (before["epochs"], before["epochs of this slice"]) == (2, 2)
    assert (after["epochs"], after["epochs of this slice"]) == (2, 0)
    assert before["training_log"] == after["training_log"]
    (tmp_path / "empty").mkdir()
    found = run(tmp_path / "third", "--resume", str(tmp_path / "empty"), "--parts", "supernet of the paper", "machine")
    assert "weights.pt" in found["supernet of the paper"]["error"] and "tflops" in found["machine"]
    assert "Failed: FileNotFoundError" in (tmp_path / "third" / "accelerator.md").read_text(encoding="utf-8")
