"""assemble.py PTXAS REGISTERS CHIP...: makes PTX of the module on the standard input for every chip, and says of each
whether it fits, as fits.py does."""

import subprocess
import sys

from fits import judge

ptxas, limit, chips = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
module = sys.stdin.read()


def translate(chip):
    command = ["keops-translate", "--to-ptx", f"--target=nvptx-{chip}"]
    return subprocess.run(command, input=module, capture_output=True, text=True, check=True).stdout


for chip in chips:
    print(chip, judge(ptxas, chip, limit, translate(chip)))
