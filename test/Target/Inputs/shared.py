"""Reads PTX and says whether a block's shared memory is at most the 48 KiB that every chip gives without being asked."""

import re
import sys

sizes = [int(size) for size in re.findall(r"^\s*\.shared \.align \d+ \.b8 \w+\[(\d+)\];", sys.stdin.read(), re.M)]
print("fits" if sizes and sum(sizes) <= 48 << 10 else f"does not fit: {sizes}")
