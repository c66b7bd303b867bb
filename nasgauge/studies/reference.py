"""docs/toml.md: every key of studies, surveys and recipes, made from the configurations that read them.

    python -m nasgauge.studies.reference > docs/toml.md

Types, ranges and defaults are those of the fields, meanings the sentences of the classes' docstrings. A test compares
the page with what this prints.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from nasgauge.benchmarks import BENCHMARKS, imported
from nasgauge.benchmarks.building.protocol import Protocol as RecipeProtocol
from nasgauge.benchmarks.building.recipe import Recipe, RecipeSample, SplitSizes
from nasgauge.criteria import CRITERIA
from nasgauge.estimators import ESTIMATORS
from nasgauge.estimators.oneshot import SAMPLERS, Protocol
from nasgauge.estimators.oneshot.landscape_config import LandscapeConfig
from nasgauge.estimators.oneshot.origins import StartConfig, TopConfig
from nasgauge.nets.options import NetOptions, SupernetOptions
from nasgauge.studies.schema import JudgedSample, Part, Study, Survey

_INTRO = """# Keys of TOML files

`nasgauge run FILE` reads a study, or a survey if the file lists `parts`; `nasgauge bench build FILE` reads a recipe.
`python -m nasgauge.studies.reference` makes this page from the configurations. A key without a default is required.
Lists are written `[1, 2]`, tables `{ n = 5 }` or `[section]`. `nasgauge run --set KEY=VALUE` sets any key of a study.
Names of components: `nasgauge list`."""
_KINDS: dict[str, tuple[type, str]] = {  # by heading: the configuration, and where its keys stand
    "Study": (Study, "The file itself."),
    "Sample of a study": (JudgedSample, "`archs = { n = 300 }` of a study, or of a part of a survey."),
    "Survey": (Survey, "The file itself."),
    "Part of a survey": (Part, "Each `[[parts]]` of a survey."),
    **{f"Estimator: {name}": (kind, f'`[[estimators]]` with `name = "{name}"`.') for name, kind in ESTIMATORS.items()},
    "Network": (NetOptions, "`net = { channels = 8 }` of an estimator or a recipe: keys in which it differs."),
    "Supernet": (SupernetOptions, '`supernet = { bn = "tracked" }` of a one-shot estimator.'),
    "Training of a supernet": (Protocol, "`training = { lr = 0.1 }` of a one-shot estimator; defaults as of digits."),
    "Start of a supernet": (StartConfig, '`start = { of = "full", epoch = 60 }` of a one-shot estimator.'),
    "Chosen architectures of a supernet": (TopConfig, '`top = { of = "full", share = 0.1 }` of a one-shot estimator.'),
    "Landscape of a supernet": (LandscapeConfig, "`landscape = { n_paths = 300 }` of a one-shot estimator."),
    "Recipe": (Recipe, "The file of `nasgauge bench build`."),
    "Sample of a recipe": (RecipeSample, "`archs` of a recipe."),
    "Split of a recipe": (SplitSizes, "`split` of a recipe."),
    "Training of a recipe": (RecipeProtocol, "`[protocol]` of a recipe."),
}  # fmt: skip
_ONE_OF_A_KIND = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "object": "table",
}
_BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


def as_markdown() -> str:
    """The page."""
    blocks = [_INTRO]
    blocks += [_section(heading, kind, where) for heading, (kind, where) in _KINDS.items()]
    loaders = {**BENCHMARKS, "FILE.parquet": imported.load}
    blocks.append(
        _choices("Benchmark", '`benchmark = "nb201"`, or `{ name = "nb201", dataset = "cifar100" }`.', loaders, 1)
    )
    functions = {name: entry.function for name, entry in CRITERIA.items()}
    blocks.append(
        _choices("Criterion", '`criteria = ["kendall_tau", { name = "best_rank_at", fraction = 0.05 }]`.', functions)
    )
    functions = {name: sampler.function for name, sampler in SAMPLERS.items()}
    blocks.append(
        _choices("Options of samplers", "`sampler_options = { n_samples = 3 }` of a one-shot estimator.", functions)
    )
    return "\n\n".join(blocks) + "\n"


def keys_of(kind: type) -> Iterator[tuple[str, str, str, str]]:
    """(key, type with its range, default, meaning) of each field of a configuration, in their order."""
    schema = TypeAdapter(kind).json_schema()
    meanings = dict(_meanings(kind, list(schema["properties"])))
    for name, field in schema["properties"].items():
        yield name, _type(field), _default(field, name in schema.get("required", ())), meanings.get(name, "")


def _section(heading: str, kind: type, where: str) -> str:
    rows = [f"| `{key}` | {type_} | {default} | {meaning} |" for key, type_, default, meaning in keys_of(kind)]
    return "\n".join([f"## {heading}", "", where, "", "| key | type | default | meaning |", "|---|---|---|---|", *rows])


def _choices(heading: str, where: str, functions: Mapping[str, Callable[..., Any]], skip: int = 0) -> str:
    """The keyword options of the functions behind names."""
    rows = []
    for name, function in functions.items():
        known = inspect.signature(function).parameters.values()
        options = [p for p in known if p.kind is p.KEYWORD_ONLY and p.name != "rng"]
        told = ", ".join(f"`{p.name}`" + _shown_default(p.default) for p in options) or "none"
        rows.append(f"| `{name}` | {told} |")
    return "\n".join([f"## {heading}", "", where, "", "| name | options |", "|---|---|", *rows])


def _shown_default(value: Any) -> str:
    return "" if value is inspect.Parameter.empty or value is None else f" (default {_toml(value)})"


def _type(field: Mapping[str, Any]) -> str:
    """The type of a field of a JSON schema in words, with its range."""
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"] if one.get("type") != "null"))
    if "$ref" in field:
        return "table"
    if "const" in field or "enum" in field:
        return " or ".join(_toml(value) for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        least = field.get("minLength", field.get("minItems", 0))
        items = re.sub(r"\b(number|text|table)\b", r"\1s", _type(field["items"]))
        return f"list of {items}" + (f", {least} or more" if least else "")
    bounds = [text.format(_number(field[bound])) for bound, text in _BOUNDS.items() if bound in field]
    return " ".join([_ONE_OF_A_KIND[field["type"]], ", ".join(bounds)]).strip()


def _number(value: float) -> str:
    return "2^53" if value == 2**53 else f"{value:,}"


def _default(field: Mapping[str, Any], required: bool) -> str:
    if required:
        return ""
    if field.get("default") is None:
        return "absent"
    return "absent" if field["default"] in ({}, "") or isinstance(field["default"], dict) else _toml(field["default"])


def _toml(value: Any) -> str:
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)}`"


def _meanings(kind: type, names: list[str]) -> Iterator[tuple[str, str]]:
    """(field, what the docstrings of the class and its bases say of it): behind "`field`:"."""
    for owner in reversed(kind.__mro__):
        blocks = [" ".join(block.split()) for block in (vars(owner).get("__doc__") or "").split("\n\n")]
        for block in blocks:
            yield from _defined(block, names)


def _defined(block: str, names: list[str]) -> Iterator[tuple[str, str]]:
    one = rf"`?(?:{'|'.join(sorted(names, key=len, reverse=True))})`?"
    head = re.compile(rf"(?:^|(?<=[.;:] )|(?<=\) ))({one}(?:,? (?:and )?{one})*)(?: \([^)]*\))?: ")
    found = list(head.finditer(block))
    for match, following in zip(found, [*found[1:], None], strict=False):
        text = block[match.end() : following.start() if following else len(block)]
        text = re.split(r" UserError|^UserError| Reference:", text)[0].strip().rstrip(";.,")
        for name in re.findall(r"\w+", match[1]):
            if name in names and text:
                yield name, f"{text[0].upper() if text[0].isalpha() else text[0]}{text[1:]}"


if __name__ == "__main__":
    print(as_markdown(), end="")
