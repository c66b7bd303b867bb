"""Studies and surveys as they are read from a TOML file: frozen, every key with its type and range."""

import itertools
import tomllib
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SerializeAsAny, model_validator

from nasgauge.core.config import Config, Count, Distinct, FileName, List, Options, Seed, Seeds, in_turn, parsed
from nasgauge.core.constraints import parse_constraints
from nasgauge.core.errors import MAX_DRAWS, UserError, unknown_name
from nasgauge.core.places import Place, here, paths_from
from nasgauge.core.plugins import PluginConfig
from nasgauge.core.store import RESERVED
from nasgauge.criteria import resolve_all
from nasgauge.estimators import EstimatorConfig, estimator_config
from nasgauge.search import get_search
from nasgauge.studies.published import values_beside
from nasgauge.studies.scores import ScoresConfig

__all__ = ["JudgedSample", "Part", "ScoresConfig", "Study", "Survey", "expanded", "is_survey"]

Benchmark = str | Options


def _known_criteria(specs: tuple) -> tuple:
    if specs:
        resolve_all(specs)
    return specs


def _known_criterion(spec: Any) -> Any:
    resolve_all((spec,))
    return spec


def _known_published(name: str) -> str:
    values_beside(name)
    return name


def _part_name(name: str) -> str:
    if name in RESERVED:
        raise UserError(f"survey: {name!r} is the name of a file or folder of the survey; give the part another name")
    return name


Criterion = Annotated[str | Options, AfterValidator(in_turn(_known_criterion))]
Published = Annotated[str, AfterValidator(in_turn(_known_published))]
PartName = Annotated[FileName, AfterValidator(in_turn(_part_name))]
Criteria = Annotated[List[str | Options], AfterValidator(in_turn(_known_criteria))]


class ArchSample(Config):
    """Which architectures: some classes, in the order of one seeded shuffle.

    `n`: number of classes (default: all); a larger number with the same seed keeps the earlier ones. `form`: the
    canonical form that makes the classes, the space's first one if absent. `seed`: of the shuffle.
    """

    n: Count | None = None
    form: str | None = None
    seed: Seed = 0


class JudgedSample(ArchSample):
    """The architectures of a study; `twins`: all members of the classes with a ground truth, not one of each.

    Isomorphic duplicates weigh a class by its size, and their scores are not independent of each other: leave them out
    to compare estimators, and keep them where pairs of architectures one step apart are asked for.
    """

    twins: bool = False

    @model_validator(mode="after")
    def _draws(self) -> Self:
        if self.n is None and self.seed:
            raise UserError(f"archs: seed = {self.seed} draws nothing without n; give n, or leave the seed out")
        return self


def expanded(entries: Any) -> Any:
    """The entries of estimators, each with `each = {key = [values]}` replaced by one for every combination of values.

    The keys of `each` in their order, the last one varying fastest. UserError: a key that also stands outside of it, or
    that has no list of values.

    >>> expanded([{"name": "e", "each": {"a": [1, 2]}}])
    [{'name': 'e', 'a': 1}, {'name': 'e', 'a': 2}]
    """
    if not isinstance(entries, list | tuple):
        return entries
    found = []
    for entry in entries:
        if not isinstance(entry, dict) or "each" not in entry:
            found.append(entry)
            continue
        rest = {key: value for key, value in entry.items() if key != "each"}
        lists, where = entry["each"], f"estimator {entry.get('name')!r}, each"
        if not isinstance(lists, dict) or not lists:
            raise UserError(f"{where}: must be a table of lists, such as each = {{ n_fit = [39, 78] }}")
        for key, values in lists.items():
            if key in rest:
                raise UserError(f"{where}: key {key!r} also stands outside of it; remove one of the two")
            if not isinstance(values, list | tuple) or not values:
                raise UserError(f"{where}: key {key!r} must have a list of values, got {values!r}")
        combinations = itertools.product(*lists.values())
        found += [rest | dict(zip(lists, chosen, strict=True)) for chosen in combinations]
    return found


def _configured(entries: Any) -> Any:
    return tuple(map(estimator_config, entries)) if isinstance(entries, list | tuple) else entries


Estimators = Annotated[
    tuple[SerializeAsAny[EstimatorConfig], ...],
    BeforeValidator(in_turn(_configured)),
    BeforeValidator(in_turn(expanded)),
    Field(min_length=1),
]


def _parsed_constraints(texts: tuple) -> tuple:
    parse_constraints(texts)
    return texts


