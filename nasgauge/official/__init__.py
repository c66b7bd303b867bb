"""What do the official benchmark files say?

A reader takes the file or folder that a benchmark's authors published and yields one `Training` after the other,
however large the file is. Rule: files are read, never executed; numbers are passed on as published, in our units; no
tables, no truth, no torch.
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
    """A layout that can be read. `read` yields trainings, and a `Foreign` for what lies outside the space.

    numbered: `read` numbers the trainings of an architecture itself, so that no seed comes twice.
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
