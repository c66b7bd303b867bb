"""What is on disk: whole parts, resumption, refusal of foreign folders."""

import errno
import os

import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.core.replacing import write_atomically
from nasgauge.core.store import Store, key_of


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


def test_any_changed_bit_of_a_task_is_told_and_the_task_is_done_again_without_the_part(tmp_path):
    store = Store.open(tmp_path, {"title": "study"})
    store.write_task("k1", {"errors": table(3), "scores": table(2)})
    assert store.done("scores") == {"k1"} and store.read("errors").equals(table(3))
    for name in ("errors", "scores"):
        part = tmp_path / "parts" / name / "k1.parquet"
        whole = part.read_bytes()
        for i in range(0, len(whole), 97):  # anywhere: the pages, their headers, the schema, the footer
            part.write_bytes(whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :])
            with pytest.raises(UserError, match=rf"{name}/k1\.parquet: has changed since it was written; delete it"):
                store.read(name)
        part.unlink()
        assert store.done("scores") == set()
        part.write_bytes(whole)
        assert store.done("scores") == {"k1"}


def test_fewer_rows_than_were_written_are_told(tmp_path):
    store = Store.open(tmp_path, {"title": "study"})
    store.write_task("k1", {"costs": table(3), "scores": table(2)})
    table(2).to_parquet(tmp_path / "parts" / "costs" / "k1.parquet", index=False)
    with pytest.raises(UserError, match="costs/k1"):
        store.read("costs")


def test_parts_of_older_versions_have_no_digests_and_are_read(tmp_path):
    store = Store.open(tmp_path, {"title": "study"})
    store.write("scores", "k1", table(2))
    assert store.done("scores") == {"k1"} and len(store.read("scores")) == 2


def test_a_damaged_digest_is_named_with_the_remedy(tmp_path):
    Store.open(tmp_path, {"title": "study"}).write_task("k1", {"scores": table(2)})
    [file] = (tmp_path / "digests").iterdir()
    file.write_bytes(file.read_bytes()[:-2])
    for ask in (lambda store: store.done("scores"), lambda store: store.read("scores")):
        with pytest.raises(UserError, match=r"digests/k1-.*\.json: is damaged; delete it"):
            ask(Store.existing(tmp_path))
    file.unlink()
    assert Store.existing(tmp_path).done("scores") == {"k1"} and len(Store.existing(tmp_path).read("scores")) == 2


@pytest.mark.parametrize("n", range(1, 5))
def test_two_runs_may_do_one_task_at_the_same_time(tmp_path, monkeypatch, n):
    """The other one does all of it after the first one's n-th file; what they measured differs."""
    store, other = Store.open(tmp_path, {"title": "study"}), Store(tmp_path)
    replaced, rename = [], os.replace

    def replace(source, target):
        rename(source, target)
        replaced.append(target)
        if len(replaced) == n:
            other.write_task("k1", {"costs": table(4), "errors": table(0), "scores": table(2)})

    monkeypatch.setattr(os, "replace", replace)
    store.write_task("k1", {"costs": table(3), "errors": table(0), "scores": table(2)})
    for name, sizes in {"costs": (3, 4), "errors": (0,), "scores": (2,)}.items():
        assert len(Store.existing(tmp_path).read(name)) in sizes
    assert Store.existing(tmp_path).done("scores") == {"k1"}


@pytest.mark.parametrize("n", range(4))
def test_a_folder_of_a_run_that_was_ended_while_it_began_is_taken_over(tmp_path, monkeypatch, n):
    """After any of the first files, and with the temporary file of the next one."""

    class Killed(BaseException):
        pass

    written = []

    def replace(source, target):
        if len(written) == n:
            raise Killed
        written.append(target)
        os.rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        try:
            Store.open(tmp_path / "s", {"a": "x.py:y"}, 'a = "x.py:y"')
        except Killed:
            assert n < 3
    assert len(written) == min(n, 3)
    assert Store.open(tmp_path / "s", {"a": "x.py:y"}, 'a = "x.py:y"').tables() == {"a": "x.py:y"}


def test_temporary_files_of_writers_that_ended_are_removed_and_no_others(tmp_path):
    Store.open(tmp_path, {"title": "study"})
    dead, living = 2**22 + 1, os.getpid()  # above the largest number of a process
    (tmp_path / "parts" / "t").mkdir(parents=True)
    names = (f".a.parquet.{dead}.tmp", f".b.parquet.{dead}.tmp", f".c.parquet.{living}.tmp")
    old, new, own = (tmp_path / "parts" / "t" / name for name in names)
    for file in (old, new, own):
        file.write_bytes(b"half")
    for file in (old, own):
        os.utime(file, (0, 0))
    Store.open(tmp_path, {"title": "study"})
    assert sorted((tmp_path / "parts" / "t").iterdir()) == [new, own]


def test_a_full_disk_names_the_file_keeps_the_old_one_and_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "f"
    write_atomically(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as told:
        write_atomically(path, b"new")
    assert told.value.filename == str(path) and path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


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
