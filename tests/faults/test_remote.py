"""A study whose folder lies below a URL: in the memory of this process, on a local server that speaks S3, and on a
store that has folders. The tables of a local run to the bit, and one line for whatever goes wrong."""

import importlib
import os
import shutil
import sys
import threading

import fsspec
import pandas as pd
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from small_studies import study

from nasgauge.cli import main
from nasgauge.core import urls
from nasgauge.core.errors import UserError
from nasgauge.core.output import write_output
from nasgauge.core.progress import reported
from nasgauge.core.remote import RemotePath, contents, local_copy, path_of, shared
from nasgauge.core.replacing import write_atomically
from nasgauge.core.store import Store
from nasgauge.estimators.checkpoints import CheckpointFolder
from nasgauge.studies import run as running

STUDY = study(5)
MEASURED = ("train_seconds", "arch_seconds", "fit_seconds")  # by a clock


class Foldered(LocalFileSystem):
    """A store with folders, such as sftp or hdfs: a file is refused where its folder is missing."""

    protocol = "foldered"


@pytest.fixture(autouse=True)
def nothing_left(without_a_page):
    fsspec.register_implementation("foldered", Foldered, clobber=True)
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield


@pytest.fixture(scope="module")
def server():
    """A local server that speaks S3, with an empty bucket."""
    moto = pytest.importorskip("moto.server", reason="needs moto[s3], flask and flask-cors")
    pytest.importorskip("s3fs", reason="needs the extra `remote`")
    import boto3
    import s3fs

    serving = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    serving.start()
    url = "http://{}:{}".format(*serving.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ENDPOINT_URL": url, "ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": "hidden-key"}.items():
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        # kept for the whole process by its options, which do not name the server: another worker's share of this file
        # may have begun here with a server of its own
        s3fs.S3FileSystem.clear_instance_cache()
        yield url
        client.close()
    s3fs.S3FileSystem.clear_instance_cache()
    serving.stop()


@pytest.fixture
def place(request, tmp_path):
    """A folder of a kind: its URL."""
    if request.param == "s3":
        request.getfixturevalue("server")
    return path_of(
        {"s3": f"s3://bucket/{tmp_path.name}", "foldered": f"foldered://{tmp_path}/a/b"}.get(
            request.param, "memory://a/b"
        )
    )


everywhere = pytest.mark.parametrize("place", ["memory", "foldered", "s3"], indirect=True)


def tables(folder):
    store = Store.existing(folder)
    found = {name: store.read(name) for name in store.names()}
    return {name: table.drop(columns=[c for c in MEASURED if c in table]) for name, table in found.items()}


def assert_equal(folder, expected):
    now = tables(folder)
    assert now.keys() == expected.keys()
    assert all(now[name].equals(expected[name]) for name in expected)


def run(folder, **options):
    running.run_text(STUDY, folder, where="x.toml", **({"workers": "serial"} | options)).bundle()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Of a run in a local folder: its tables."""
    folder = tmp_path_factory.mktemp("local") / "run"
    run(folder)
    return tables(folder)


@pytest.fixture
def call(monkeypatch, capsys):
    """Calls the command line; gives its exit code and what it printed to stderr but for progress."""

    def do(*words):
        monkeypatch.setattr(sys, "argv", ["nasgauge", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        err = capsys.readouterr().err
        return ended.value.code, [line for line in err.splitlines() if not line.endswith(" s")]

    return do


def opened(path):
    with path.open("rb") as file:
        return file.read()


@everywhere
def test_a_place_does_what_a_path_does(place, tmp_path):
    twin = tmp_path / "twin"
    for root in (place, twin):
        write_atomically(root / "deep" / "er" / "k-1.json", b"1")
        write_atomically(root / "k-2.json", b"old")
        write_output(root / "k-2.json", b"second")
        write_atomically(root / ".k-3.json", b"")
    for look in (
        lambda root: sorted(one.name for one in root.iterdir()),
        lambda root: sorted(one.name for one in root.glob("[!.]*.json")),
        lambda root: list((root / "absent").glob("*")),
        lambda root: [
            (one.exists(), one.is_file(), one.is_dir()) for one in (root, root / "k-2.json", root / "absent")
        ],
        lambda root: (
            (root / "k-2.json").read_bytes(),
            (root / "k-2.json").read_text(),
            opened(root / "k-2.json"),
        ),
        lambda root: ((root / "k-2.json").stat().st_size, (root / ".k-3.json").stat().st_size),
        lambda root: contents([root / "k-2.json", root / "deep" / "er" / "k-1.json"]) + contents([]),
        lambda root: [(root / "a.b").stem, (root / "a.b").with_suffix(".c").name, (root / "a.b").parent == root],
        lambda root: local_copy(root / "k-2.json").read_bytes(),
    ):
        assert look(place) == look(twin)
    for root in (place, twin):
        (root / "k-2.json").unlink()
        (root / "k-2.json").unlink(missing_ok=True)
        assert not (root / "k-2.json").exists()
        for ask in (lambda root: (root / "k-2.json").unlink(), lambda root: (root / "k-2.json").read_bytes()):
            with pytest.raises(FileNotFoundError):
                ask(root)
    with pytest.raises(TypeError):
        os.fspath(place)


def test_what_others_write_is_seen_at_once(server):
    place = path_of("s3://bucket/seen")
    assert not list(place.iterdir()) and not (place / "a").exists()
    import boto3

    client = boto3.client("s3")
    client.put_object(Bucket="bucket", Key="seen/a", Body=b"1")
    client.close()
    assert [one.name for one in place.iterdir()] == ["a"] and (place / "a").exists()


@pytest.mark.long
def test_an_address_that_is_corrected_is_used_by_the_same_process(server, monkeypatch):
    """The file system of an address is kept by fsspec; a notebook would stay with the wrong one until it ends."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        with pytest.raises(UserError, match=r"cannot be read.*check the address"):
            path_of("s3://bucket/corrected").exists()
    write_atomically(path_of("s3://bucket/corrected"), b"1")
    assert path_of("s3://bucket/corrected").read_bytes() == b"1"


@pytest.mark.parametrize("place", ["memory", "foldered", pytest.param("s3", marks=pytest.mark.long)], indirect=True)
def test_tables_are_those_of_a_local_folder_and_a_part_that_is_lost_is_done_again(place, expected):
    run(place)
    assert_equal(place, expected)
    assert running.Run.load(str(place)).status().n_done == 3
    part = next(iter((place / "parts" / "scores").glob("*.parquet")))
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"parquet: has changed since it was written; delete it and run again"):
        run(place)
    part.unlink()
    run(place)
    assert_equal(place, expected)
    [checkpoint] = (place / "checkpoints" / "net-seed0").glob("epoch-*.pt")
    assert CheckpointFolder(checkpoint.parent)[1].keys()
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"epoch-000001\.pt: is not a readable checkpoint"):
        CheckpointFolder(str(checkpoint.parent))[1]


