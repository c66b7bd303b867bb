"""Configurations of the estimators that train supernets: their keys, and how they are built."""

from typing import Any, Literal, final

from nasgauge.core.config import Label
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.oneshot.few_shot_keys import FewShotKeys
from nasgauge.estimators.oneshot.supernet_keys import SupernetKeys


@final
class OneShotConfig(SupernetKeys):
    """One-shot: a supernet is trained, architectures are scored with its weights."""

    name: Literal["oneshot"] = "oneshot"
    label: Label = "oneshot"

    def build(self, context: RunContext) -> Any:
        from nasgauge.estimators.oneshot.built import built

        return built(self, context)


@final
class FewShotConfig(FewShotKeys):
    """Few-shot: a supernet for each part of the space, which is split at one decision."""

    name: Literal["fewshot"] = "fewshot"
    label: Label = "fewshot"

    def build(self, context: RunContext) -> Any:
        from nasgauge.estimators.oneshot.few_shot import built

        return built(self, context)
