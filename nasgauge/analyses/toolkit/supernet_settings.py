"""In which settings do supernets differ: numbers (table SETTINGS), and everything else (table CHOICES)."""

from collections.abc import Collection, Iterable, Mapping

import pandas as pd

NOTHING = "nothing"
NOT_RECORDED = "not recorded"
MAIN = "main"

Chosen = Mapping[str, Mapping[str, float | str]]  # by estimator, its settings and choices by name


def chosen_by(settings: pd.DataFrame, choices: pd.DataFrame | None) -> dict[str, dict[str, float | str]]:
    """The settings of each estimator of table SETTINGS, with its choices where they are recorded.

    An option of the sampler that SETTINGS contains as a number (n_samples) is left out of the choices.

    >>> settings = pd.DataFrame({"estimator": ["a"], "setting": ["epochs"], "value": [9.0]})
    >>> chosen_by(settings, pd.DataFrame({"estimator": ["a"], "setting": ["bn"], "value": ["batch"]}))
    {'a': {'epochs': 9.0, 'bn': 'batch'}}
    """
    found: dict[str, dict[str, float | str]] = {}
    for name, part in settings.groupby("estimator"):
        found[str(name)] = dict(zip(part["setting"], part["value"], strict=True))
    for name, part in () if choices is None else choices.groupby("estimator"):
        own = found.get(str(name), {})
        stated = {f"sampler_options.{setting}" for setting in own}
        own |= {s: v for s, v in zip(part["setting"], part["value"], strict=True) if s not in stated}
    return found


def with_choices(choices: pd.DataFrame | None) -> frozenset[str]:
    """The estimators whose choices are recorded; those of studies of earlier versions are not."""
    return frozenset() if choices is None else frozenset(choices["estimator"].unique())


def what_differs(
    names: Iterable[str], chosen: Chosen, recorded: Collection[str], ignoring: Collection[str] = ()
) -> str:
    """The settings that are not equal among the named estimators, joined by commas; "nothing" where all are equal.

    recorded: as of `with_choices`. Where one is not among them, its other settings are unknown, and the text says so
    instead of "nothing".

    >>> chosen = {"a": {"epochs": 9.0, "bn": "batch"}, "b": {"epochs": 9.0, "bn": "tracked"}, "c": {"epochs": 9.0}}
    >>> what_differs("ab", chosen, {"a", "b"}), what_differs("aa", chosen, {"a"}), what_differs("ac", chosen, {"a"})
    ('bn', 'nothing', 'not recorded')
    """
    names = list(names)
    known = all(name in recorded for name in names)
    parts = [chosen.get(name, {}) for name in names]
    shared = set().union(*parts) if known else set.intersection(*map(set, parts)) if parts else set()
    found = sorted(s for s in shared - set(ignoring) if len({part.get(s) for part in parts}) > 1)
    return ", ".join(found if known else [*found, NOT_RECORDED]) or NOTHING


def differing(one: str, other: str, chosen: Chosen) -> list[str]:
    """The settings and choices in which two estimators differ, sorted; one that only one of them has is among them.

    A sampler stands for what goes with it: where it differs, options that only one of the two samplers has are left
    out, and so is the number of architectures of a step.

    >>> fair = {"sampler": "fair", "sampler_options.live_conv": "false", "n_samples": 5.0}
    >>> differing("a", "b", {"a": fair, "b": {"sampler": "uniform", "n_samples": 1.0}})
    ['sampler']
    """
    here, there = chosen.get(one, {}), chosen.get(other, {})
    found = sorted(s for s in here.keys() | there.keys() if here.get(s) != there.get(s))
    if "sampler" not in found:
        return found
    alone = {s for s in found if s.startswith("sampler_options.") and (s not in here or s not in there)}
    return [s for s in found if s not in alone | {"n_samples"}]


def kinds_in(settings: pd.DataFrame) -> dict[str, str]:
    """By estimator of table SETTINGS which score of its supernet it is, where that is recorded."""
    if "kind" not in settings:
        return {}
    known = settings[settings["kind"] != ""]
    return dict(zip(known["estimator"], known["kind"], strict=True))


def kind_of(name: str, chosen: Chosen, kinds: Mapping[str, str]) -> str:
    """Which score of its supernet an estimator is, as recorded in `kinds`, see `kinds_in`.

    Where it is not recorded: what the name adds to the shortest name of an estimator with the same settings that it
    begins with, which may be another supernet's.

    >>> chosen = {"net": {"epochs": 9.0}, "net_loss": {"epochs": 9.0}, "net_120": {"epochs": 9.0}}
    >>> kind_of("net_loss", chosen, {}), kind_of("net", chosen, {}), kind_of("net_120", chosen, {"net_120": "main"})
    ('loss', 'main', 'main')
    """
    if name in kinds:
        return kinds[name]
    same = [other for other, each in chosen.items() if each == chosen[name] and f"{name}_".startswith(f"{other}_")]
    return name[len(min(same, key=len)) :].strip("_") or MAIN
