// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --cse | FileCheck %s
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu=threads=none --cse | FileCheck %s --check-prefix=NONE

!x = !keops.value<2xf32, i>
!y = !keops.value<2xf32, j>
!si = !keops.value<1xf32, i>
!sij = !keops.value<1xf32, ij>

// CHECK:       module attributes {keops.manifest = "keops-program 3\0Asymbol gauss\0A
// CHECK-SAME:  input i 2 f32 x\0Ainput j 2 f32 y\0A
// CHECK-SAME:  output i f32 sum 1\0A
// CHECK:       func.func private @gauss_body(%[[ARGS:.*]]: !llvm.ptr, %[[WORKSPACE:.*]]: memref<?xi8>)
// CHECK:       %[[ASKED:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i32
// CHECK:       %[[THREADS:.*]] = arith.maxsi %[[ASKED]], %{{.*}} : i32
// A cancelled run leaves out items, rows to pack and pieces, and the rest of a long piece.
// CHECK:       call @keops_should_stop
// One team: first it packs y by rows. Then it takes pieces, whose 32 rows of x it packs.
// CHECK:       omp.parallel num_threads(%[[THREADS]] : i32)
// It takes along its arguments and workspace, and makes views and pointers to arrays for itself.
// CHECK:         memref.view %[[WORKSPACE]]
// CHECK:         memref.atomic_rmw addi
// CHECK:         call @keops_should_stop
// CHECK:         omp.barrier
// CHECK:         memref.atomic_rmw addi
// CHECK:         call @keops_should_stop
// CHECK:         scf.for
// CHECK:           scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %c128 iter_args(%[[BEFORE:.*]] = %false
// CHECK:             arith.remsi %{{.*}}, %c4096
// CHECK:             %[[STOPPED:.*]] = scf.if
// CHECK:               call @keops_should_stop
// CHECK:               yield %[[BEFORE]]
// CHECK:             arith.select %[[STOPPED]], %[[FIRST]],
// The loop over pairs works on both vectors of the tile at once.
// CHECK:             scf.for
// CHECK:             scf.for %{{.*}} iter_args(%[[SUM:.*]] = %{{.*}}) -> (vector<2x16xf32>)
// CHECK:               %[[Y:.*]] = vector.broadcast %{{.*}} : f32 to vector<2x16xf32>
// CHECK:               arith.subf %{{.*}}, %[[Y]] : vector<2x16xf32>
// CHECK:               math.exp2 %{{.*}} : vector<2x16xf32>
// CHECK:               arith.addf %[[SUM]], %{{.*}} : vector<2x16xf32>
// Whoever reduces the last piece of a tile writes its rows.
// CHECK:         memref.atomic_rmw addi
// CHECK:         scf.if
// CHECK:           llvm.store %{{.*}} : f32, !llvm.ptr
// CHECK:         omp.barrier
// NONE-NOT:    omp.
// NONE:        vector<2x16xf32>
// NONE-NOT:    omp.
func.func @gauss(%x: !x {keops.name = "x"}, %y: !y {keops.name = "y"}) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64> (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %d = keops.subtract %a, %b : !x, !y
    %q = keops.scalprod %d, %d : !keops.value<2xf32, ij>, !keops.value<2xf32, ij>
    %m = keops.minus %q : !sij
    %e = keops.exp2 %m : !sij
    keops.yield %e : !sij
  }
  return %r : !si
}