def test_a_look_at_the_progress_lists_every_table_once(monkeypatch):
    """Every listing of a store is paid for; the progress of a training is read where there is a note of it alone."""
    run("memory://a/b")
    made = running.Run.load("memory://a/b")
    store, plan = made._store, made.plan
    for note in (store.folder / "progress").iterdir():
        note.unlink()
    [fit] = (store.folder / "parts" / "fits").iterdir()
    (store.folder / "progress" / fit.stem).write_bytes(b"0.25")
    listed, asked = [], []

    def counted(self, path, detail=True, **options):
        listed.append(path.strip("/").removeprefix("a/b/"))
        return ls(self, path, detail=detail, **options)

    def told(self, path, **options):
        asked.append(path)
        return info(self, path, **options)

    ls, info = MemoryFileSystem.ls, MemoryFileSystem.info
    tables = [f"parts/{name}" for name in store.names()]
    assert {"parts/scores", "parts/fits", "parts/costs"} <= set(tables)
    monkeypatch.setattr(MemoryFileSystem, "ls", counted)
    monkeypatch.setattr(MemoryFileSystem, "info", told)
    for look, found in ((lambda: plan.remaining(store), []), (lambda: plan.n_done(store), 3), (store.progress, (3, 3))):
        listed.clear()
        assert look() == found and sorted(listed) == sorted(["parts", "digests", *tables])
    fit.unlink()
    listed.clear()
    asked.clear()
    assert plan.n_done(store) == 2.25
    assert sorted(listed) == sorted(
        ["parts", "digests", "progress", *(name for name in tables if name != "parts/fits")]
    )
    assert not asked


