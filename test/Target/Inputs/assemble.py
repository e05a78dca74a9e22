"""assemble.py PTXAS REGISTERS CHIP...: makes PTX of the module on the standard input for every chip, assembles it, and
fails where a kernel needs more registers than stated, spills any, or keeps something in local memory."""

import re
import subprocess
import sys

ptxas, limit, chips = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
module = sys.stdin.read()


def assemble(chip):
    command = ["keops-translate", "--to-ptx", f"--target=nvptx-{chip}"]
    ptx = subprocess.run(command, input=module, capture_output=True, text=True, check=True).stdout
    command = [ptxas, "-v", f"-arch={chip}", "-", "-o", "/dev/null"]
    done = subprocess.run(command, input=ptx, capture_output=True, text=True)
    return done.stdout + done.stderr


for chip in chips:
    said = assemble(chip)
    registers = [int(n) for n in re.findall(r"Used (\d+) registers", said)]
    memory = re.findall(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", said)
    good = registers and max(registers) <= limit and memory and all(set(numbers) == {"0"} for numbers in memory)
    print(chip, "fits" if good else f"does not fit in {limit} registers:\n{said}")
