"""Readers of official benchmark files.

A reader takes the published file or folder of a benchmark and yields one `Training` after the other, whatever the size
of the file. Rule: files are read, never executed; numbers are as published, in our units; no tables, no benchmarks, no
torch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nasgauge.official import nats, nb101, nb201, nb301, nds
from nasgauge.official.opened import kind_of
from nasgauge.official.training import Foreign, Training

_NDS = "radosavovic2019nds"


@dataclass(frozen=True)
class Kind:
    """A supported layout. `read` yields trainings, and a `Foreign` for each architecture outside the space.

    numbered: `read` numbers the trainings of an architecture itself, so that seeds are unique.
    """

    read: Callable[[Path], Iterator[Training | Foreign]]
    space: str
    reference: str
    summary: str
    numbered: bool = False


KINDS: dict[str, Kind] = {
    "nats-bench": Kind(nats.read, "nb201", "dong2021nats", "NATS-Bench topology archive: folder, .tar or .pickle.pbz2"),
    "nb101": Kind(nb101.read, "nb101", "ying2019nasbench101", "NAS-Bench-101 record file (.tfrecord)", numbered=True),
    "nb201": Kind(nb201.read, "nb201", "dong2020nasbench201", "NAS-Bench-201 file (.pth)"),
    "nb301": Kind(nb301.read, "darts", "siems2020nasbench301", "NAS-Bench-301 folder of results_*.json"),
    "nds-darts": Kind(nds.reader("darts-nds"), "darts-nds", _NDS, "NDS files of DARTS cells (DARTS.json)"),
    "nds-resnet": Kind(
        nds.reader("nds-resnet"), "nds-resnet", _NDS, "NDS files of ResNets (ResNet.json; ResNet_rng1.json to 3)"
    ),
    "nds-resnext-a": Kind(
        nds.reader("nds-resnext-a"), "nds-resnext-a", _NDS, "NDS files of ResNeXt-A (ResNeXt-A.json)"
    ),
}

__all__ = ["KINDS", "Foreign", "Kind", "Training", "kind_of"]
