"""A shipped study, copied, edited and run on twenty architectures: python examples/copy_and_edit.py FOLDER

At the command line: nasgauge copy quickstart FOLDER; nasgauge run FOLDER/quickstart.toml --set archs.n=20 ...
"""

import sys
from pathlib import Path

import nasgauge as ng
from nasgauge.core.usage import check_usage
from nasgauge.studies import texts
from nasgauge.studies.settings import with_settings

if __name__ == "__main__":
    check_usage(__doc__)
    file = texts.copy("quickstart", Path(sys.argv[1]))
    changes = ["archs.n=20", "n_bootstrap=50", "criteria=['kendall_tau']", "estimators.0.batch_size=8"]
    file.write_text(with_settings(file.read_text(encoding="utf-8"), changes, "quickstart"), encoding="utf-8")
    found = ng.run(file, Path(sys.argv[1]) / "run")
    defined = found.values.dropna(subset="value")  # without those that are constant on twenty cells
    print(defined[["estimator", "value", "lower", "upper", "n"]].round(3).to_string(index=False))
