// RUN: keops-opt %s --keops-emulate-kernels | FileCheck %s --check-prefixes=CHECK,SILENT
// RUN: keops-opt %s --keops-emulate-kernels=races=true | FileCheck %s --check-prefixes=CHECK,RACES
// RUN: keops-opt %s --keops-llvm-stage=machine=gpu-emulator-races | FileCheck %s --check-prefix=LLVM

// A copy and the wait for all of them are calls through the thread; the copy says itself what it accesses.
// CHECK-LABEL: func.func private @f_0
// CHECK-SAME:    (%{{.*}}: !llvm.ptr, %[[THREAD:.*]]: !llvm.ptr)
// SILENT:        %[[WATCHED:.*]] = llvm.mlir.constant(0 : i32)
// RACES:         %[[WATCHED:.*]] = llvm.mlir.constant(1 : i32)
// CHECK:         %[[TO:.*]] = llvm.inttoptr
// CHECK:         %[[FROM:.*]] = llvm.inttoptr
// CHECK:         %[[BYTES:.*]] = llvm.mlir.constant(16 : i64)
// CHECK:         llvm.getelementptr %[[THREAD]][56]
// CHECK:         llvm.call %{{.*}}(%[[THREAD]], %[[TO]], %[[FROM]], %[[BYTES]], %[[WATCHED]])
// CHECK-NOT:     llvm.call
// CHECK:         llvm.getelementptr %[[THREAD]][64]
// CHECK:         llvm.call %{{.*}}(%[[THREAD]]) : !llvm.ptr, (!llvm.ptr) -> ()
// CHECK-NEXT:    return
// CHECK-NOT:     nvgpu

// LLVM:          llvm.func internal @f_0
// LLVM-NOT:      {{unrealized|nvgpu}}
module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Ainput i 1 f32 x\0Aoutput i f32 sum 1\0Aworkspace 64 0 0 0 0 0 0\0Acost 1\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    memref.global "private" constant @rows : memref<512xf32> = dense<1.0>
    gpu.func @f_0(%launch: !llvm.ptr) workgroup(%stage: memref<512xf32, #gpu.address_space<workgroup>>) kernel {
      %four = arith.constant 4 : index
      %thread = gpu.thread_id x
      %at = arith.muli %thread, %four : index
      %rows = memref.get_global @rows : memref<512xf32>
      %copy = nvgpu.device_async_copy %rows[%at], %stage[%at], 4 : memref<512xf32> to memref<512xf32, #gpu.address_space<workgroup>>
      %group = nvgpu.device_async_create_group %copy
      nvgpu.device_async_wait %group
      gpu.return
    }
  }
}
