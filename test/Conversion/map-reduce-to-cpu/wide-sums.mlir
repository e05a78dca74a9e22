// Accumulators of f64 for terms of f32: every vector of terms is extended, unless block sums are asked for.
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --cse | FileCheck %s

!x = !keops.value<1xf32, i>
!y = !keops.value<1xf32, j>

// CHECK-LABEL: func.func private @wide_body
// CHECK:       scf.for {{.*}} iter_args({{.*}}) -> (vector<1x16xf64>) {
// CHECK:         %[[T:.*]] = arith.mulf {{.*}} : vector<1x16xf32>
// CHECK:         %[[W:.*]] = arith.extf %[[T]] : vector<1x16xf32> to vector<1x16xf64>
// CHECK:         arith.addf %{{.*}}, %[[W]] : vector<1x16xf64>
// CHECK:       vector.store {{.*}} : memref<?xf64>, vector<16xf64>
// CHECK:       memref.atomic_rmw
// CHECK:       arith.truncf {{.*}} : vector<1x16xf64> to vector<1x16xf32>
func.func @wide(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64> (%x, %y)
      {sums = #keops.sums<auto, f64>} : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %d = keops.mult %a, %b : !x, !y
    keops.yield %d : !keops.value<1xf32, ij>
  }
  return %r : !x
}

// CHECK-LABEL: func.func private @blocks_body
// CHECK:       scf.for {{.*}} iter_args({{.*}}) -> (vector<1x16xf32>) {
// CHECK:       arith.extf {{.*}} : vector<1x16xf32> to vector<1x16xf64>
// CHECK:       vector.store {{.*}} : memref<?xf64>, vector<16xf64>
func.func @blocks(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64> (%x, %y)
      {sums = #keops.sums<block_sum, f64>} : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %d = keops.mult %a, %b : !x, !y
    keops.yield %d : !keops.value<1xf32, ij>
  }
  return %r : !x
}
