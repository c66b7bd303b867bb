"""One's own images wherever a data set is named: every estimator with images, truth building, and truths built so."""

import json

import numpy as np
import pandas as pd
import pytest
import tomli_w
from PIL import Image

from nasgauge.benchmarks.building import build as bench
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core.config import parse, parsed
from nasgauge.core.errors import UserError
from nasgauge.core.places import Place, paths_from
from nasgauge.core.store import Store
from nasgauge.estimators import ESTIMATORS
from nasgauge.studies import run as running
from nasgauge.studies.run import Run
from nasgauge.studies.schema import Study

NET = {"channels": 2, "n_cells": 1, "n_stages": 1}
USERS = {  # every estimator that looks at images, with what it needs above
    "zeroshot": [{"name": "zeroshot", "proxies": ["n_params", "snip"], "batch_size": 8, "net": NET}],
    "oneshot": [{"name": "oneshot", "epochs": 1, "score_batch_size": 5, "training": {"batch_size": 20}, "net": NET}],
}
USERS["fewshot"] = [{**USERS["oneshot"][0], "name": "fewshot", "epochs": 2, "parts": 2}]
USERS["inherited"] = [*USERS["oneshot"], {"name": "inherited", "proxies": ["snip"], "batch_size": 8}]
FORMS = ("npz", "parts", "folder", "colour")
RECIPE = {
    "name": "mine", "title": "t", "space": "nb201", "archs": {"n": 3}, "n_seeds": 2, "net": NET,
    "split": {"n_train": 30, "n_valid": 10}, "protocol": {"epochs": 1, "batch_size": 10, "shift": 1, "flip": True},
}  # fmt: skip


