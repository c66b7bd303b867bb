"""`import nasgauge`: light, and every name of the stub is there and described."""

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import nasgauge as ng

STUB = ast.parse((Path(ng.__file__).with_suffix(".pyi")).read_text(encoding="utf-8"))
NAMES = sorted(alias.asname for node in ast.walk(STUB) if isinstance(node, ast.ImportFrom) for alias in node.names)
HEAVY = ("torch", "pandas", "numpy", "matplotlib", "scipy", "pydantic")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_and_described(name):
    assert getattr(ng, name).__doc__ and name in dir(ng)


def test_nothing_heavy_is_imported():
    code = f"import sys, nasgauge; print([m for m in {HEAVY} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_version_is_the_packages():
    assert ng.__version__ == version("nasgauge")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        _ = ng.nothing
