"""The site that `./dev docs` makes by Sphinx: the documents of this tree as they are, and the executed gallery.

The root of the tree is the root of the sources, so that links of documents mean here what they mean in an editor. What
is made on the way lies in build/docs: examples as pages, the reference of the dialect."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

project = "keops"
html_title = "keops"
html_theme = "furo"
html_copy_source = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
# The pages show formulas without network, too.
extensions = ["myst_parser", "sphinx_gallery.gen_gallery", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "build/docs/dialect.md", "build/docs/gallery/**.rst"]
exclude_patterns = [".*", "build-*", "build/[!d]*", "docs/gallery"]
myst_heading_anchors = 3
# Languages that no highlighter knows; the levels of headings that mlir-tblgen writes.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

# Every example runs every time: what its page shows is what this state of the tree does. The first one that fails ends
# everything.
sphinx_gallery_conf = {
    "examples_dirs": "docs/gallery",
    "gallery_dirs": "build/docs/gallery",
    "remove_config_comments": True,
    "capture_repr": (),
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "run_stale_examples": True,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "write_computation_times": False,
    "show_signature": False,
    "thumbnail_size": (400, 280),
}

CONTENTS = """
```{toctree}
:hidden:

build/docs/gallery/index
```

```{toctree}
:hidden:
:caption: Documents

docs/architecture
docs/adding-an-operation
docs/operators
docs/generated/operations
build/docs/dialect
docs/performance
docs/development
CONTRIBUTING
```

```{toctree}
:hidden:
:glob:
:caption: Decisions

docs/rationale/*
```
"""


def adapt(app, docname, source):
    """Folders have no pages, so that links to them become their names; the front page gets the contents."""
    if (ROOT / f"{docname}.md").exists():
        folder = (ROOT / docname).parent
        keep = lambda link: link[1] if (folder / link[2]).is_dir() else link[0]
        source[0] = re.sub(r"\[([^\]]*)\]\(([^)#\s:]+)\)", keep, source[0])
    if docname == root_doc:
        source[0] += CONTENTS


def setup(app):
    app.connect("source-read", adapt)
