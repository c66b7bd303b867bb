"""A study with some of its keys set to other values (`nasgauge run --set`): the text of the study that is run.

The folder keeps this text, so that resuming, the report and a later run of the text itself see the same study.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from nasgauge.core.config import Options, tables_of
from nasgauge.core.errors import UserError, one_line, unknown_name

_BARE_WORD = re.compile(r"[A-Za-z][\w./@+-]*")  # a text that needs no quotes here: digits-nb101, my_module.py


def with_settings(text: str, settings: Sequence[str], where: str) -> str:
    """The TOML text in which every setting `key=value` holds; unchanged without settings.

    key: dotted, as in TOML; an entry of a list is given by its number from 0, or by its name or label. value: in TOML,
    or a bare word, which is a text. Keys that are not there are added; whether they exist, and what values they take,
    is checked where the study is parsed. UserError: a setting that cannot be read, a list without such an entry.

    >>> with_settings("n_bootstrap = 500", ["n_bootstrap=50"], "mine").splitlines()
    ['# mine, with n_bootstrap=50', 'n_bootstrap = 50']
    """
    if not settings:
        return text
    import tomli_w

    tables = tables_of(text, where)
    for setting in settings:
        _apply(tables, *_read(setting), f"--set {setting}")
    return f"# {where}, with {one_line('; '.join(settings))}\n{tomli_w.dumps(tables)}"


def _read(setting: str) -> tuple[list[str], Any]:
    """The steps of the key, and the value."""
    key, equals, value = setting.partition("=")
    if not equals or not value.strip():
        raise UserError(f"--set {setting!r}: write key=value, e.g. n_bootstrap=5000 or estimators.0.epochs=5")
    return _steps(key.strip(), setting), _value(value.strip(), setting)


def _steps(key: str, setting: str) -> list[str]:
    try:
        inner, steps = tomllib.loads(f"{key} = 0"), []
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            f"--set {setting!r}: {key!r} is not a key of TOML; separate its parts by dots, and put a name with other "
            "letters than A-Z, digits, '-' and '_' into quotes"
        ) from error
    while isinstance(inner, dict):
        [(step, inner)] = inner.items()
        steps.append(step)
    return steps


def _value(text: str, setting: str) -> Any:
    shown = json.dumps(text) if _BARE_WORD.fullmatch(text) and text not in ("true", "false", "inf", "nan") else text
    try:
        [(_, value)] = tomllib.loads(f"value = {shown}").items()
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"--set {setting!r}: {text!r} is not a value of TOML; write 5, 0.5, true, a text, [1, 2] or {{ n = 5 }}"
        ) from error
    return value


def _apply(tables: Options, steps: Sequence[str], value: Any, where: str) -> None:
    place: Any = tables
    for i, step in enumerate(steps):
        key = _entry(place, step, ".".join(steps[:i]), where)
        if i == len(steps) - 1:
            place[key] = value
            return
        if isinstance(place, dict) and key == "benchmark" and isinstance(place.get(key), str):
            place[key] = {"name": place[key]}  # two spellings of one benchmark
        inner = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
        if not isinstance(inner, dict | list):
            raise UserError(f"{where}: {'.'.join(steps[: i + 1])} is {inner!r}, which has no keys; set it as a whole")
        place = inner


def _entry(place: Options | list, step: str, path: str, where: str) -> str | int:
    """The key in a table, or the number of the entry of a list: by number, else by label, else by name."""
    if isinstance(place, dict):
        return step
    if step.isdecimal():
        if int(step) >= len(place):
            raise UserError(f"{where}: {path} has {len(place)} entries, numbered from 0; there is no {step}")
        return int(step)
    entries = [entry if isinstance(entry, dict) else {} for entry in place]
    called = [str(entry.get("label") or entry.get("name", "")) for entry in entries]
    found = [i for i, name in enumerate(called) if name == step]
    found = found or [i for i, entry in enumerate(entries) if entry.get("name") == step]
    if not found:
        raise UserError(f"{where}: {unknown_name(f'entry of {path}', step, filter(None, called))}")
    if len(found) > 1:
        numbers = ", ".join(f"{path}.{i}" for i in found)
        raise UserError(f"{where}: several entries of {path} are called {step!r}; choose one by its number: {numbers}")
    return found[0]
