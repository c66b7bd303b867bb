"""Studies and recipes: TOML files as frozen models. An unknown key is an error that names its place."""

import itertools
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from nasgauge.core.errors import MAX_DRAWS, MAX_SEED, UserError, check_name, unknown_name
from nasgauge.core.plugins import import_plugins

Options = dict[str, Any]
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def _plain_word(name: str) -> str:
    check_name(name, "name")
    if not _NAME.fullmatch(name):
        raise UserError(
            f"the name {name!r} is no plain word, and becomes a file's; give letters, digits, '.', '_' and '-'"
        )
    return name


Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
FileName = Annotated[str, AfterValidator(_plain_word)]


def _imported(names: tuple[str, ...]) -> tuple[str, ...]:
    import_plugins(names)
    return names


Plugins = Annotated[tuple[str, ...], AfterValidator(_imported)]  # modules, imported wherever the file is read


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArchSample(_Model):
    """Which architectures: `n` classes (all if absent), in the order of one seeded shuffle.

    A larger `n` with the same seed keeps the earlier ones. `form`: the canonical form that makes the classes, the
    space's first one if absent.
    """

    n: int | None = Field(None, ge=1)
    form: str | None = None
    seed: Seed = 0


class JudgedSample(ArchSample):
    """The architectures of a study; `twins`: all members of the classes that have a truth, not one of each.

    Twins weigh a class by its size, and their scores are not independent of each other: leave them out to compare
    estimators, and keep them where pairs of architectures one step apart are asked for.
    """

    twins: bool = False

    @model_validator(mode="after")
    def _draws(self) -> "JudgedSample":
        if self.n is None and self.seed:
            raise UserError(f"archs: seed = {self.seed} draws nothing without n; give n, or leave the seed out")
        return self


class SplitSizes(_Model):
    """Images for training and validation; the rest is the test part. Splits rotate from seed to seed."""

    n_train: int = Field(ge=1)
    n_valid: int = Field(ge=1)
    shuffle_seed: Seed = 0


class Recipe(_Model):
    """How a tabular benchmark is made: every architecture trained from scratch once per seed."""

    name: FileName
    title: str
    space: str
    data: str
    data_path: str | None = None
    plugins: Plugins = ()
    archs: ArchSample = ArchSample()
    n_seeds: int = Field(ge=1)
    split: SplitSizes
    image_size: int
    device: str = "cpu"
    net: Options = {}
    protocol: Options


class EstimatorSpec(_Model):
    """One estimator family with its options, e.g. name = "zeroshot", proxies = ["snip"].

    `seeds`: instead of the study's. In a file, `each = {key = [values]}` stands for an estimator of every combination.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    name: str
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] | None = None

    @property
    def options(self) -> Options:
        """All keys but the name and the seeds."""
        return dict(self.model_extra or {})


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
        found += [
            rest | dict(zip(lists, chosen, strict=True)) for chosen in itertools.product(*lists.values())
        ]  # fmt: skip
    return found


Estimators = Annotated[tuple[EstimatorSpec, ...], BeforeValidator(expanded), Field(min_length=1)]


class Study(_Model):
    """One experiment: a benchmark, a seeded sample of its classes, estimators, criteria.

    `plugins`: modules to import first, which register what the study names.
    """

    title: str
    plugins: Plugins = ()
    benchmark: str | dict[str, Any]
    archs: JudgedSample = JudgedSample()
    estimators: Estimators
    criteria: tuple[str | dict[str, Any], ...] = ()
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (0,)
    n_bootstrap: int = Field(1000, ge=1, le=MAX_DRAWS)
    confidence: float = Field(0.95, gt=0, lt=1)
    missing: Literal["omit", "last"] = "omit"
    published: str | None = None


class Part(_Model):
    """One benchmark of a survey: its name in tables, the sample of its classes, and what its estimators differ in.

    `options`: by estimator family, keys that every estimator of the family is given here, e.g. its network's.
    """

    benchmark: str | dict[str, Any]
    name: FileName
    archs: JudgedSample = JudgedSample()
    options: dict[str, Options] = {}


class Survey(_Model):
    """The same estimators on several benchmarks: one study each, and one table over all. Keys as of `Study`.

    `criterion`: the one by which the estimators are compared over all benchmarks.
    """

    title: str
    plugins: Plugins = ()
    parts: tuple[Part, ...] = Field(min_length=2)
    criterion: str | dict[str, Any] = "kendall_tau"
    estimators: Estimators
    criteria: tuple[str | dict[str, Any], ...] = ()
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (0,)
    n_bootstrap: int = Field(1000, ge=1, le=MAX_DRAWS)
    confidence: float = Field(0.95, gt=0, lt=1)
    missing: Literal["omit", "last"] = "omit"

    def studies(self) -> dict[str, Study]:
        """The study of each part, by the part's name; UserError if two have one name or options are of no estimator."""
        shared = self.model_dump(include={"plugins", "criteria", "seeds", "n_bootstrap", "confidence", "missing"})
        found: dict[str, Study] = {}
        for part in self.parts:
            if part.name in found:
                raise UserError(f"survey: the name {part.name!r} is taken; give each part its own")
            families = {spec.name for spec in self.estimators}
            for family in part.options:
                if family not in families:
                    raise UserError(f"survey: {part.name}: {unknown_name('estimator', family, families)}")
            estimators = [
                EstimatorSpec(**spec.model_dump() | part.options.get(spec.name, {})) for spec in self.estimators
            ]
            found[part.name] = Study(
                title=f"{self.title}: {part.name}", benchmark=part.benchmark, archs=part.archs,
                estimators=tuple(estimators), **shared,
            )  # fmt: skip
        return found


