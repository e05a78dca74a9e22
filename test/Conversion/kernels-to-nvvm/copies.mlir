// RUN: keops-opt %s --convert-keops-kernels-to-nvvm --reconcile-unrealized-casts -o %t.mlir && FileCheck %s < %t.mlir
// RUN: keops-translate --to-ptx --target=nvptx-sm_80 %t.mlir | FileCheck %s --check-prefix=PTX
// RUN: keops-translate --to-ptx --target=nvptx-sm_75 %t.mlir | FileCheck %s --check-prefix=OLD

// CHECK:       nvvm.cp.async.shared.global {{.*}}, 16, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK:       nvvm.cp.async.shared.global {{.*}}, 8, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK:       nvvm.cp.async.shared.global {{.*}}, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK:       nvvm.cp.async.commit.group
// CHECK:       nvvm.cp.async.wait.group 0
// CHECK-NOT:   unrealized

// PTX:         cp.async.ca.shared.global [{{.*}}], [{{.*}}], 16;
// PTX:         cp.async.ca.shared.global [{{.*}}], [{{.*}}], 8;
// PTX:         cp.async.ca.shared.global [{{.*}}], [{{.*}}], 4;
// PTX:         cp.async.commit_group;
// PTX:         cp.async.wait_group {{.*}}0;

// A chip that cannot, copies at once.
// OLD-NOT:     cp.async
// OLD:         ld.global{{.*}}.v4.b32
// OLD:         st.shared.v4.b32
// OLD:         ld.global{{.*}}.v2.b32
// OLD:         st.shared.v2.b32
// OLD:         ld.global{{.*}}.b32
// OLD:         st.shared.b32
// OLD-NOT:     cp.async
module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Ainput i 1 f32 x\0Aoutput i f32 sum 1\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    memref.global "private" @rows : memref<512xf32> = dense<1.0>
    gpu.func @f_0(%launch: !llvm.ptr) workgroup(%stage: memref<512xf32, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      %four = arith.constant 4 : index
      %thread = gpu.thread_id x
      %at = arith.muli %thread, %four : index
      %rows = memref.get_global @rows : memref<512xf32>
      nvgpu.device_async_copy %rows[%at], %stage[%at], 4 : memref<512xf32> to memref<512xf32, #gpu.address_space<workgroup>>
      nvgpu.device_async_copy %rows[%thread], %stage[%thread], 2 : memref<512xf32> to memref<512xf32, #gpu.address_space<workgroup>>
      nvgpu.device_async_copy %rows[%four], %stage[%thread], 1 : memref<512xf32> to memref<512xf32, #gpu.address_space<workgroup>>
      %group = nvgpu.device_async_create_group
      nvgpu.device_async_wait %group
      gpu.return
    }
  }
}
