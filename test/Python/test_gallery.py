"""The examples of docs/gallery: they run, their own comparisons with dense matrices hold, and they use what users may.

An example runs as a user would run it, in an interpreter of its own, but draws to memory. The pages that Sphinx makes
of them are the matter of `./dev docs`."""

import ast
import os
import re
from pathlib import Path

import pytest

from conftest import run_python

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "docs/gallery").glob("*.py"))
PUBLIC = {"keops", "keops.masks", "keops.numpy", "keops.numpy.cluster", "keops.torch"}

# Warnings are errors: of solvers that did not converge, of texts that no font has, of a layout without room.
RUN = """
import io, runpy, sys, warnings
import matplotlib
matplotlib.use("agg")
from matplotlib import pyplot
pyplot.show = lambda: None
for kind in (RuntimeWarning, UserWarning):
    warnings.simplefilter("error", kind)
runpy.run_path(sys.argv[1])
for number in pyplot.get_fignums():
    pyplot.figure(number).savefig(io.BytesIO())
print("pictures:", len(pyplot.get_fignums()))
"""


def test_all_topics_are_there():
    topics = ["nearest_neighbours", "k_means", "kernel_regression", "gaussian_mixture", "optimal_transport"]
    topics += ["spectral_embedding", "block_sparse", "attention"]
    assert [example.stem for example in EXAMPLES] == [f"{k}_{topic}" for k, topic in enumerate(topics, 1)]


@pytest.mark.parametrize("page", ["README.md", "docs/development.md"])
def test_documents_lead_to_the_gallery(page):
    links = re.findall(r"\]\(([^)#\s]+)\)", (ROOT / page).read_text())
    assert ROOT / "docs/gallery" in [(ROOT / page).parent / link for link in links]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.stem)
def test_example_has_a_title_a_comparison_and_public_names_only(example):
    tree = ast.parse(example.read_text())
    title, underline, *_ = ast.get_docstring(tree).splitlines()
    assert len(title) == len(underline) and set(underline) == {"="}
    assert any(isinstance(node, ast.Assert) for node in tree.body)
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    ours = {module for module in modules if module.split(".")[0] == "keops"}
    assert ours and ours <= PUBLIC


@pytest.mark.skipif(
    "KEOPS_SANITIZE_GENERATED" in os.environ,
    reason="clouds this large take instrumented code many minutes; the same operations run on small ones elsewhere",
)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs(example):
    pictures = re.search(r"pictures: (\d+)", run_python(RUN, str(example)))
    assert int(pictures[1]) >= 1
