"""Can I trust this cheap estimate of an architecture's quality?

>>> import nasgauge as ng
>>> bench = ng.load_benchmark("digits-nb201")
>>> scores = {"size": dict(zip(bench.complexity["arch"], bench.complexity["n_params"]))}
>>> ng.judge(scores, benchmark=bench, criteria=["kendall_tau"], n_bootstrap=0).values["value"].round(3).tolist()
[0.71]

Names are imported when they are first used: `import nasgauge` loads neither PyTorch nor pandas nor matplotlib.
`__init__.pyi` lists them with their types; `nasgauge --help` describes the command line.
"""

from typing import Any

import lazy_loader

_lazy, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from nasgauge.core.about import version

        return version()
    return _lazy(name)
