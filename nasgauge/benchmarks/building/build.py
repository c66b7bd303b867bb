"""`nasgauge bench build`: train the architectures of a recipe from scratch into a new tabular benchmark.

One part in the store is one architecture with all its seeds; a run that was ended goes on where it stopped.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from nasgauge.benchmarks.building.protocol import Protocol
from nasgauge.benchmarks.building.publishing import publish
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.benchmarks.building.reuse import reused
from nasgauge.benchmarks.building.sample import chosen_archs
from nasgauge.benchmarks.building.training import Outcome, train
from nasgauge.core import references, terminal
from nasgauge.core.conditions import Conditions, check_conditions, conditions
from nasgauge.core.config import parse, parsed, tables_of
from nasgauge.core.errors import UserError
from nasgauge.core.kept import keep, stored
from nasgauge.core.progress import Progress
from nasgauge.core.remote import AnyPath, absolute, shared
from nasgauge.core.store import Store, key_of
from nasgauge.core.tables import ERRORS, TRAININGS, check, empty
from nasgauge.core.workers import BUILDING, check_workers, on, unordered_map
from nasgauge.images import ImageData, Split, load_images, splits_of
from nasgauge.nets import (
    NetOptions,
    check_meaning,
    check_size,
    complexity,
    count_parameters,
    device_named,
    device_title,
    stand_alone,
    zero_init_residual,
)
from nasgauge.nets import build as build_network
from nasgauge.spaces import Arch, Space, get_space


def build_text(
    text: str, out: AnyPath | str, *, where: str, folder: Path | None = None, **options: Any
) -> pd.DataFrame:
    """Build the benchmark of a recipe's TOML text, see `build`; folder: of its file, where relative paths start."""
    return build(parse(text, Recipe, where, folder), out, text=text, folder=folder, where=where, **options)


def build(
    recipe: Recipe,
    out: AnyPath | str,
    *,
    where: str,
    text: str | None = None,
    folder: Path | None = None,
    workers: str = "processes",
    n_workers: int | None = None,
    address: str | None = None,
    strict: bool = False,
    reuse: Path | None = None,
    progress: Progress = lambda done, total: None,
    tell: Callable[[str], None] = terminal.tell,
) -> pd.DataFrame:
    """Train what is not yet in `out`, then write `<name>.parquet` (TRAININGS) and `<name>.json` (facts) there.

    `text`: of the recipe's file, kept in the folder; `folder`: where that file lies, in which files of references are
    looked for; `where`: its name in messages. `progress(done, total)` follows each architecture. `reuse`: a table that
    such a recipe made of other architectures, of fewer for example, which are not trained again. Under other versions
    or devices than those of the architectures that are done it goes on, and tells so; strict: it is refused.
    """
    check_workers(workers, n_workers, address)
    out = shared(out, workers)
    device_named(recipe.device, where)
    space = get_space(recipe.space)
    archs = chosen_archs(space, recipe.archs)
    _check_net(space, archs[0], recipe, where)
    _check_sizes(space, recipe, where)
    there = None if reuse is None else reused(recipe, reuse)
    tables = recipe.model_dump(exclude_unset=True) if text is None else tables_of(text, where)
    store = Store.open(out, tables, text, folder)
    names = [space.to_str(a) for a in archs]
    keys = _keys(recipe, names)
    if recipe.content:
        keep(out, recipe.place, {recipe.images: recipe.content}, {})
    store.plan({"trainings": keys})
    if there is not None:
        there.write(store, dict(zip(names, keys, strict=True)), recipe.n_seeds)
    done = store.done("trainings")
    todo = [task for task in zip(names, keys, strict=True) if task[1] not in done]
    if todo:
        parts = (store.conditions("trainings", key) for key in keys if key in done)
        check_conditions(out, [(parts, _conditions(recipe))], tell, strict)
    progress(len(names) - len(todo), len(names))
    train_part = partial(_train_part, absolute(out), recipe)  # a worker may have begun elsewhere
    options = {"kind": workers, "n_workers": n_workers, "address": address, "lost": partial(_give_up, store)}
    done_now = unordered_map(train_part, todo, resources=lambda task: on(recipe.device, BUILDING), **options)
    for i, _ in enumerate(done_now, start=1):
        progress(len(names) - len(todo) + i, len(names))
    return publish(store, recipe, keys, tell)


def _give_up(store: Store, task: tuple[str, str], reason: str) -> None:
    """An architecture of whose training workers died has no rows, and a reason."""
    name, key = task
    errors = pd.DataFrame({"estimator": "training", "arch": [name], "seed": 0, "error": reason})
    store.write_task(key, {"errors": check(errors, ERRORS), "trainings": empty(TRAININGS)})


def counted(folder: AnyPath) -> tuple[int, int]:
    """(architectures that are trained, all) in a folder of this recipe's."""
    store = Store.existing(folder)
    recipe = stored(store, Recipe)
    space = get_space(recipe.space)
    archs = chosen_archs(space, recipe.archs)
    keys = _keys(recipe, [space.to_str(a) for a in archs])
    return len(store.done("trainings") & set(keys)), len(keys)


