"""Calls keops-translate with programs that pretend to be NVIDIA's assembler, and prints what came of it."""

import os
import shutil
import stat
import subprocess
import sys

folder, module = sys.argv[1:]
translate = shutil.which("keops-translate")


def write_assembler(name, script):
    path = os.path.join(folder, name, "bin")
    os.makedirs(path)
    with open(os.path.join(path, "ptxas"), "w") as file:
        file.write("#!/bin/sh\nPATH=/usr/bin:/bin\n" + script + "\n")
    os.chmod(file.name, stat.S_IRWXU)
    return path


def run(title, **environment):
    environment = {"TMPDIR": temporary, **environment}
    command = [translate, "--to-object", "--target=nvptx-sm_90", module]
    done = subprocess.run(command, capture_output=True, env=environment)
    said = done.stderr.decode().strip().replace(folder, "FOLDER")
    print(f"{title}: {said or done.stdout.split()[:1]}, status {done.returncode}, {len(os.listdir(temporary))} files left")


shutil.rmtree(folder, ignore_errors=True)
temporary = os.path.join(folder, "temporary")
os.makedirs(temporary)
# The arguments are -arch=sm_90 FILE -o FILE.
good = write_assembler("good", '[ "$1$3" = "-arch=sm_90-o" ] && grep -q "^.target sm_90" "$2" && echo assembled > "$4"')
refusing = write_assembler("refusing", "echo 'fatal: no such chip' >&2; exit 255")
dying = write_assembler("dying", "kill -9 $$")
run("by PATH", PATH=good)
for variable in ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"):
    run("by " + variable, PATH=temporary, **{variable: os.path.dirname(good)})
run("PATH first", PATH=good, CUDA_HOME=os.path.dirname(refusing))
run("refusing", PATH=refusing)
run("dying", PATH=dying)
run("no temporary folder", PATH=good, TMPDIR=os.path.join(folder, "absent"))
