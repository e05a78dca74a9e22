// RUN: keops-opt %s --convert-keops-kernels-to-nvvm --split-input-file --verify-diagnostics

// expected-error@+1 {{expected a module with keops.manifest and one gpu.module}}
module {
  gpu.module @keops_kernels {
  }
}

// -----

// expected-error@+1 {{expected a module with keops.manifest and one gpu.module}}
module attributes {keops.manifest = "symbol f"} {
  func.func @f() {
    return
  }
}

// -----

module attributes {keops.manifest = "symbol\0Ainput\0Aoutput i\0Akernel f_0\0A \0Aworkspace x"} {
  gpu.module @keops_kernels {
    // expected-error@+1 {{expected a kernel with one argument of type !llvm.ptr, got '(index) -> ()'}}
    gpu.func @f_0(%n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    // expected-error@+1 {{expected a kernel with known_block_size}}
    gpu.func @f_0(%launch: !llvm.ptr) kernel {
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    // expected-error@+1 {{expected no private attributions}}
    gpu.func @f_0(%launch: !llvm.ptr) private(%p: memref<4xf32, #gpu.address_space<private>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    // expected-error@+1 {{expected a kernel, or a func.func}}
    gpu.func @f_0(%launch: !llvm.ptr) {
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    func.func @f(%x: f32) -> f32 {
      // expected-error@+1 {{has no instruction on a GPU; run --keops-approximate-math first}}
      %0 = math.exp2 %x : f32
      return %0 : f32
    }
  }
}

// -----

module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    func.func @f(%x: f64) -> f64 {
      // expected-error@+1 {{has no instruction on a GPU; run --keops-approximate-math first}}
      %0 = math.rsqrt %x fastmath<afn> : f64
      return %0 : f64
    }
  }
}

// -----

module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    func.func @f(%x: vector<2x2xf32>) -> vector<2x2xf32> {
      // expected-error@+1 {{expected a scalar or a vector of one dimension, got 'vector<2x2xf32>'}}
      %0 = math.absf %x : vector<2x2xf32>
      return %0 : vector<2x2xf32>
    }
  }
}

// -----

module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    func.func @f(%x: f32, %n: index) {
      // expected-error@+1 {{failed to legalize operation 'gpu.subgroup_id'}}
      %0 = gpu.subgroup_id : index
      return
    }
  }
}
