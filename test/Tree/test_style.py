"""House rules that no formatter knows: size of files, header guards, first comments."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = (".cpp", ".h", ".hpp", ".c", ".td", ".py")


def tracked(*suffixes):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listed.stdout.split("\0") if name.endswith(suffixes)]
    return [f for f in files if f.exists()]


def test_files_are_under_600_lines():
    long = [str(f) for f in tracked(*CODE) if len(f.read_text().splitlines()) > 600]
    assert not long


def test_header_guards_name_the_path():
    wrong = []
    for header in (ROOT / "include").rglob("*.h"):
        path = header.relative_to(ROOT / "include")
        guard = "_".join(path.with_suffix("").parts).upper().replace("-", "_") + "_H"
        if f"#ifndef {guard}\n#define {guard}\n" not in header.read_text():
            wrong.append(f"{path}: expected {guard}")
    assert not wrong


def test_first_comment_says_the_role_and_not_the_name():
    wrong = []
    for source in tracked(".cpp", ".h", ".hpp", ".c", ".td"):
        lines = source.read_text().splitlines()
        if not lines or not lines[0].startswith(("//", "/*")):
            wrong.append(f"{source.relative_to(ROOT)}: no first comment")
        elif source.name in lines[0]:
            wrong.append(f"{source.relative_to(ROOT)}: names itself")
    assert not wrong
