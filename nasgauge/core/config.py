"""Configurations: frozen, every field with its type and range, read from a table once.

Mistakes become one line: the place, what was expected, what was given. Only this file knows how pydantic says it.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, dataclass_transform

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
from pydantic.dataclasses import dataclass as validated
from pydantic_core import PydanticCustomError

from nasgauge.core import references
from nasgauge.core.errors import MAX_SEED, UserError, check_name, unknown_name
from nasgauge.core.places import paths_from

T = TypeVar("T")
Options = dict[str, Any]
_STRICT = ConfigDict(extra="forbid", strict=True)
_FILE_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def _refused(message: object) -> PydanticCustomError:
    """What a validator raises, so that the place of the field stands before the message."""
    return PydanticCustomError("refused", "{message}", {"message": str(message)})


def in_turn(validator: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The validator, whose UserError waits for those of the fields before it: the first mistake is reported."""

    @wraps(validator)
    def validate(value: Any) -> Any:
        try:
            return validator(value)
        except UserError as error:
            raise PydanticCustomError("reported", "{message}", {"message": str(error)}) from error

    return validate


def _tuple_of(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value  # a file knows lists alone


def _different(values: tuple) -> tuple:
    for value in values:
        if values.count(value) > 1:
            raise _refused(f"{value!r} stands twice; name each once")
    return values


def _file_name(name: str) -> str:
    _label(name)
    if not _FILE_NAME.fullmatch(name):
        raise _refused(
            f"{name!r} becomes part of a file's name; give letters, digits, '.', '_' and '-', a letter or digit first"
        )
    return name


def _label(name: str) -> str:
    try:
        check_name(name, "it becomes part of a file's name")
    except UserError as error:
        raise _refused(error) from error
    if "/" in name:
        raise _refused(f"{name!r} becomes part of a folder's name; leave out the '/'")
    return name


List = Annotated[tuple[T, ...], BeforeValidator(_tuple_of)]
Distinct = Annotated[tuple[T, ...], BeforeValidator(_tuple_of), AfterValidator(_different)]
Count = Annotated[int, Field(ge=1)]  # how many of something that must be there
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Seeds = Annotated[Distinct[Seed], Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
FileName = Annotated[str, AfterValidator(_file_name)]
Label = Annotated[str, AfterValidator(_label)]


class Config(BaseModel):
    """A frozen model without unknown keys; its constructor and `parsed` raise UserError for a mistake.

    Files of references have absolute paths in it, see `core.references`.
    """

    model_config = ConfigDict(frozen=True, **_STRICT)

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise UserError(f"{type(self).__name__}: {_mistake(error, type(self))}") from error

    __init__.__pydantic_base_init__ = True  # so that a table within a table is validated in place, with its place

    @model_validator(mode="before")
    @classmethod
    def _anchored(cls, table: Any) -> Any:
        return references.anchored(table)


@dataclass_transform(frozen_default=True)
def options(kind: type[T]) -> type[T]:
    """A frozen dataclass whose fields are checked at construction: UserError for a wrong type or range.

    >>> @options
    ... class Size:
    ...     width: Count = 1
    >>> Size(width=0)
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: Size: key 'width' must be at least 1, got 0
    """
    made = validated(frozen=True, config=_STRICT)(kind)
    made.__validating_init__ = check = made.__init__

    @wraps(check)
    def construct(self: Any, *args: Any, **fields: Any) -> None:
        try:
            check(self, *args, **fields)
        except ValidationError as error:
            raise UserError(f"{kind.__name__}: {_mistake(error, made)}") from error

    made.__init__ = construct
    return made


def parse(text: str, kind: type[T], where: str, folder: Path | None = None) -> T:
    """The configuration of a TOML text; UserError with the place of the first mistake.

    folder: of its file, in which references look for files; the current one if None.
    """
    with paths_from(folder):
        return parsed(tables_of(text, where), kind, where)


def tables_of(text: str, where: str) -> Options:
    """The tables of a TOML text."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{where}: is not valid TOML ({error})") from error


def parsed(table: Any, kind: type[T], where: str) -> T:
    """The configuration (a Config or a class of `options`) of a table; UserError, which begins with `where`."""
    if not isinstance(table, Mapping):
        raise UserError(f"{where}: must be a table, got {table!r:.100}")
    try:
        if issubclass(kind, BaseModel):
            return kind.model_validate(dict(table))
        return _constructed(kind, table)
    except UserError as error:  # of a validator of ours
        raise UserError(f"{where}: {error}") from error
    except ValidationError as error:
        raise UserError(f"{where}: {_mistake(error, kind)}") from error


def _constructed(kind: type[T], table: Mapping[str, Any]) -> T:
    """An object of a class of `options`; ValidationError as pydantic raises it."""
    made = kind.__new__(kind)
    kind.__validating_init__(made, **table)
    return made


def table_of(kind: type[T]) -> Any:
    """The type of a field that a file gives as a table, and that is a `kind` (a class of `options`)."""

    def made(value: Any) -> Any:
        if isinstance(value, kind) or not isinstance(value, Mapping):
            return value
        try:
            return _constructed(kind, value)
        except ValidationError as error:
            raise _refused(_mistake(error, kind)) from error
        except UserError as error:
            raise _refused(error) from error

    return Annotated[kind, BeforeValidator(made)]


def keys_of(kind: type) -> AfterValidator:
    """A validator of a field that holds some keys of `kind`: each with its type and range, the table stays a table.

    For tables whose missing keys come from elsewhere, so that only later there is a whole `kind`.
    """

    def check(table: Options) -> Options:
        for name, value in table.items():
            if name not in kind.__pydantic_fields__:
                raise _refused(unknown_name("key", name, kind.__pydantic_fields__))
            try:
                _adapter(kind, name).validate_python(value)
            except ValidationError as error:
                raise _refused(_mistake(error, kind, name)) from error
        return table

    return AfterValidator(check)


@cache
def _adapter(kind: type, name: str) -> TypeAdapter:
    field = kind.__pydantic_fields__[name]
    annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotation, config=_STRICT)


_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_EXPECTED = {
    "is_instance_of": "must be a list",
    "sequence_str": "must be a list",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dataclass_type": "must be a table",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have {min_length} or more entries",
}


def _mistake(error: ValidationError, kind: type, key: str = "") -> str:
    """The first mistake in a line: the key (or one within `key`), what its value must be, and what was given."""
    errors = sorted(error.errors(), key=lambda e: e["type"] not in _UNKNOWN)  # else a misspelt key is a missing one
    first = errors[0]
    if first["type"] in ("missing", "missing_argument"):
        return f"key {_place((key, *first['loc']) if key else first['loc'])!r} is missing"
    alike = [e for e in errors if e["loc"][:-1] == first["loc"][:-1] and e["input"] is first["input"]]
    steps = first["loc"] if len(alike) == 1 else first["loc"][:-1]  # else each is of one member of a union
    place = _place((key, *steps) if key else steps)
    if first["type"] in _UNKNOWN:
        return str(unknown_name("key", place, _keys_at(kind, first["loc"][:-1])))
    if first["type"] == "literal_error" and len(alike) == 1:
        names = re.findall(r"'([^']*)'", first["ctx"]["expected"])
        return str(unknown_name(place, first["input"], names))
    if first["type"] == "reported":
        return first["msg"]
    if first["type"] == "refused":
        return f"{place}: {first['msg']}"
    if first["type"] in _EXPECTED:
        expected = [text for text in map(_expected, alike) if text]
        wanted = " or ".join(text.removeprefix("must be ") for text in expected)
        wanted = f"must be {wanted}" if len(expected) > 1 else expected[0]
        return f"key {place!r} {wanted}, got {first['input']!r:.100}"
    return f"key {place!r}: {first['msg']}"


def _expected(error: Mapping[str, Any]) -> str:
    """What a value must be, "" for mistakes that are told in another way."""
    if error["type"] == "literal_error":
        return f"must be {error['ctx']['expected']}"
    return _EXPECTED.get(error["type"], "").format(**error.get("ctx", {}))


def _place(steps: Iterable[int | str]) -> str:
    """The steps as in Python, without those of pydantic's own, which name a member of a union.

    >>> _place(("parts", 0, "archs", "n"))
    'parts[0].archs.n'
    """
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[\w -]+", step):
            text += f".{step}" if text else step
    return text


def _keys_at(kind: type, path: Iterable[int | str]) -> list[str]:
    """The keys of the table at that place, each with the place before it."""
    steps = list(path)
    for step in steps:
        field = getattr(kind, "__pydantic_fields__", {}).get(str(step))
        annotation = None if field is None else field.annotation
        inner = [annotation, *getattr(annotation, "__args__", ())]
        kind = next((i for i in inner if isinstance(i, type) and hasattr(i, "__pydantic_fields__")), kind)
    before = f"{_place(steps)}." if steps else ""
    return [before + name for name in getattr(kind, "__pydantic_fields__", {})]
