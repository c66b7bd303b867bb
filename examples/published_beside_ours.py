"""One published number beside ours: Kendall's tau of the number of parameters on the classes of NAS-Bench-201.

python examples/published_beside_ours.py    # needs $NASGAUGE_DATA
"""

import numpy as np

import nasgauge as ng
from nasgauge.studies.published import published_values

classes = ng.load_benchmark("nb201").in_classes("paper").sample_classes(None, rng=np.random.default_rng(0))
size = classes.complexity.set_index("arch")["n_params"]
[ours] = ng.judge(size, benchmark=classes, criteria=["kendall_tau"], n_bootstrap=200).values.itertuples()
published = published_values("ning2021-nb201-zeroshot").set_index(["estimator", "criterion"]).sort_index()
[theirs] = published.loc[[("n_params", "kendall_tau")]].itertuples()
print(f"ours: {ours.value:.3f} [{ours.lower:.3f}, {ours.upper:.3f}], {ours.n} cells; {theirs.source}: {theirs.value}")
