// RUN: keops-opt %s --convert-keops-map-reduce-to-gpu --cse | FileCheck %s

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!si = !keops.value<1xf32, i>
!sij = !keops.value<1xf32, ij>

// Three launches of blocks of 64 threads: plan and pack, reduce.
// CHECK:       module attributes {keops.manifest = "keops-program 3\0Asymbol gauss\0A
// CHECK-SAME:  pieces i 128 256 64 2048\0A
// CHECK-SAME:  kernel gauss_0 64\0Akernel gauss_1 64\0A"
// CHECK-NOT:   func.func
// CHECK:       gpu.module @keops_kernels

// One thread counts the tiles, all clear the table of finished pieces.
// CHECK:       gpu.func @gauss_0(%[[LAUNCH:.*]]: !llvm.ptr) kernel attributes {{{.*}}keops.blocks_at_once = 4 : i32{{.*}}known_block_size = array<i32: 64, 1, 1>
// CHECK:         %[[BLOCK:.*]] = gpu.block_id x
// CHECK:         %[[THREAD:.*]] = gpu.thread_id x
// CHECK:         %[[SUM:.*]] = arith.addi %[[BLOCK]], %[[THREAD]]
// CHECK:         %[[FIRST:.*]] = arith.cmpi eq, %[[SUM]], %c0
// CHECK:         scf.if %[[FIRST]]
// CHECK:         gpu.grid_dim x
// CHECK:         scf.for
// CHECK:           memref.store %{{.*}}, %{{.*}} : memref<?xi64>

// Each thread packs one row at a time, padded to four numbers.
// CHECK:         scf.for
// CHECK-COUNT-3:   memref.store %{{.*}}, %{{.*}} : memref<?xf32>
// CHECK:         gpu.return

// CHECK:       gpu.func @gauss_1(%{{.*}}: !llvm.ptr) workgroup(%[[STAGE:.*]] : memref<512xf32, #gpu.address_space<workgroup>>, %[[ANSWER:.*]] : memref<1xi64, #gpu.address_space<workgroup>>) kernel
// CHECK:         %[[BLOCK:.*]] = gpu.block_id x
// CHECK:         %[[GRID:.*]] = gpu.grid_dim x
// CHECK:         scf.for %{{.*}} = %[[BLOCK]] to %{{.*}} step %[[GRID]]
// The step of the reduced rows is brought near by all threads, and nobody overwrites what another one reads.
// CHECK:           nvgpu.device_async_copy %{{.*}}, %[[STAGE]][{{.*}}], 4 : memref<?xf32> to
// CHECK:           %[[ALL:.*]] = nvgpu.device_async_create_group
// CHECK-NEXT:      nvgpu.device_async_wait %[[ALL]]
// CHECK-NEXT:      gpu.barrier
// CHECK:           scf.for %{{.*}} step %c16
// CHECK:             scf.for %{{.*}} -> (vector<2xf32>)
// CHECK:               memref.load %[[STAGE]]
// CHECK-NOT:           memref.load %{{.*}} : memref<?xf32>
// CHECK:               math.exp %{{.*}} : vector<2xf32>
// CHECK:           gpu.barrier
// Whoever comes last finishes the tile.
// CHECK:           gpu.barrier
// CHECK:           scf.if
// CHECK:             memref.atomic_rmw addi
// CHECK:             memref.store %{{.*}}, %[[ANSWER]]
// CHECK:           gpu.barrier
// CHECK:           memref.load %[[ANSWER]]
// CHECK:           scf.if
// Each thread writes those of its rows that there are.
// CHECK:             %[[EXISTS:.*]] = arith.cmpi slt
// CHECK:             scf.if %[[EXISTS]]
// CHECK:               llvm.store
// CHECK:         gpu.return
func.func @gauss(%x: !x {keops.name = "x"}, %y: !y {keops.name = "y"}) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] schedule <rows = 2, lanes = 64, block = 16, blocks = 8, chunk = 1, split = 64> (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %c: !y):
    %d = keops.subtract %a, %c : !x, !y
    %s = keops.square %d : !keops.value<3xf32, ij>
    %t = keops.sum %s : !keops.value<3xf32, ij>
    %m = keops.minus %t : !sij
    %e = keops.exp %m : !sij
    keops.yield %e : !sij
  }
  return %r : !si
}
