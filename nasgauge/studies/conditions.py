"""Under which conditions the finished tasks of a study were computed, and those of this process."""

from collections.abc import Callable, Iterator, Sequence

from nasgauge.core.conditions import Conditions, check_conditions, conditions, mixture
from nasgauge.core.store import Store
from nasgauge.studies.devices import title_of
from nasgauge.studies.plan import Plan, Task


def check_resumed(plan: Plan, store: Store, tell: Callable[[str], None], *, strict: bool) -> None:
    """Where some tasks of a study are done and others remain, see `check_conditions`."""
    left = set(plan.remaining(store))
    if left:
        done = [task for task in plan.tasks if task not in left]
        groups = ((parts, conditions(title_of(device))) for device, parts in _recorded(plan, store, done))
        check_conditions(store.folder, groups, tell, strict)


def mixed(plan: Plan, store: Store) -> tuple[str, ...]:
    """A sentence for the report where the tasks of a study were not all computed under the same conditions."""
    found = dict.fromkeys(mixture(parts) for _, parts in _recorded(plan, store, plan.tasks))
    return tuple(f"Tasks were computed under different conditions: {phrase}." for phrase in found if phrase)


def _recorded(plan: Plan, store: Store, tasks: Sequence[Task]) -> Iterator[tuple[str, list[Conditions]]]:
    """By device, as the study names it, the conditions of each of these tasks, which are done."""
    devices: dict[str, list[Task]] = {}
    for task in tasks:
        devices.setdefault(plan.devices[task.estimator], []).append(task)
    for device, own in sorted(devices.items()):
        yield device, [store.conditions(task.part, task.key) for task in own]
