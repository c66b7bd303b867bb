"""What is on disk: whole parts, resumption, refusal of foreign folders."""

import os

import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.core.store import Store, key_of, write_atomically


def table(n):
    return pd.DataFrame({"a": range(n), "b": [str(i) for i in range(n)]})


def test_parts_come_back_in_the_order_of_their_keys(tmp_path):
    store = Store.open(tmp_path / "s", {"title": "study"})
    assert store.read("t") is None and store.keys("t") == set()
    for key in ("k2", "k1"):
        store.write("t", key, table(2).assign(key=key))
    assert store.keys("t") == {"k1", "k2"}
    assert list(store.read("t")["key"]) == ["k1", "k1", "k2", "k2"]
    assert list(store.read("t", ["k2", "k1"])["key"]) == ["k2", "k2", "k1", "k1"]


def test_a_half_written_part_is_no_part(tmp_path):
    store = Store.open(tmp_path, {"title": "study"})
    store.write("t", "k1", table(2))
    (tmp_path / "parts" / "t" / ".k2.parquet.123.tmp").write_bytes(b"PAR1 half")
    assert store.keys("t") == {"k1"}
    assert len(store.read("t")) == 2


def test_an_interrupted_write_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "f"
    write_atomically(path, b"old")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_damaged_part_is_named_with_the_remedy(tmp_path):
    store = Store.open(tmp_path, {"title": "study"})
    store.write("t", "k1", table(2))
    part = tmp_path / "parts" / "t" / "k1.parquet"
    part.write_bytes(part.read_bytes()[:20])
    with pytest.raises(UserError, match=r"k1\.parquet: cannot be read.*delete it"):
        store.read("t")


def test_resuming_needs_the_same_study(tmp_path):
    Store.open(tmp_path / "s", {"title": "one"})
    assert Store.open(tmp_path / "s", {"title": "one"}).tables() == {"title": "one"}
    with pytest.raises(UserError, match="another study"):
        Store.open(tmp_path / "s", {"title": "two"})


def test_foreign_folders_and_files_are_refused_and_left_as_they_are(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("x")
    for name in ("mine", "file"):
        with pytest.raises(UserError, match="is not a study folder"):
            Store.open(tmp_path / name, {"title": "study"})
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(UserError, match=r"no study\.toml"):
        Store.existing(tmp_path / "mine")


def test_an_unwritable_place_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot be written"):
        Store.open(tmp_path / "file" / "below", {"title": "study"})


def test_keys_depend_on_content_alone():
    assert key_of([1, {"x": "é"}]) == key_of([1, {"x": "é"}])
    assert len({key_of(w) for w in ([1], ["1"], [1, 1], {"a": 1}, {"a": 2})}) == 5


def test_the_environment_names_versions_but_no_path(tmp_path):
    record = Store.open(tmp_path / "s", {"title": "x"}).environment()
    assert record["packages"]["numpy"].count(".") >= 1
    assert "/" not in str(record["packages"])
