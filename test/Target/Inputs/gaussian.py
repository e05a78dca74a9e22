"""Prints, in the gpu dialect, a kernel that sums exp2(-|x_i - y_j|^2) b_j with ROWS rows a thread: what a reduction
of f32 points of dimension 3 is lowered to. Tiles of 256 points (y, b) are staged in workgroup memory."""

import sys

ROWS = int(sys.argv[1])
THREADS, TILE = 128, 256
HEAD, ARRAY = 168, 24  # bytes of keops_launch before its arrays, and of one
V = f"vector<{ROWS}xf32>"
STAGE = f"memref<{4 * TILE}xf32, #gpu.address_space<workgroup>>"
lines = []


def put(text):
    lines.append(text)


def constant(value):
    put(f"%c{value} = arith.constant {value} : index")


def field(name, offset, type):
    """%name is what stands at `offset` of the launch."""
    put(f"%{name}_at = llvm.getelementptr %launch[{offset}] : (!llvm.ptr) -> !llvm.ptr, i8")
    put(f"%{name}{'' if type == '!llvm.ptr' else '_64'} = llvm.load %{name}_at : !llvm.ptr -> {type}")
    if type == "i64":
        put(f"%{name} = arith.index_cast %{name}_64 : i64 to index")


def address(name, array, row, component):
    put(f"%{name}_0 = arith.muli {row}, %{array}_row : index")
    put(f"%{name}_1 = arith.muli %c{component}, %{array}_component : index")
    put(f"%{name}_2 = arith.addi %{name}_0, %{name}_1 : index")
    put(f"%{name}_3 = arith.index_cast %{name}_2 : index to i64")
    put(f"%{name}_at = llvm.getelementptr %{array}[%{name}_3] : (!llvm.ptr, i64) -> !llvm.ptr, f32")


def load(name, array, row, component):
    address(name, array, row, component)
    put(f"%{name} = llvm.load %{name}_at : !llvm.ptr -> f32")


inputs = "input i 3 f32 x\\0Ainput j 3 f32 y\\0Ainput j 1 f32 b\\0Aoutput i f32 sum 1"
put(f'''module attributes {{keops.manifest = "keops-program 2\\0Asymbol gauss\\0A{inputs}\\0Akernel gauss_0 {THREADS}\\0A"}} {{
gpu.module @keops_kernels {{
gpu.func @gauss_0(%launch: !llvm.ptr) workgroup(%stage : {STAGE}) kernel
    attributes {{known_block_size = array<i32: {THREADS}, 1, 1>}} {{''')
for value in sorted({0, 1, 2, 4, THREADS, TILE, ROWS * THREADS}):
    constant(value)
field("m", 0, "i64")
field("n", 8, "i64")
for number, array in enumerate(("x", "y", "b", "out")):
    field(array, HEAD + ARRAY * number, "!llvm.ptr")
    field(array + "_row", HEAD + ARRAY * number + 8, "i64")
    field(array + "_component", HEAD + ARRAY * number + 16, "i64")
put(f'''%thread = gpu.thread_id x
%block = gpu.block_id x
%grid = gpu.grid_dim x
%first = arith.muli %block, %c{ROWS * THREADS} : index
%stride = arith.muli %grid, %c{ROWS * THREADS} : index
%last = arith.subi %m, %c1 : index
%zero = arith.constant dense<0.0> : {V}
scf.for %base = %first to %m step %stride {{
%mine = arith.addi %base, %thread : index''')
for r in range(ROWS):
    put(f"%offset{r} = arith.constant {r * THREADS} : index")
    put(f"%row{r} = arith.addi %mine, %offset{r} : index")
    put(f"%clamped{r} = arith.minsi %row{r}, %last : index")
for d in range(3):
    for r in range(ROWS):
        load(f"x{d}{r}", "x", f"%clamped{r}", d)
    put(f"%x{d} = vector.from_elements {', '.join(f'%x{d}{r}' for r in range(ROWS))} : {V}")
put(f'''%sums = scf.for %begin = %c0 to %n step %c{TILE} iter_args(%tiles = %zero) -> ({V}) {{
%left = arith.subi %n, %begin : index
%count = arith.minsi %left, %c{TILE} : index
gpu.barrier
scf.for %k = %thread to %count step %c{THREADS} {{
%j = arith.addi %begin, %k : index
%k4 = arith.muli %k, %c4 : index''')
for d in range(3):
    load(f"y{d}", "y", "%j", d)
load("y3", "b", "%j", 0)
put(f'''%packed = vector.from_elements %y0, %y1, %y2, %y3 : vector<4xf32>
vector.store %packed, %stage[%k4] {{alignment = 16 : i64}} : {STAGE}, vector<4xf32>
}}
gpu.barrier
%tile = scf.for %k = %c0 to %count step %c1 iter_args(%sum = %tiles) -> ({V}) {{
%k4 = arith.muli %k, %c4 : index
%point = vector.load %stage[%k4] {{alignment = 16 : i64}} : {STAGE}, vector<4xf32>''')
for d in range(4):
    put(f"%e{d} = vector.extract %point[{d}] : f32 from vector<4xf32>")
    put(f"%y{d} = vector.broadcast %e{d} : f32 to {V}")
for d in range(3):
    put(f"%d{d} = arith.subf %x{d}, %y{d} : {V}")
put(f'''%q0 = arith.mulf %d0, %d0 : {V}
%q1 = math.fma %d1, %d1, %q0 : {V}
%q2 = math.fma %d2, %d2, %q1 : {V}
%negated = arith.negf %q2 : {V}
%value = math.exp2 %negated fastmath<afn> : {V}
%next = math.fma %value, %y3, %sum : {V}
scf.yield %next : {V}
}}
scf.yield %tile : {V}
}}''')
for r in range(ROWS):
    put(f"%result{r} = vector.extract %sums[{r}] : f32 from {V}")
    put(f"%inside{r} = arith.cmpi slt, %row{r}, %m : index")
    put(f"scf.if %inside{r} {{")
    address(f"out{r}", "out", f"%row{r}", 0)
    put(f"llvm.store %result{r}, %out{r}_at : f32, !llvm.ptr\n}}")
put("}\ngpu.return\n}\n}\n}")
print("\n".join(lines))
