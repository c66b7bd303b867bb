"""The searches by name; a new one is a function in a file of its own, and an entry here."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.core.signatures import keywords, n_positional, summary
from nasgauge.search.exhaustive import exhaustive
from nasgauge.search.ledger import Objective
from nasgauge.search.local_search import local_search
from nasgauge.search.pareto_evolution import pareto_evolution
from nasgauge.search.pool import Candidates
from nasgauge.search.random_sample import random_sample
from nasgauge.search.tournament import tournament
from nasgauge.spaces import Space

_GIVEN = ("space", "objective", "candidates", "budget", "rng")


@final
@dataclass(frozen=True)
class Search:
    """The registry entry of a search; call it like its function.

    function: f(space, objective, candidates, *, budget, rng, ...) -> table (arch, value, step). reference: bib key or
    None. candidates are strings of architectures, the sequence of them that is a `Listed` pool, or None for the whole
    space. takes_budget: it needs a budget; without, it evaluates every candidate and refuses one.
    """

    function: Callable[..., pd.DataFrame]
    reference: str | None = None
    summary: str = ""
    takes_budget: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """The options beyond the budget, with their defaults."""
        parameters = inspect.signature(self.function).parameters
        return {name: p.default for name, p in parameters.items() if name not in _GIVEN}

    def __call__(
        self,
        space: Space,
        objective: Objective,
        candidates: Candidates = None,
        *,
        budget: int | None = None,
        rng: np.random.Generator,
        **options: Any,
    ) -> pd.DataFrame:
        """The function's table; UserError names an unknown option."""
        where = f"search {self.function.__name__!r}"
        for name in options:
            if not self.options:
                raise UserError(f"{where}: takes no options, got {name!r}; leave it out")
            if name not in self.options:
                raise UserError(f"{where}: {unknown_name('option', name, self.options)}")
        return self.function(space, objective, candidates, budget=budget, rng=rng, **options)


def _search(thing: Any, name: str) -> Search | None:
    """What a reference yields: a Search, or its function, which takes a budget where `budget` has no default."""
    if isinstance(thing, Search):
        return thing
    if not callable(thing) or isinstance(thing, type):
        return None
    known = keywords(thing)
    if n_positional(thing) != len(_GIVEN[:3]) or not set(_GIVEN[3:]) <= set(known):
        raise UserError(f"a search is a function of ({', '.join(_GIVEN[:3])}, *, {', '.join(_GIVEN[3:])}, ...)")
    return Search(thing, None, summary(thing), known["budget"].default is inspect.Parameter.empty)


SEARCHES: Registry[Search] = Registry(
    "search",
    {
        "exhaustive": Search(exhaustive, "ying2019nasbench101", "Evaluates every candidate, without a budget", False),
        "random": Search(random_sample, "li2019random", "Random candidates, drawn without replacement", True),
        "evolution": Search(
            tournament,
            "real2019regularized",
            "Regularised evolution: tournament selection, one mutation per child, the oldest members are removed",
            True,
        ),
        "local": Search(
            local_search,
            "white2021exploring",
            "Local search with restarts: go to the best neighbour while it is better",
            True,
        ),
        "pareto_evolution": Search(
            pareto_evolution,
            "ning2021evaluating",
            "Evolution with a population from the two Pareto fronts of score against size and of score against −size",
            True,
        ),
    },
    group="nasgauge.search",
    of=Search,
    adapt=_search,
    takes="a Search, or a function of (space, objective, candidates, *, budget, rng)",
)


def get_search(search: str | Search) -> Search:
    """The search of that name, or the search itself; an unknown name is an error that lists the nearest ones.

    >>> get_search("evolution").options
    {'population': 20, 'sample_size': 5, 'children': 10}
    """
    return SEARCHES.find(search)
