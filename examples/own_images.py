"""Images of one's own: a tiny ground truth trained on them, and zero-shot proxies evaluated against it.

`python examples/own_images.py FOLDER` writes mine.npz, 28x28 grey images of five classes (a bright line at one of
five heights), the ground truth and the study into the folder.
"""

import sys
from pathlib import Path

import numpy as np

from nasgauge.benchmarks.building.build import build_text
from nasgauge.studies.run import run_text

folder, labels = Path(sys.argv[1]), np.arange(300) % 5
images = np.random.default_rng(0).integers(0, 56, (300, 28, 28), dtype="uint8")
images[np.arange(300), 5 * labels + 3] += 150
np.savez(folder / "mine.npz", images=images, labels=labels)
recipe = """name = "bars"\ntitle = "bars"\nspace = "nb201"\ndata = "mine.npz"\nn_seeds = 2\narchs = { n = 8 }
net = { channels = 2, n_cells = 1, n_stages = 2 }\nsplit = { n_train = 100, n_valid = 100 }
protocol = { epochs = 2, batch_size = 20 }"""
build_text(recipe, folder / "truth", where="bars", folder=folder, workers="serial")
study = f"""title = "bars"\nbenchmark = "{folder / "truth" / "bars.parquet"}"
estimators = [{{ name = "zeroshot", proxies = ["n_params", "snip", "naswot"], data = "mine.npz" }}]"""
found = run_text(study, folder / "study", where="study", folder=folder, workers="serial")
print(found.values.query("criterion == 'kendall_tau'")[["estimator", "value", "n"]].to_string(index=False))
