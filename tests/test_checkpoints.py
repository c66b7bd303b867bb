"""The folder of checkpoints: states come back whole and equal, anything else is told and left alone."""

import os
import pickle

import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators.checkpoints import CheckpointFolder


def state(epoch):
    weights = {"w": torch.arange(6.0).reshape(1, 2, 3, 1).contiguous(memory_format=torch.channels_last) + epoch}
    return {"weights": weights, "epoch": epoch, "rows": {"log": [{"epoch": epoch, "loss": 0.5}]}, "best": float("inf")}


def test_states_come_back_equal_in_the_order_of_their_epochs(tmp_path):
    folder = CheckpointFolder(tmp_path / "new" / "folder")
    assert len(folder) == 0 and list(folder) == [] and 3 not in folder
    for epoch in (1200000, 30, 0):
        folder[epoch] = state(epoch)
    assert list(CheckpointFolder(folder.folder)) == [0, 30, 1200000] and len(folder) == 3
    assert sorted(p.name for p in folder.folder.iterdir()) == ["epoch-000000.pt", "epoch-000030.pt", "epoch-1200000.pt"]
    back = folder[30]
    assert torch.equal(back["weights"].pop("w"), state(30)["weights"].pop("w"))
    assert back == {**state(30), "weights": {}}


def test_it_is_a_mutable_mapping(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder[1] = state(1)
    folder[1] = {"epoch": "again"}
    assert folder[1] == {"epoch": "again"} and folder.get(2) is None and 1 in folder
    del folder[1]
    assert list(folder) == []
    for missing in (lambda: folder[1], lambda: folder.pop(1), lambda: folder.__delitem__(1)):
        with pytest.raises(KeyError):
            missing()


def test_other_files_are_ignored(tmp_path):
    for name in ("epoch-12.pt", "epoch-0000x1.pt", ".epoch-000003.pt.77.tmp", "notes.txt"):
        (tmp_path / name).write_bytes(b"mine")
    folder = CheckpointFolder(tmp_path)
    folder[2] = state(2)
    assert list(folder) == [2] and (tmp_path / "notes.txt").read_bytes() == b"mine"


def test_an_interrupted_write_leaves_the_old_state(tmp_path, monkeypatch):
    folder = CheckpointFolder(tmp_path)
    folder[5] = {"epoch": "old"}

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    for epoch in (5, 6):
        with pytest.raises(KeyboardInterrupt):
            folder[epoch] = {"epoch": "new"}
    assert list(folder) == [5] and folder[5] == {"epoch": "old"}


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("kind", ["truncated", "half", "bit", "empty", "text", "list", "pickle", "evil"])
def test_a_damaged_or_foreign_file_is_named_with_the_remedy_and_left(kind, tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder[1], folder[2] = state(1), state(2)
    path = folder.path(2)
    whole = path.read_bytes()
    contents = {"truncated": whole[:-10], "half": whole[: len(whole) // 2], "empty": b"", "text": b"hello\nyou"}
    if kind == "bit":  # of a weight
        weights = state(2)["weights"]["w"].permute(0, 2, 3, 1).contiguous().numpy().tobytes()
        at = whole.index(weights)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    elif kind == "list":
        torch.save([1, 2], path)
    elif kind == "evil":
        torch.save({"weights": Evil(tmp_path / "ran")}, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"weights": Evil(tmp_path / "ran")}))
    else:
        path.write_bytes(contents[kind])
    before = path.read_bytes()
    with pytest.raises(
        UserError, match=r"epoch-000002\.pt: is not a readable checkpoint .*; delete it to resume"
    ) as error:
        folder[2]
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before and not (tmp_path / "ran").exists()
    assert folder[1]["epoch"] == 1


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot be written"):
        CheckpointFolder(tmp_path / "file" / "below")[1] = state(1)


def test_what_cannot_be_read_back_safely_is_a_mistake_of_the_program_and_leaves_no_file(tmp_path):
    folder = CheckpointFolder(tmp_path)
    with pytest.raises(AttributeError):
        folder[1] = {"f": lambda: 0}
    assert list(tmp_path.iterdir()) == []
