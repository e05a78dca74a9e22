// Passes of lib/Conversion. The order in which they run stands in lib/Pipelines.
#ifndef KEOPS_CONVERSION_PASSES_TD
#define KEOPS_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertMapReduceToCPU : Pass<"convert-keops-map-reduce-to-cpu", "::mlir::ModuleOp"> {
  let summary = "Lower map_reduce to loops over vectors, with OpenMP worksharing";
  let description = [{
    Assumes functions of `keops.map` and `keops.map_reduce` with schedules, without composites or gradients.

    A function `@f` becomes a private `@f_body(args, workspace)`, which reads the `keops_args` of keops-c/program.h.
    Each map_reduce is one parallel region of two loops. The first packs the rows of the reduced index. The second runs
    over pieces (a tile of kept rows and a part of the reduced index): it packs the rows of the tile, reduces, and if no
    other piece of the tile is missing, merges them in order and writes the rows. The module receives the attribute
    `keops.manifest`. What `keops.storage` stores as f16 or bf16 is widened where rows are packed and parameters loaded,
    and rounded where outputs are written.

    ```mlir
    %s = keops.map_reduce over j reduce [#keops.reduce<Sum>] schedule <rows = 3, lanes = 16, ...> (%x, %y) ...
    // becomes, for a tile of 48 rows:
    scf.for %j ... iter_args(%sum : vector<3x16xf32>) {
      %yj = memref.load ...           // one component of y_j, broadcast over the lanes
      %d = arith.subf %xi, ... : vector<3x16xf32>
      ...
    }
    ```
  }];
  let options = [Option<"threads", "threads", "std::string", /*default=*/"\"openmp\"",
                        "`openmp`, or `none` for programs that must not need a thread runtime">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::omp::OpenMPDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def ConvertMapReduceToGPU : Pass<"convert-keops-map-reduce-to-gpu", "::mlir::ModuleOp"> {
  let summary = "Lower map_reduce to kernels of the gpu dialect";
  let description = [{
    Assumes what `--convert-keops-map-reduce-to-cpu` assumes. The lanes of a schedule are the threads of a block: each
    computes `rows` rows.

    A function `@f` becomes kernels `@f_0`, `@f_1`, ... of `gpu.module @keops_kernels`, launched in this order with a
    pointer to the `keops_launch` of keops-c/program.h. They are right on a grid of any size: blocks, or threads, take
    tasks in strides. A step of the rows of the reduced index is brought to workgroup memory, where it fits, by
    asynchronous copies; with two `stages` while the pairs of the step before are computed. The manifest names the
    kernels and their threads.

    ```mlir
    gpu.func @f_2(%launch: !llvm.ptr) workgroup(%stage : memref<512xf32, #gpu.address_space<workgroup>>) kernel {
      scf.for %piece = %block to %pieces step %blocks {
        ...
        nvgpu.device_async_copy %rows[...], %stage[...], 4 : ...
        nvgpu.device_async_wait ...
        gpu.barrier
        scf.for %j ... iter_args(%sum : vector<4xf32>) {
          %yj = memref.load %stage[...]
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::nvgpu::NVGPUDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def ContractMultiplyAdd : Pass<"keops-contract-multiply-add", "::mlir::ModuleOp"> {
  let summary = "Fuse a product into the sum that alone uses it";
  let description = [{
    Assumes that the target has fused multiply-add instructions. `a * b + c` becomes `math.fma a, b, c` and
    `c - a * b` becomes `math.fma -a, b, c` where the product has no other use: one rounding instead of two. Runs
    before the expansion of math functions, which say themselves where they fuse.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ExpandShortFloats : Pass<"keops-expand-short-floats", "::mlir::ModuleOp"> {
  let summary = "Write conversions of f16 and bf16 in integer arithmetic where the target has no instruction";
  let description = [{
    `arith.extf` from f16 or bf16 to f32, and `arith.truncf` back, become operations on words of 32 bits, so that
    programs call no library. The result is the nearest number, ties to even; subnormal numbers, infinities and the
    leading bits of a NaN are kept, and a NaN becomes quiet when it is narrowed. With `f16c` those of f16 are left to
    the target. Those of bf16 never are: the instruction of x86 flushes subnormal numbers to zero.

    ```mlir
    %wide = arith.extf %x : bf16 to f32
    // becomes:
    %bits = arith.bitcast %x : bf16 to i16
    %word = arith.extui %bits : i16 to i32
    %shifted = arith.shli %word, %c16 : i32
    %wide = arith.bitcast %shifted : i32 to f32
    ```
  }];
  let options = [Option<"f16c", "f16c", "bool", /*default=*/"false",
                        "whether the target converts f16 in one instruction">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def EmitEntryPoint : Pass<"keops-emit-entry-point", "::mlir::ModuleOp"> {
  let summary = "Add the exported C functions to a program in the LLVM dialect";
  let description = [{
    Assumes that `@<symbol>_body` is in the LLVM dialect and that the module carries `keops.manifest`. Adds
    `int32_t <symbol>(const keops_args *)` of keops-c/program.h, which calls the body, and the
    body of `keops_should_stop`, which polls the cancel flag and the caller's callback. With `plain` also adds
    `int32_t <symbol>_call(M, N, inputs..., outputs..., threads)` for ahead-of-time users, on contiguous arrays.
  }];
  let options = [Option<"plain", "plain", "bool", /*default=*/"false", "also add the function on plain pointers">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ConvertKernelsToNVVM : Pass<"convert-keops-kernels-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Lower kernels of the gpu dialect to the LLVM and NVVM dialects";
  let description = [{
    Assumes a module with `keops.manifest` and one `gpu.module` of kernels without structured control flow, each of
    which takes a pointer to a `keops_launch` and states its block size. The pointer becomes a parameter that is
    passed by value, as large as the manifest's arguments ask; workgroup memory becomes globals of address space 3 that
    vectors of 16 bytes can be read from. On f32, `math.exp2`, `math.rsqrt` and `math.sqrt` with `afn`, and `arith.divf`
    with `arcp` and `afn`, become approximations by the special function unit; other functions of `math` must be such
    that a GPU has an instruction for them, because there is no library to call.

    ```mlir
    gpu.func @f_0(%launch: !llvm.ptr) workgroup(%s : memref<1024xf32, #gpu.address_space<workgroup>>) kernel
        attributes {known_block_size = array<i32: 128, 1, 1>}
    // becomes:
    llvm.mlir.global internal @__wg_f_0_0() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<1024 x f32>
    llvm.func @f_0(%launch: !llvm.ptr {llvm.byval = !llvm.array<264 x i8>, nvvm.grid_constant, ...})
        attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>}
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::vector::VectorDialect"];
}

def EmulateKernels : Pass<"keops-emulate-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn kernels for a GPU into functions that a CPU runs thread by thread";
  let description = [{
    Assumes the kernels of the manifest in `gpu.module @keops_kernels`, after the expansion of math functions. A kernel
    becomes a private function that takes the `keops_launch` of keops-c/program.h and the `keops_thread` of
    keops-c/emulator.h: indices are read from its fields, `gpu.barrier` and the asynchronous copies of `nvgpu` are calls
    through it, workgroup attributions lie one after another in its memory. All that the gpu.module holds moves into the module, and the exported
    `int32_t <symbol>(const keops_args *)` hands a table of the kernels to `keops_emulate`. With `races` every access to
    memory that other threads may see is announced by a call, atomic ones where they order others.

    ```mlir
    gpu.func @f_0(%launch: !llvm.ptr) kernel { %t = gpu.thread_id x ... }
    // becomes:
    func.func private @f_0(%launch: !llvm.ptr, %thread: !llvm.ptr) { %t = llvm.load %thread ... }
    ```
  }];
  let options = [Option<"races", "races", "bool", /*default=*/"false", "announce accesses to memory">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
}

#endif // KEOPS_CONVERSION_PASSES_TD
