// RUN: keops-opt %s --keops-emulate-kernels | FileCheck %s
// RUN: keops-opt %s --keops-llvm-stage=machine=gpu-emulator | FileCheck %s --check-prefix=LLVM

// What a thread asks of the machine is read from its description, and helper functions get it too.

// CHECK-NOT:   gpu.
// CHECK:       func.func private @twice(%[[X:.*]]: f32, %[[THREAD:.*]]: !llvm.ptr) -> f32
// CHECK:       func.func private @f_0(%[[LAUNCH:.*]]: !llvm.ptr, %[[THREAD:.*]]: !llvm.ptr)
// CHECK-SAME:    llvm.linkage = #llvm.linkage<internal>
// CHECK-SAME:    passthrough = ["hot"]

// Workgroup arrays lie behind each other, 64 bytes apart at least.
// CHECK:         %[[AT:.*]] = llvm.getelementptr %[[THREAD]][32]
// CHECK:         %[[SHARED:.*]] = llvm.load %[[AT]] : !llvm.ptr -> !llvm.ptr
// CHECK:         llvm.getelementptr %[[SHARED]][0]
// CHECK:         %[[FIRST:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<3xf32>
// CHECK:         llvm.getelementptr %{{.*}}[64]
// CHECK:         %[[SECOND:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<2x4xf64>

// CHECK:         llvm.getelementptr %[[THREAD]][0]
// CHECK:         llvm.getelementptr %[[THREAD]][8]
// CHECK:         llvm.getelementptr %[[THREAD]][16]
// CHECK:         llvm.getelementptr %[[THREAD]][24]
// CHECK:         call @twice(%{{.*}}, %[[THREAD]])
// CHECK:         memref.store %{{.*}}, %[[FIRST]]
// CHECK:         llvm.getelementptr %[[THREAD]][40]
// CHECK:         %[[WHICH:.*]] = llvm.mlir.constant(0 : i32)
// CHECK:         llvm.call %{{.*}}(%[[THREAD]], %[[WHICH]]) : !llvm.ptr, (!llvm.ptr, i32) -> ()
// CHECK:         vector.store %{{.*}}, %[[SECOND]]
// CHECK:         llvm.mlir.constant(1 : i32)
// CHECK:         llvm.call
// CHECK:         return

// CHECK:       func.func private @keops_emulate(!llvm.ptr, !llvm.ptr) -> i32
// CHECK:       func.func @f(%[[ARGS:.*]]: !llvm.ptr) -> i32
// CHECK:         constant @f_0
// CHECK:         llvm.mlir.constant(128 : i64)
// CHECK:         constant @f_1
// CHECK:         %[[CODE:.*]] = call @keops_emulate(%[[ARGS]], %{{.*}})
// CHECK:         return %[[CODE]]

// LLVM-NOT:    unrealized_conversion_cast
// LLVM:        llvm.func internal @f_0(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// LLVM:        llvm.func @f(%{{.*}}: !llvm.ptr) -> i32
// LLVM:          llvm.mlir.addressof @f_0
module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Ainput i 1 f32 x\0Aoutput i f32 sum 1\0Aworkspace 64 0 0 0 0 0 0\0Acost 1\0Akernel f_0 128\0Akernel f_1 64\0A"} {
  gpu.module @keops_kernels {
    func.func private @twice(%x: f32) -> f32 {
      %sum = arith.addf %x, %x : f32
      return %sum : f32
    }
    gpu.func @f_0(%launch: !llvm.ptr)
        workgroup(%a: memref<3xf32, #gpu.address_space<workgroup>>,
                  %b: memref<2x4xf64, #gpu.address_space<workgroup>>)
        kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      %zero = arith.constant 0 : index
      %thread = gpu.thread_id x
      %block = gpu.block_id x
      %blocks = gpu.grid_dim x
      %threads = gpu.block_dim x
      %0 = arith.muli %block, %threads : index
      %1 = arith.addi %0, %thread : index
      %2 = arith.addi %1, %blocks : index
      %3 = arith.index_cast %2 : index to i32
      %4 = arith.sitofp %3 : i32 to f32
      %5 = func.call @twice(%4) : (f32) -> f32
      memref.store %5, %a[%zero] : memref<3xf32, #gpu.address_space<workgroup>>
      gpu.barrier
      %row = arith.constant dense<0.0> : vector<2xf64>
      vector.store %row, %b[%zero, %zero] : memref<2x4xf64, #gpu.address_space<workgroup>>, vector<2xf64>
      gpu.barrier
      gpu.return
    }
    gpu.func @f_1(%launch: !llvm.ptr) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      gpu.return
    }
  }
}
