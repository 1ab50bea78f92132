"""What pip makes of this tree: names, versions and files that the package is built from."""

import importlib.machinery
import re
import sys
import tomllib
from pathlib import Path

import clearhead
from clearhead import _clearhead

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
BUILD = PROJECT["tool"]["scikit-build"]


def test_the_version_is_that_of_cmake():
    version = BUILD["metadata"]["version"]
    found = re.search(version["regex"], (ROOT / version["input"]).read_text())
    assert found["value"] == clearhead.__version__


def test_a_source_distribution_can_be_built():
    included = [path.lstrip("/") for path in BUILD["sdist"]["include"]]
    for path in included:
        assert (ROOT / path).exists(), path
    project = PROJECT["project"]
    needed = {"pyproject.toml", "CMakeLists.txt", project["readme"], *project["license-files"]}
    folders = {"apps/sql", "bindings", "clearhead", "cmake", "lessons", "models"}
    assert needed | folders == set(included)


def test_from_3_12_on_the_extension_is_of_the_stable_abi():
    own = importlib.machinery.EXTENSION_SUFFIXES[0]
    suffix = ".abi3.so" if sys.version_info >= (3, 12) else own
    assert Path(_clearhead.__file__).name == "_clearhead" + suffix
    assert BUILD["wheel"]["py-api"] == "cp312"
