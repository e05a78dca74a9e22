// RUN: keops-opt %s --convert-keops-kernels-to-nvvm --reconcile-unrealized-casts | FileCheck %s

// Two inputs and one output: 168 bytes before the arrays, and 24 for each.
// CHECK:       gpu.module @keops_kernels
// CHECK:       llvm.func internal @half(%{{.*}}: f32) -> f32
// CHECK-DAG:   llvm.mlir.global internal @__wg_f_0_0() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<64 x f32>
// CHECK-DAG:   llvm.mlir.global internal @__wg_f_0_1() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<8 x i64>
// CHECK:       llvm.func @f_0(%[[LAUNCH:.*]]: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<240 x i8>, nvvm.grid_constant})
// CHECK-SAME:    nvvm.kernel
// CHECK-SAME:    nvvm.reqntid = array<i32: 64, 1, 1>
// CHECK:         nvvm.read.ptx.sreg.tid.x range <i32, 0, 64>
// CHECK:         nvvm.read.ptx.sreg.ctaid.x
// CHECK:         nvvm.read.ptx.sreg.nctaid.x
// CHECK:         llvm.load %[[LAUNCH]] : !llvm.ptr -> i64
// CHECK:         llvm.store {{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<3>
// CHECK:         nvvm.barrier
// CHECK:         llvm.atomicrmw add {{.*}} : !llvm.ptr<3>, i64
// CHECK:         llvm.call @half
// CHECK:         llvm.return
// CHECK:       llvm.func @f_1(
// CHECK-SAME:    nvvm.reqntid = array<i32: 128, 1, 1>
// CHECK-NOT:   unrealized
module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Ainput i 3 f32 x\0Ainput j 3 f32 y\0Aoutput i f32 sum 1\0Akernel f_0 64\0Akernel f_1 128\0A"} {
  gpu.module @keops_kernels {
    func.func private @half(%x: f32) -> f32 {
      %half = arith.constant 0.5 : f32
      %y = arith.mulf %x, %half : f32
      return %y : f32
    }
    gpu.func @f_0(%launch: !llvm.ptr) workgroup(%stage: memref<64xf32, #gpu.address_space<workgroup>>, %counts: memref<8xi64, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %thread = gpu.thread_id x
      %block = gpu.block_id x
      %grid = gpu.grid_dim x
      %m = llvm.load %launch : !llvm.ptr -> i64
      %task = arith.muli %block, %grid : index
      %zero = arith.constant dense<0.0> : vector<4xf32>
      vector.store %zero, %stage[%thread] {alignment = 16 : i64} : memref<64xf32, #gpu.address_space<workgroup>>, vector<4xf32>
      gpu.barrier
      %old = memref.atomic_rmw addi %m, %counts[%task] : (i64, memref<8xi64, #gpu.address_space<workgroup>>) -> i64
      %x = memref.load %stage[%thread] : memref<64xf32, #gpu.address_space<workgroup>>
      %y = func.call @half(%x) : (f32) -> f32
      memref.store %y, %stage[%thread] : memref<64xf32, #gpu.address_space<workgroup>>
      gpu.return
    }
    gpu.func @f_1(%launch: !llvm.ptr) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      gpu.return
    }
  }
}