def _keys(recipe: Recipe, names: list[str]) -> list[str]:
    """By architecture, as the recipe is the folder's, and by the code and the images of one's own that it names."""
    own = {"code": references.digest_of(recipe.model_dump()), "images": recipe.content}
    given = {what: content for what, content in own.items() if content}
    return [key_of({"arch": name} | given) for name in names]


def _check_net(space: Space, arch: Arch, recipe: Recipe, where: str) -> None:
    """UserError for options of the network, or of its training, that have no meaning in the space."""
    options = parsed(recipe.net, NetOptions, f"{where}, [net]")
    check_meaning(space, options, f"{where}, [net]")
    if recipe.protocol.zero_init_residual:
        zero_init_residual(build_network(space, arch, options, generators=[torch.Generator().manual_seed(0)]))


def _check_sizes(space: Space, recipe: Recipe, where: str) -> None:
    data = _images(*recipe.loaded_from())
    try:
        splits_of(data, recipe.split.n_train, recipe.split.n_valid, recipe.n_seeds)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    height, width = data.images.shape[-2:]
    if recipe.image_size not in (None, height) or recipe.image_size not in (None, width):
        size = height if height == width else f"{height} by {width}"
        raise UserError(f"{where}: image_size = {recipe.image_size}, but {data.name} has {size} pixels a side")
    check_size(space, _options(recipe, data), (height, width), where)


@references.cached_with_code(maxsize=1)
def _images(name: str, path: str | None, content: str) -> ImageData:
    return load_images(name, path)  # once a process: decoding a large data set takes longer than a small training


def _train_part(folder: AnyPath, recipe: Recipe, task: tuple[str, str]) -> None:
    """One worker's task: all seeds of one architecture, written as one part. task: its string, the part's key."""
    name, key = task
    space, data = get_space(recipe.space), _images(*recipe.loaded_from())
    if _keys(recipe, [name]) != [key]:
        raise references.edited(recipe.model_dump())
    rows = train_arch(space, space.from_str(name), recipe, data)
    Store.existing(folder).write_task(key, {"trainings": rows}, _conditions(recipe))


def _conditions(recipe: Recipe) -> Conditions:
    return conditions(device_title(device_named(recipe.device, f"recipe {recipe.name!r}")))


def _options(recipe: Recipe, data: ImageData) -> NetOptions:
    return NetOptions(**recipe.net, in_channels=data.images.shape[1], n_classes=data.n_classes)


def train_arch(space: Space, arch: Arch, recipe: Recipe, data: ImageData) -> pd.DataFrame:
    """The TRAININGS rows of one architecture: every seed of the recipe, trained side by side where the space can.

    `train_seconds`, a seed's share: processor time of this process on the CPU; wall time on any other device, whose
    work processor time leaves out, so trainings that share an accelerator are charged for each other's as well.
    """
    device = device_named(recipe.device, f"recipe {recipe.name!r}")
    clock = time.process_time if torch.device(device).type == "cpu" else time.perf_counter
    options = _options(recipe, data)
    size = recipe.split
    splits = splits_of(data, size.n_train, size.n_valid, recipe.n_seeds, shuffle_seed=size.shuffle_seed)
    seeds = list(range(recipe.n_seeds))
    start = clock()
    outcomes = _outcomes(space, arch, options, recipe.protocol, data, splits, seeds, device)
    seconds = (clock() - start) / len(seeds)  # outcomes are numbers on the CPU, so the device has done its work
    cost = _cost(space, arch, options, data)
    return pd.DataFrame(
        [
            {
                "arch": space.to_str(arch),
                "iso_class": space.to_str(space.canonical(arch)),
                "seed": seed,
                **vars(outcome),
                **cost,
                "train_seconds": seconds,
            }
            for seed, outcome in zip(seeds, outcomes, strict=True)
        ]
    )


def _outcomes(
    space: Space,
    arch: Arch,
    options: NetOptions,
    protocol: Protocol,
    data: ImageData,
    splits: list[Split],
    seeds: list[int],
    device: str,
) -> list[Outcome]:
    """One outcome per seed: all in one network with replicas, or, where it has none, one training after the other."""
    if stand_alone(space).side_by_side:
        several = replace(options, replicas=len(seeds))
        return train(space, arch, several, protocol, data, splits, seeds, device=device)
    pairs = zip(splits, seeds, strict=True)
    try:
        return [train(space, arch, options, protocol, data, [s], [n], device=device)[0] for s, n in pairs]
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"search space {space.name!r}: the network of {space.to_str(arch)!r} cannot be trained on images "
            f"{tuple(data.images.shape[1:])} ({type(error).__name__}: {error}); correct its function"
        ) from error


def _cost(space: Space, arch: Arch, options: NetOptions, data: ImageData) -> dict[str, int | None]:
    """Columns n_params and macs; macs are null where a network calls what is not counted (recurrent layers)."""
    try:
        cost = complexity(space, arch, options, image_size=tuple(data.images.shape[2:]))
    except NotImplementedError:
        generator = torch.Generator().manual_seed(0)
        return {"n_params": count_parameters(build_network(space, arch, options, generators=[generator])), "macs": None}
    return {"n_params": cost.n_params, "macs": cost.macs}