Constraints = Annotated[List[str], AfterValidator(in_turn(_parsed_constraints))]


def _with_budget(names: tuple) -> tuple:
    for name in names:
        if name == "random":
            raise UserError("searches: the random search is always reported, exactly; leave 'random' out")
        if not get_search(name).takes_budget:
            raise UserError(f"searches: {name!r} evaluates every architecture, so that it has no curve; leave it out")
    return names


Searches = Annotated[Distinct[str], AfterValidator(in_turn(_with_budget))]


class _Judged(PluginConfig):
    """How scores are judged: the keys that studies and surveys share.

    `plugins`: modules to import first, which register what the study names. `title`: of the report. `criteria`: names,
    or tables of name and options; those of `nasgauge judge` if empty. `seeds`: of every estimator without its own.
    `n_bootstrap`: resamples behind an interval; `confidence`: its level. `missing`: failed measurements are left out
    ("omit") or ranked last ("last").
    `constraints`: limits on quantities of the architectures, such as "n_params <= 1.5M", within which the report
    shows what is found; see docs/questions.md.
    `searches`: names of searches, such as "evolution", that the report runs with the scores of every estimator, besides
    the random search; see docs/search.md.
    """

    title: str
    criteria: Criteria = ()
    seeds: Seeds = (0,)
    n_bootstrap: Annotated[int, Field(ge=1, le=MAX_DRAWS)] = 1000
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    missing: Literal["omit", "last"] = "omit"
    constraints: Constraints = ()
    searches: Searches = ()


class Study(_Judged):
    """One experiment: a benchmark, a seeded sample of its classes, estimators, criteria.

    `benchmark`: the ground truth, by its name, a .parquet file, or a table of its name and options; `archs`: the
    architectures of it that are estimated. `estimators`: one table for each. `published`: a shipped table of published
    values that the report compares with these.
    """

    benchmark: Benchmark
    archs: JudgedSample = JudgedSample()
    estimators: Estimators
    published: Published | None = None


class Part(Config):
    """One benchmark of a survey: its name in tables, the sample of its classes, and what its estimators differ in.

    `benchmark`, `archs`: as of a study; `name`: of the part, its folder and its column in tables.
    `options`: by estimator, keys that each of that name is given here, e.g. its data.
    """

    benchmark: Benchmark
    name: PartName
    archs: JudgedSample = JudgedSample()
    options: dict[str, Options] = {}


class Survey(_Judged):
    """The same estimators on several benchmarks: one study each, and one table over all. Keys as of `Study`.

    `parts`: the benchmarks; `estimators`: one table for each, on every part.
    `criterion`: the one by which the estimators are compared over all benchmarks.
    """

    parts: Annotated[List[Part], Field(min_length=2)]
    criterion: Criterion = "kendall_tau"
    estimators: Annotated[List[Options], BeforeValidator(in_turn(expanded)), Field(min_length=1)]

    _place: Place = PrivateAttr(default_factory=here)

    @property
    def place(self) -> Place:
        """Where its relative paths start."""
        return self._place

    def tables(self) -> dict[str, Options]:
        """By the part's name, the tables of its study; UserError if two have one name or options are of no estimator.

        Every key has the value it would have in a file of its own; what is a default is left out.
        """
        shared = self.model_dump(exclude={"title", "parts", "criterion", "estimators"}, exclude_defaults=True)
        found: dict[str, Options] = {}
        for part in self.parts:
            if part.name in found:
                raise UserError(f"survey: the name {part.name!r} is taken; give each part its own")
            names = {entry.get("name") for entry in self.estimators}
            for name in part.options:
                if name not in names:
                    raise UserError(f"survey: {part.name}: {unknown_name('estimator', name, names)}")
            entries = [entry | part.options.get(entry.get("name"), {}) for entry in self.estimators]
            archs = part.archs.model_dump(exclude_defaults=True)
            found[part.name] = {
                "title": f"{self.title}: {part.name}",
                "benchmark": part.benchmark,
                **({"archs": archs} if archs else {}),
                "estimators": entries,
                **shared,
            }
        return found

    def studies(self) -> dict[str, Study]:
        """The study of each part, by the part's name."""
        with paths_from(self.place):
            return {name: parsed(table, Study, f"survey: {name}") for name, table in self.tables().items()}


def is_survey(text: str) -> bool:
    """Whether the text of a TOML file is a survey's, which lists `parts`, and not a study's."""
    try:
        return "parts" in tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
