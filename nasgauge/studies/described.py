"""What a shipped study asks and needs, for `nasgauge list studies`: from its header and from its keys, typed once.

A header is the comment before the first key: a question first, and in a line of its own how long the study takes where
that was measured ("11.1 minutes of processor time, ...").
"""

import re
from collections.abc import Iterable
from typing import Any

from nasgauge.benchmarks import embedded
from nasgauge.core.config import parse
from nasgauge.core.dataset_names import dataset_name
from nasgauge.core.errors import UserError
from nasgauge.estimators import MeasuringConfig
from nasgauge.studies.schema import Study, Survey, is_survey

_MINUTES = re.compile(r"(about )?[\d.]+ minutes (of processor time|on two (idle )?cores)", re.IGNORECASE)
_TABLES = {"nb101": "nas-bench-101", "nb201": "nas-bench-201", "nb301": "nas-bench-301"}  # folders of $NASGAUGE_DATA
_IMAGES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16-120": "ImageNet16-120"}  # that are not shipped


def described(text: str, where: str) -> str:
    """The question of a study or survey and what it needs: tables, images, PyTorch, an accelerator, minutes.

    UserError: its header does not begin with a question.
    """
    needs = ", ".join(_needs(parse_studies(text, where)))
    return f"{question(text, where)} Needs {needs}{_minutes(text)}"


def question(text: str, where: str) -> str:
    """The first sentence of the header, which ends with a question mark.

    >>> question("# Which is best? All of\\n# them.\\ntitle = 't'", "a study")
    'Which is best?'
    """
    first, mark, _ = " ".join(_header(text)).partition("?")
    if not mark or ". " in re.sub(r"\b(al|vs|e\.g|i\.e)\. ", " ", first):
        raise UserError(f"{where}: its header does not begin with a question; write one in its first lines, behind '#'")
    return f"{first}?"


def parse_studies(text: str, where: str) -> list[Study]:
    """The study of a text, or the studies of a survey's parts."""
    return list(parse(text, Survey, where).studies().values()) if is_survey(text) else [parse(text, Study, where)]


def _header(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return lines


def _minutes(text: str) -> str:
    found = [match for match in map(_MINUTES.match, _header(text)) if match]
    return f"; {found[0][0][0].lower()}{found[0][0][1:]}" if found else ""


def _needs(studies: Iterable[Study]) -> Iterable[str]:
    names = {name: [] for name in ("tables", "images", "device")}
    for study in studies:
        spec = study.benchmark if isinstance(study.benchmark, dict) else {"name": study.benchmark}
        names["tables"].append(_TABLES.get(spec["name"]))
        for config in study.estimators:
            if isinstance(config, MeasuringConfig) and "data" in type(config).model_fields:
                names["images"].append(_IMAGES.get(dataset_name(config.data or _trained_on(spec))))
            names["device"].append("an accelerator" if getattr(config, "device", "cpu") == "cuda" else None)
    yield "PyTorch"
    yield from (f"$NASGAUGE_DATA/{folder}" for folder in _once(names["tables"]))
    yield from (f"images of {name}" for name in _once(names["images"]))
    yield from _once(names["device"])


def _trained_on(spec: dict[str, Any]) -> str:
    """The data set of the ground truth's trainings."""
    if spec["name"] in _TABLES:
        return str(spec.get("dataset", "cifar10"))
    return str(embedded.record(spec["name"]).get("training", {}).get("data", "digits"))


def _once(names: Iterable[str | None]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