@pytest.mark.long
def test_two_processes_write_to_a_bucket(server, expected, call, tmp_path):
    (tmp_path / "x.toml").write_text(STUDY)
    command = ["run", tmp_path / "x.toml", "--out", "s3://bucket/two", "--workers", 2]
    assert call(*command)[0] == 0
    assert_equal("s3://bucket/two", expected)
    assert call("status", "s3://bucket/two")[0] == call("cite", "s3://bucket/two")[0] == 0
    assert call("export", "s3://bucket/two", "--out", "s3://bucket/tables")[0] == 0
    assert path_of("s3://bucket/tables/scores.csv").read_text().startswith("estimator,arch,seed,score\n")
    for path in fsspec.filesystem("s3").find("bucket/two"):
        assert b"hidden-key" not in path_of(f"s3://{path}").read_bytes(), path


@pytest.mark.parametrize("n", [0, 3, 6, 12])
def test_a_network_that_fails_is_one_line_and_nothing_is_lost(n, call, expected, tmp_path, monkeypatch):
    (tmp_path / "x.toml").write_text(STUDY)
    command = ["run", tmp_path / "x.toml", "--out", "memory://a/b", "--kind", "serial"]
    put, written = MemoryFileSystem.pipe_file, []

    def failing(self, path, value, **options):
        written.append(path)
        if len(written) > n:
            raise ConnectionResetError("reset by http://me:hidden@there")
        return put(self, path, value, **options)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "pipe_file", failing)
        code, [line] = call(*command)
    assert code == 2 and "hidden" not in line, line
    assert line.startswith("nasgauge: memory://a/b/") and line.endswith(
        "then run the same command again, which resumes"
    )
    kept = {path: content.getvalue() for path, content in MemoryFileSystem.store.items()}
    assert set(kept) == set(written[:n])
    assert call(*command)[0] == 0
    assert_equal("memory://a/b", expected)


@pytest.mark.parametrize("answer", ["info", "ls", "cat_file"])
@pytest.mark.parametrize("error", [PermissionError("Forbidden"), TimeoutError(), RuntimeError("503")])
def test_a_store_that_does_not_answer_is_not_taken_for_an_empty_or_damaged_folder(answer, error, monkeypatch):
    Store.open("memory://a/b", {"title": "t"}, 'title = "t"').write_task("k", {"scores": pd.DataFrame({"x": [1]})})

    def fails(self, *args, **options):
        raise error

    before = dict(MemoryFileSystem.store)
    monkeypatch.setattr(MemoryFileSystem, answer, fails)
    with pytest.raises(UserError, match=r"(access is denied|cannot be read).*then run the same command again"):
        store = Store.open("memory://a/b", {"title": "t"}, 'title = "t"')
        store.done("scores")
    assert MemoryFileSystem.store == before


def test_a_look_at_the_progress_that_fails_is_left_out():
    """A thread's own error would be a traceback (which pytest makes an error)."""
    answers, told = iter([0.0, UserError("no answer"), 1.0, 1.0]), []
    seen = threading.Event()

    def n_done():
        answer = next(answers, 1.0)
        if isinstance(answer, UserError):
            raise answer
        return answer

    def progress(done, total):
        told.append(done)
        if done:
            seen.set()

    with reported(n_done, 1, progress, every=0.001):
        assert seen.wait(20)
    assert told[:2] == [0.0, 1.0]


