"""Put what `accelerator.py` needs into one folder: the data, and packages that a machine without an index lacks.

    python speed/gather.py .card --python 3.12
    # on the machine, in a copy of the repository with the folder:
    python3 -m pip install --no-index --no-deps --target .card/site .card/wheels/*.whl
    NASGAUGE_DATA=.card/data PYTHONPATH=.:.card/site python3 speed/accelerator.py --seconds 500

The images stay the JPEG files of the Parquet table (15 MB; as bytes of pixels they would be 154 MB).
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# of the dependencies and theirs, those that images with PyTorch, pandas and scikit-learn often lack
PACKAGES = ("pydantic", "pydantic-core", "annotated-types", "typing-inspection", "typing-extensions", "tomli-w",
            "lazy_loader", "threadpoolctl")  # fmt: skip
DATA = ("cifar10/train-00000-of-00001.parquet", "nas-bench-201/accuracy.parquet", "nas-bench-201/architectures.parquet",
        "nas-bench-201/trials.parquet")  # fmt: skip
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default="3.12", help="version on the machine")
    options = parser.parse_args()
    if not os.environ.get("NASGAUGE_DATA"):
        sys.exit("gather.py: the variable NASGAUGE_DATA is not set; set it to the folder that holds the tables")
    for name in DATA:
        target = options.folder / "data" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(os.environ["NASGAUGE_DATA"]) / name, target)
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *platforms]
    command += ["--python-version", options.python, "--implementation", "cp", "-c", str(ROOT / "constraints.txt")]
    subprocess.run([*command, "-d", str(options.folder / "wheels"), *PACKAGES], check=True)
    total = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{options.folder}: {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
