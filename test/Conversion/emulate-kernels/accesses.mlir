// RUN: keops-opt %s --keops-emulate-kernels=races=true | FileCheck %s
// RUN: keops-opt %s --keops-emulate-kernels | FileCheck %s --check-prefix=SILENT
// RUN: keops-opt %s --keops-llvm-stage=machine=gpu-emulator-races | FileCheck %s --check-prefix=LLVM

// SILENT-LABEL: func.func private @f_0
// SILENT-NOT:   llvm.getelementptr %{{.*}}[48]
// SILENT:       return

// CHECK-LABEL: func.func private @f_0
// CHECK-SAME:    (%[[LAUNCH:.*]]: !llvm.ptr, %[[THREAD:.*]]: !llvm.ptr)

// What the launch says is the same for all.
// CHECK:         llvm.getelementptr %[[LAUNCH]][168]
// CHECK-NEXT:    %[[OUT:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr

// A store to global memory: 4 bytes, written.
// CHECK:         llvm.getelementptr %[[THREAD]][48]
// CHECK:         %[[CALL:.*]] = llvm.load
// CHECK:         %[[WRITE:.*]] = llvm.mlir.constant(1 : i32)
// CHECK:         %[[BYTES:.*]] = llvm.mlir.constant(4 : i64)
// CHECK:         llvm.call %[[CALL]](%[[THREAD]], %[[OUT]], %[[BYTES]], %[[WRITE]])
// CHECK-NEXT:    llvm.store %{{.*}}, %[[OUT]] : f32

// A load of two elements of workgroup memory: 8 bytes at an address from row and column.
// CHECK:         llvm.getelementptr %[[THREAD]][48]
// CHECK:         %[[READ:.*]] = llvm.mlir.constant(0 : i32)
// CHECK:         memref.extract_strided_metadata
// CHECK:         memref.extract_aligned_pointer_as_index
// CHECK:         %[[ADDRESS:.*]] = llvm.inttoptr
// CHECK:         %[[BYTES:.*]] = llvm.mlir.constant(8 : i64)
// CHECK:         llvm.call %{{.*}}(%[[THREAD]], %[[ADDRESS]], %[[BYTES]], %[[READ]])
// CHECK-NEXT:    vector.load

// A thread's own memory is nobody's business; an atomic operation is announced where it orders others.
// CHECK-NOT:     llvm.getelementptr %[[THREAD]][48]
// CHECK:         memref.alloca
// CHECK-NEXT:    vector.store
// CHECK:         llvm.getelementptr %[[THREAD]][48]
// CHECK:         llvm.mlir.constant(2 : i32)
// CHECK:         llvm.atomicrmw fadd %{{.*}} acq_rel
// CHECK-NEXT:    llvm.atomicrmw fadd %{{.*}} monotonic
// CHECK:         llvm.getelementptr %[[THREAD]][48]
// CHECK:         llvm.mlir.constant(2 : i32)
// CHECK:         llvm.store {{.*}} atomic release
// CHECK-NEXT:    return

// LLVM:          llvm.inttoptr
module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Ainput i 1 f32 x\0Aoutput i f32 sum 1\0Aworkspace 64 0 0 0 0 0 0\0Acost 1\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    gpu.func @f_0(%launch: !llvm.ptr) workgroup(%tile: memref<4x8xf32, #gpu.address_space<workgroup>>) kernel {
      %zero = arith.constant 0 : index
      %thread = gpu.thread_id x
      %at = llvm.getelementptr %launch[168] : (!llvm.ptr) -> !llvm.ptr, i8
      %out = llvm.load %at : !llvm.ptr -> !llvm.ptr
      %one = arith.constant 1.0 : f32
      llvm.store %one, %out : f32, !llvm.ptr
      %pair = vector.load %tile[%zero, %thread] : memref<4x8xf32, #gpu.address_space<workgroup>>, vector<2xf32>
      %own = memref.alloca() : memref<2xf32>
      vector.store %pair, %own[%zero] : memref<2xf32>, vector<2xf32>
      %count = llvm.atomicrmw fadd %out, %one acq_rel : !llvm.ptr, f32
      %more = llvm.atomicrmw fadd %out, %one monotonic : !llvm.ptr, f32
      llvm.store %one, %out atomic release {alignment = 4 : i64} : f32, !llvm.ptr
      gpu.return
    }
  }
}
