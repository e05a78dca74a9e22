// Kernels that call what no GPU has are refused before an assembler or a driver sees them.
// RUN: not keops-translate --to-ptx --split-input-file %s 2>&1 | FileCheck %s

// CHECK: error: kernels call the function 'expf', which does not exist on a GPU
module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    llvm.func @expf(f32) -> f32
    llvm.func @f_0(%launch: !llvm.ptr) attributes {nvvm.kernel} {
      %x = llvm.load %launch : !llvm.ptr -> f32
      %y = llvm.call @expf(%x) : (f32) -> f32
      llvm.store %y, %launch : f32, !llvm.ptr
      llvm.return
    }
  }
}

// -----

// CHECK: error: {{.*}}has no instruction on a GPU
module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %x = llvm.load %launch : !llvm.ptr -> f32
      %y = math.tan %x : f32
      llvm.store %y, %launch : f32, !llvm.ptr
      gpu.return
    }
  }
}

// -----

// CHECK: error: expected a module with keops.manifest and one gpu.module
module {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      gpu.return
    }
  }
}
