// RUN: keops-opt %s --split-input-file --keops-emulate-kernels=races=true --verify-diagnostics

// expected-error@+1 {{expected the kernels in a gpu.module 'keops_kernels'}}
module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  // expected-error@+1 {{expected a kernel 'f_0', as the manifest says}}
  gpu.module @keops_kernels {
  }
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    // expected-error@+1 {{expected a kernel of one argument, a pointer to keops_launch, got '(f32) -> ()'}}
    gpu.func @f_0(%x: f32) kernel {
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) kernel {
      // expected-error@+1 {{expected the dimension x, got y}}
      %0 = gpu.thread_id y
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    // expected-error@+1 {{expected no private attributions; memref.alloca stands for them}}
    gpu.func @f_0(%launch: !llvm.ptr) private(%own: memref<3xf32>) kernel {
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) workgroup(%a: memref<3xf32, #gpu.address_space<workgroup>>,
                                                %b: memref<3xf32, #gpu.address_space<workgroup>>) kernel {
      // expected-error@+1 {{expected an access to memory that the race detector knows}}
      memref.copy %a, %b
          : memref<3xf32, #gpu.address_space<workgroup>> to memref<3xf32, #gpu.address_space<workgroup>>
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) kernel {
      %group = nvgpu.device_async_create_group
      gpu.barrier
      // expected-error@+1 {{expected a wait for all copies, right behind their group}}
      nvgpu.device_async_wait %group
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) kernel {
      %group = nvgpu.device_async_create_group
      // expected-error@+1 {{expected a wait for all copies, right behind their group}}
      nvgpu.device_async_wait %group {numGroups = 1 : i32}
      gpu.return
    }
  }
}

// -----

module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) workgroup(%stage: memref<4xf32, #gpu.address_space<workgroup>>) kernel {
      %c0 = arith.constant 0 : index
      %rows = memref.alloca() : memref<4xf32>
      // expected-error@+1 {{expected a copy of as many elements as it writes}}
      nvgpu.device_async_copy %rows[%c0], %stage[%c0], 4, %c0 : memref<4xf32> to memref<4xf32, #gpu.address_space<workgroup>>
      gpu.return
    }
  }
}
