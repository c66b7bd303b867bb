"""Search: which architectures does a budget of evaluations find?

A search spends a budget of evaluations on a callable objective, such as the scores of an estimator or the truth itself,
and returns what it evaluated, in order; `curves` follows what such runs have found. Rule: it knows the space, the
candidates and the objective, but no estimator, no benchmark, no torch, and no file but the one in which `Kept` keeps
values; higher is better; it never evaluates an architecture twice.
"""

from nasgauge.search.crossover import crossed
from nasgauge.search.curves import best_so_far, searched
from nasgauge.search.exhaustive import exhaustive
from nasgauge.search.fronts import levels_of
from nasgauge.search.kept import Kept
from nasgauge.search.ledger import Objective
from nasgauge.search.local_search import local_search
from nasgauge.search.pareto_evolution import Member, pareto_evolution, survivors
from nasgauge.search.pool import Listed, Pool
from nasgauge.search.random_sample import random_sample
from nasgauge.search.registered import SEARCHES, Search, get_search
from nasgauge.search.tournament import tournament

__all__ = [
    "SEARCHES",
    "Kept",
    "Listed",
    "Member",
    "Objective",
    "Pool",
    "Search",
    "best_so_far",
    "crossed",
    "exhaustive",
    "get_search",
    "levels_of",
    "local_search",
    "pareto_evolution",
    "random_sample",
    "searched",
    "survivors",
    "tournament",
]