def is_survey(text: str) -> bool:
    """Whether the text of a TOML file is a survey's, which lists `parts`, and not a study's."""
    try:
        return "parts" in tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False


def parse(text: str, model: type[_Model], where: str) -> Any:
    """The frozen model of a TOML text; UserError with the place of the first mistake."""
    try:
        return model.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{where}: is no valid TOML ({error})") from error
    except UserError as error:  # of a validator of ours
        raise UserError(f"{where}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            fields = _fields(model, first["loc"][:-1])
            raise UserError(f"{where}: {unknown_name('key', place, fields)}") from error
        raise UserError(f"{where}: key {place!r}{_expected(first)}") from error


def _fields(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for step in path:
        inner = model.model_fields.get(str(step))
        if inner is not None and isinstance(inner.annotation, type) and issubclass(inner.annotation, BaseModel):
            model = inner.annotation
    prefix = "".join(f"{p}." for p in path)
    return [prefix + name for name in model.model_fields]


def options_for(kind: type, given: Options, where: str) -> Any:
    """A frozen dataclass of options from a table of a TOML file; unknown keys and wrong types are errors."""
    known = kind.__dataclass_fields__
    for name, value in given.items():
        if name not in known:
            raise UserError(f"{where}: {unknown_name('key', name, known)}")
        expected = known[name].type
        if isinstance(expected, type) and not _fits(value, expected):
            raise UserError(f"{where}: key {name!r} must be of type {expected.__name__}, got {value!r}")
        if not isinstance(expected, type):
            _check_type(value, expected, f"{where}: key {name!r}")
    try:
        return kind(**given)
    except TypeError as error:
        raise UserError(f"{where}: {error}") from error


def _fits(value: Any, expected: type) -> bool:
    if isinstance(value, bool):
        return expected is bool
    return isinstance(value, int | float) if expected is float else isinstance(value, expected)


_EXPECTED = {
    "is_instance_of": "must be a list",
    "sequence_str": "must be a list",
    "dict_type": "must be a table",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "tuple_type": "must be a list",
    "float_type": "must be a number",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
}


def _check_type(value: Any, expected: Any, where: str) -> None:
    """UserError where a value is none of a type that is no plain class: a list of words, a number or nothing, ..."""
    if get_origin(expected) is tuple and isinstance(value, list):  # a file knows lists alone
        value = tuple(value)
    try:
        _adapter(expected).validate_python(value, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{step}]" for step in first["loc"] if isinstance(step, int))
        raise UserError(f"{where}{place}{_expected(first)}") from error


def _expected(mistake: Mapping[str, Any]) -> str:
    """What follows the name of a key: what its value must be, in place of pydantic's words, and what was given."""
    if mistake["type"] in _EXPECTED:
        return f" {_EXPECTED[mistake['type']]}, got {mistake['input']!r:.100}"
    return f": {mistake['msg']}"


@cache
def _adapter(expected: Any) -> TypeAdapter:
    return TypeAdapter(expected)
