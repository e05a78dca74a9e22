// RUN: keops-opt %s --convert-keops-map-reduce-to-gpu --cse | FileCheck %s
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --cse | FileCheck %s --check-prefix=CPU

!x = !keops.value<20xf32, i>
!y = !keops.value<20xf32, j>
!si = !keops.value<1xf32, i>

// Two rows and a panel of four: eight pairs pass over the components together.
// CHECK:       gpu.func @long_1(%{{.*}}) workgroup(%[[STAGE:.*]] : memref<2560xf32, #gpu.address_space<workgroup>>
// A tile of at most 64 of its 128 rows takes the first way, a row in each thread and panels of as many pairs.
// CHECK:         %[[NARROW:.*]] = arith.cmpi sle, %{{.*}}, %c64
// CHECK:         scf.if %[[NARROW]] {
// CHECK:           scf.for %{{.*}} = %c0 to %{{.*}} step %c64
// CHECK:             scf.for %{{.*}} = %c0 to %c20 step %c4 iter_args({{.*}}) -> (vector<4xf32>)
// CHECK:             scf.for %{{.*}} = %c0 to %c20 step %c4 iter_args({{.*}}) -> (f32, f32, f32, f32)
// CHECK:         } else {
// CHECK:           scf.for %{{.*}} step %c4 iter_args({{.*}}) -> (vector<2xf32>)
// CHECK:             scf.for %{{.*}} = %c0 to %c20 step %c4 iter_args({{.*}}) -> (vector<8xf32>)
// CHECK-COUNT-2:       memref.load %{{.*}} : memref<?xf32>
// CHECK-NOT:           memref.load %{{.*}} : memref<?xf32>
// CHECK-COUNT-4:       memref.load %[[STAGE]]
// CHECK:             vector.extract %{{.*}}[7]
// What is left of a block comes one by one.
// CHECK:           scf.for %{{.*}} step %c1{{.*}} -> (vector<2xf32>)
// CHECK:             scf.for %{{.*}} = %c0 to %c20 step %c4 iter_args({{.*}}) -> (vector<2xf32>, vector<2xf32>, vector<2xf32>, vector<2xf32>)

// CPU:         scf.for %{{.*}} = %c0 to %c20 step %c4 iter_args({{.*}}) -> (vector<8x64xf32>)
func.func @long(%x: !x {keops.name = "x"}, %y: !y {keops.name = "y"}) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] schedule <rows = 2, lanes = 64, block = 16, blocks = 8, chunk = 1, split = 64, panel = 4, narrow = true> (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %c: !y):
    %s = keops.scalprod %a, %c : !x, !y
    keops.yield %s : !keops.value<1xf32, ij>
  }
  return %r : !si
}
