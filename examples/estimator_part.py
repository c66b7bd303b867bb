"""A part of `nasgauge run estimator-nb201`: all of its estimators on the first classes of its random order.

python examples/estimator_part.py FOLDER [CLASSES [WORKERS [NAME ...]]]    # needs $NASGAUGE_DATA

FOLDER: of a `nasgauge run estimator-nb201` that was ended. What it holds is not done again, and the same `nasgauge run`
does the rest; examples/estimator_judged.py judges what is there. The classes are a random sample of all. CLASSES:
1,240 if not given; WORKERS: all cores; NAME: these estimators alone, for instance meco meco_opt.
"""

import sys
from functools import partial
from pathlib import Path

from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.core.workers import unordered_map
from nasgauge.studies.plan import do
from nasgauge.studies.run import Run


def main() -> None:
    folder, n = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1240
    begun, store = Run.load(folder), Store.existing(folder)
    plan = begun.plan
    first = set(plan.benchmark.archs[:n])
    n_workers, names = int(sys.argv[3]) if len(sys.argv) > 3 else None, sys.argv[4:] or list(plan.owners)
    numbers = {plan.owners[name] for name in names}
    tasks = [task for task in plan.remaining(store) if task.estimator in numbers and first.issuperset(task.archs)]
    for i, _ in enumerate(unordered_map(partial(do, folder, begun.study), tasks, n_workers=n_workers), start=1):
        print(f"{i} of {len(tasks)} tasks", flush=True)
    print(f"{plan.n_done(store):.0f} of {len(plan.tasks)} tasks of the study are done")


if __name__ == "__main__":
    check_usage(__doc__)
    main()