def made(folder, form, *, size=(6, 7), n=60, n_classes=3, seed=0):
    """Images of so many classes in a file or folder of `folder`; what a study writes of them."""
    rng = np.random.default_rng(seed)
    shape = (n, *size, 3) if form == "colour" else (n, *size)
    images, labels = rng.integers(0, 256, shape, dtype=np.uint8), np.arange(n) % n_classes
    if form == "folder":
        for i, (picture, label) in enumerate(zip(images, labels, strict=True)):
            (folder / "mine" / str(label)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(folder / "mine" / str(label) / f"{i}.png")
        return "./mine"
    if form == "parts":
        ends = {"train": slice(0, 40), "valid": slice(40, 50), "test": slice(50, 60)}
        arrays = {f"x_{part}": images[rows] for part, rows in ends.items()}
        np.savez(folder / "mine.npz", **arrays, **{f"y_{part}": labels[rows] for part, rows in ends.items()})
    else:
        np.savez(folder / "mine.npz", images=images, labels=labels)
    return "mine.npz"


def study(estimators, data, benchmark="digits-nb201", n=4):
    own = [entry | ({} if data is None else {"data": data}) for entry in estimators]
    tables = {"title": "t", "benchmark": benchmark, "archs": {"n": n}, "n_bootstrap": 5, "criteria": ["kendall_tau"]}
    return tomli_w.dumps(tables | {"estimators": own})


def ran(text, out, folder):
    return running.run_text(text, out, where="s.toml", workers="serial", folder=folder)


def test_every_configuration_with_images_is_tried():
    assert {name for name, kind in ESTIMATORS.items() if "data" in kind.model_fields} == set(USERS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("user", USERS)
def test_estimators_measure_on_ones_own_images(user, form, tmp_path, without_a_page):
    data = made(tmp_path, form)
    found = ran(study(USERS[user], data), tmp_path / "run", tmp_path)
    assert found.status().errors.empty and found.scores["score"].notna().all()
    assert set(found.scores["estimator"]) == {name for c in found.study.estimators for name in c.names()}
    assert any("mine" in note and "ground truth: digits" in note for note in found.bundle().notes)
    if user == "zeroshot":  # the classifier has three classes, the stem as many channels as the images
        counts = found.scores.query("estimator == 'n_params'").set_index("arch")["score"]
        options = dict(NET, n_classes=3, in_channels=3 if form == "colour" else 1, bn_affine=False)
        assert counts.to_dict() == {arch: n_params(arch, options) for arch in counts.index}


def n_params(arch, options):
    from nasgauge.nets import NetOptions, complexity
    from nasgauge.spaces import NB201

    return complexity(NB201(), NB201().from_str(arch), NetOptions(**options)).n_params


@pytest.mark.parametrize("form", FORMS)
def test_a_truth_is_built_on_ones_own_images_and_studied_on_them(form, tmp_path, monkeypatch, without_a_page):
    (tmp_path / "there").mkdir()
    recipe = tomli_w.dumps(RECIPE | {"data": made(tmp_path / "there", form)})
    table = bench.build_text(recipe, tmp_path / "truth", where="r", workers="serial", folder=tmp_path / "there")
    assert len(table) == 6 and table[["valid_accuracy", "test_accuracy"]].notna().all(axis=None)
    record = json.loads((tmp_path / "truth" / "mine.json").read_text())
    assert record["training"]["data"] == str(tmp_path / "there" / ("mine" if form == "folder" else "mine.npz"))
    monkeypatch.chdir(tmp_path)  # the study stands elsewhere; its estimators look at the images of the truth
    benchmark = str(tmp_path / "truth" / "mine.parquet")
    supernet, inherited = USERS["inherited"]
    supernet = {**supernet, "training": {**supernet["training"], "shift": 1}, "score_shift": 1}  # as the truth's images
    estimators = [supernet, inherited, *USERS["zeroshot"]]
    found = ran(study(estimators, None, benchmark, n=3), tmp_path / "run", tmp_path)
    notes = found.bundle().notes  # in one epoch, a supernet may give all architectures the same score
    assert found.status().errors.empty and all(note.startswith("Undefined: ") for note in notes)
    assert bool(notes) == found.values["value"].isna().any()
    assert bench.counted(tmp_path / "truth") == (3, 3)


@pytest.mark.long
@pytest.mark.parametrize("user", USERS)
def test_finished_work_is_done_again_where_the_images_have_changed(user, tmp_path, without_a_page):
    text, out = study(USERS[user], made(tmp_path, "npz")), tmp_path / "run"
    first = ran(text, out, tmp_path)
    before, keys = first.scores, {task.key for task in first.plan.tasks}
    parts = Store.existing(out).keys("scores")
    assert {task.key for task in ran(text, out, tmp_path).plan.tasks} == keys
    made(tmp_path, "npz", seed=1)
    assert Run.load(out).status().n_done == 0
    again = ran(text, out, tmp_path)
    assert not keys & {task.key for task in again.plan.tasks} and Store.existing(out).keys("scores") > parts
    fresh = ran(text, tmp_path / "fresh", tmp_path)
    pd.testing.assert_frame_equal(again.scores, fresh.scores)
    assert not again.scores.equals(before)
    made(tmp_path, "npz")
    pd.testing.assert_frame_equal(ran(text, out, tmp_path).scores, before)


def test_a_truth_is_built_again_where_the_images_have_changed(tmp_path):
    text = tomli_w.dumps(RECIPE | {"data": made(tmp_path, "npz")})

    def built():
        table = bench.build_text(text, tmp_path / "truth", where="r", workers="serial", folder=tmp_path)
        return table.drop(columns="train_seconds")

    first = built()
    made(tmp_path, "npz", seed=1)
    second = built()
    assert not second.equals(first)
    made(tmp_path, "npz")
    pd.testing.assert_frame_equal(built(), first)


def test_a_finished_study_is_reported_where_its_images_are_gone(tmp_path, without_a_page):
    found = ran(study(USERS["zeroshot"], made(tmp_path, "npz")), tmp_path / "run", tmp_path)
    (tmp_path / "mine.npz").unlink()
    again = Run.load(tmp_path / "run")
    assert again.status().n_done == again.status().n_tasks
    pd.testing.assert_frame_equal(again.values, found.values)


BUILDERS = {
    **USERS,
    "bench build": None,
}


@pytest.mark.parametrize("user", BUILDERS)
def test_images_that_are_too_small_are_told_before_any_work(user, tmp_path):
    data = made(tmp_path, "npz", size=(3, 9))
    says = "images of 3 by 9 pixels are too small for 5 stages of nb201; lower n_stages in net, or enlarge the images"
    with pytest.raises(UserError, match=says):
        if user == "bench build":
            text = tomli_w.dumps(RECIPE | {"data": data, "net": NET | {"n_stages": 5}})
            bench.build_text(text, tmp_path / "run", where="r", workers="serial", folder=tmp_path)
        else:
            deep = [entry | ({"net": NET | {"n_stages": 5}} if "net" in entry else {}) for entry in USERS[user]]
            ran(study(deep, data), tmp_path / "run", tmp_path)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("user", BUILDERS)
def test_a_path_is_relative_to_the_file_or_to_the_current_folder(user, tmp_path, monkeypatch):
    """Of a text that was read in a folder, of a configuration that Python makes, and with the variable."""
    (tmp_path / "a").mkdir()
    data = made(tmp_path / "a", "npz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASGAUGE_DATA", str(tmp_path))

    def content(data, folder):
        with paths_from(folder):
            if user == "bench build":
                return parse(tomli_w.dumps(RECIPE | {"data": data}), Recipe, "r").content
            (*_, last) = parse(study(USERS[user], data), Study, "s").estimators
            (path,) = last.files(None)
            return path.samefile(tmp_path / "a" / "mine.npz")

    assert content(data, tmp_path / "a") and content(f"a/{data}", None) and content("$NASGAUGE_DATA/a/mine.npz", None)
    try:
        assert not content(data, tmp_path)
    except (UserError, OSError) as error:
        assert "mine.npz" in str(error)


@pytest.mark.long
def test_workers_find_the_files_from_another_folder(tmp_path, monkeypatch, without_a_page):
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    text = study(USERS["inherited"] + USERS["zeroshot"], made(tmp_path / "there", "npz"))
    serial = ran(text, tmp_path / "serial", tmp_path / "there")
    many = running.run_text(text, tmp_path / "many", where="s", workers="processes", n_workers=2, folder="there")
    pd.testing.assert_frame_equal(many.scores, serial.scores)


def test_the_place_of_a_study_travels_with_it(tmp_path):
    with paths_from(tmp_path):
        config = parsed(USERS["zeroshot"][0] | {"data": "mine.npz"}, ESTIMATORS["zeroshot"], "here")
    assert config.place == Place(str(tmp_path)) and config.model_copy().place == config.place
    assert config.options["data"] == "mine.npz"  # as it is written: the folder may move