@pytest.mark.parametrize(
    "url, told",
    [
        ("a3://bucket/x", "unknown protocol of a URL 'a3'; nearest: s3"),
        ("gs://bucket/x", "gs://: needs gcsfs, which is not installed; pip install gcsfs"),
        ("s3://me:hidden@bucket/x", "s3://[...]: a URL with a password, or with options behind a ?"),
        ("s3://me:hid/hidden@bucket/x", "s3://[...]: a URL with a password, or with options behind a ?"),
        ("s3://bucket/x?key=hidden", "s3://[...]: a URL with a password, or with options behind a ?"),
        ("x::s3://me:hidden@bucket/x", "x::s3://bucket/x: is not a URL of one protocol"),
        ("x::s3://me:hid/hidden@bucket/x", "x::s3://bucket/x: is not a URL of one protocol"),
        ("s3://", "s3://: names no folder"),
        ("memory://a/../b", "memory://a/../b: names no folder"),
        ("memory://a", "memory://a: is the memory of one process, and workers are 'processes'; add --kind serial"),
        ("https://127.0.0.1:1/x", "https://127.0.0.1:1/x/environment.json: cannot be written (ClientConnectorError"),
    ],
)
def test_a_url_that_cannot_hold_a_study_is_one_line(url, told, call, tmp_path, monkeypatch):
    if url.startswith("gs:"):
        monkeypatch.setitem(sys.modules, "gcsfs", None)
    if url.startswith("https:"):
        pytest.importorskip("aiohttp", reason="needs aiohttp")
    (tmp_path / "x.toml").write_text(STUDY)
    code, [line] = call("run", tmp_path / "x.toml", "--out", url)
    assert code == 2 and line.startswith(f"nasgauge: {told}") and "hidden" not in line, line


@pytest.mark.parametrize("package, url", [("fsspec", "memory://a/b"), ("s3fs", "s3://bucket/x")])
def test_a_package_that_is_missing_is_named_with_its_extra(package, url, monkeypatch):
    monkeypatch.setattr(urls, "CHECKED", set())
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(importlib.import_module("fsspec.registry")._registry, "s3", raising=False)
    with pytest.raises(UserError, match=rf"needs {package}, which is not installed; pip install 'nasgauge\[remote\]'"):
        path_of(url)


def test_a_bucket_is_never_made(server):
    with pytest.raises(UserError, match=r"bucket does not exist\); create its bucket or uppermost folder"):
        Store.open("s3://no-bucket/x", {"title": "t"})
    assert not path_of("s3://no-bucket/x").exists()


def test_local_urls_are_local_paths_and_workers_of_any_kind_share_a_bucket(tmp_path, server):
    assert path_of(f"file://{tmp_path}/x") == tmp_path / "x"
    assert shared("s3://bucket/x", "processes") == RemotePath("s3://bucket/x") and shared(tmp_path, "ray") == tmp_path


def test_a_copy_of_a_users_table_is_read_where_the_table_is_gone(tmp_path):
    table, folder = tmp_path / "mine.csv", "memory://a/b"
    run(tmp_path / "run")
    scores = Store.existing(tmp_path / "run").read("scores")
    shutil.rmtree(tmp_path / "run")
    scores[scores["estimator"] == "synflow"].rename(columns={"score": "mine"})[["arch", "mine"]].to_csv(
        table, index=False
    )
    text = STUDY.partition("[[estimators]]")[0] + f'[[estimators]]\nname = "scores"\nfile = "{table}"\n'
    made = running.run_text(text, folder, where="x.toml", workers="serial")
    values = made.values
    table.unlink()
    again = running.Run.load(folder)
    assert again.values.equals(values) and again.scores["score"].notna().all()
    copies = local_copy(path_of(folder) / "study.toml").parent.parent
    assert any(copies.rglob("*mine.csv"))  # from there
