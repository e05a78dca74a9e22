"""fits.py PTXAS CHIP REGISTERS: assembles the PTX on the standard input, and says "fits" unless a kernel needs more
registers than stated, spills any, or keeps something in local memory."""

import re
import subprocess
import sys


def judge(ptxas, chip, limit, ptx):
    """"fits", or what does not."""
    command = [ptxas, "-v", f"-arch={chip}", "-", "-o", "/dev/null"]
    done = subprocess.run(command, input=ptx, capture_output=True, text=True)
    said = done.stdout + done.stderr
    registers = [int(n) for n in re.findall(r"Used (\d+) registers", said)]
    memory = re.findall(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", said)
    good = registers and max(registers) <= limit and memory and all(set(numbers) == {"0"} for numbers in memory)
    return "fits" if good else f"does not fit in {limit} registers:\n{said}"


if __name__ == "__main__":
    print(judge(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.stdin.read()))
