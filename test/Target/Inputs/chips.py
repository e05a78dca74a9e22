"""Makes PTX of a module for every target that the tool names, and prints what chip and version it says it is for."""

import re
import subprocess
import sys


def translate(target):
    command = ["keops-translate", "--to-ptx", f"--target={target}", sys.argv[1]]
    return subprocess.run(command, capture_output=True, text=True)


names = re.findall(r"nvptx-sm_\d+[af]?", translate("nvptx-").stderr)
for name in names:
    ptx = translate(name).stdout
    print(*re.findall(r"^\.target (\S+)$", ptx, re.M), *re.findall(r"^\.version (\S+)$", ptx, re.M))
