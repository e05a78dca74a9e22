"""The documents tell the truth: the README's programs print what the README says, and no link is broken."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def documents():
    return [p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if p.is_file()]


def test_readme_programs_print_what_the_readme_says():
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    languages = [language for language, _ in blocks]
    programs = [k for k, language in enumerate(languages) if language == "python"]
    assert len(programs) == 3 and all(languages[k + 1] == "" for k in programs)
    # Each goes on with the names of those before.
    done = subprocess.run([sys.executable, "-c", "".join(blocks[k][1] for k in programs)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(blocks[k + 1][1] for k in programs)


@pytest.mark.parametrize("page", documents(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page):
    targets = [t for t in LINK.findall(page.read_text()) if "://" not in t]
    missing = [t for t in targets if not (page.parent / t).exists()]
    assert not missing
