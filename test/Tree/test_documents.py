"""The documents tell the truth: the README's program prints what the README says, and no link is broken."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def documents():
    return [p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if p.is_file()]


def test_readme_program_prints_what_the_readme_says():
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert [language for language, _ in blocks[:2]] == ["python", ""]
    done = subprocess.run([sys.executable, "-c", blocks[0][1]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks[1][1]


@pytest.mark.parametrize("page", documents(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page):
    targets = [t for t in LINK.findall(page.read_text()) if "://" not in t]
    missing = [t for t in targets if not (page.parent / t).exists()]
    assert not missing
