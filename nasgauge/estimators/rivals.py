"""Published estimators that are made of the ranks of others: which, and how they are combined (`aggregate`)."""

from collections.abc import Mapping
from typing import NamedTuple


class Rival(NamedTuple):
    """Experts, the method of `aggregate`, and the bib key, None where no published source is known."""

    experts: tuple[str, ...]
    method: str
    reference: str | None


RIVALS: Mapping[str, Rival] = {
    "az_nas": Rival(("az_expressivity", "az_progressivity", "az_trainability", "macs"), "log_rank", "lee2024aznas"),
    "vkdnw_agg": Rival(
        ("vkdnw_single", "jacob_cov", "az_expressivity", "az_trainability", "macs"), "log_rank", "tybl2025vkdnw"
    ),
    "te_nas": Rival(("ntk_condition", "linear_regions"), "mean_rank", "chen2021tenas"),
    "synflow_jacov_params": Rival(("synflow", "jacob_cov", "n_params"), "log_rank", None),
}
