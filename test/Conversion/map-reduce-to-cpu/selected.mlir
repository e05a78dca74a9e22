// Saved indices are packed and compared as 64-bit integers: with the lane's own row where that row is kept, with the loop's
// row where it is reduced.
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --cse | FileCheck %s

!x = !keops.value<1xf32, i>
!k = !keops.value<1xi64, i>

// CHECK-LABEL: func.func private @by_reduced_row_body
// CHECK:       %[[LANES:.*]] = arith.constant dense<{{\[}}0, 1, 2, 3, 4, 5, 6, 7]> : vector<8xi64>
// CHECK:       %[[ROWS:.*]] = arith.addi %{{.*}}, %[[LANES]] : vector<8xi64>
// CHECK:       %[[HIT:.*]] = arith.cmpi eq, %{{.*}}, %[[ROWS]] : vector<8xi64>
// CHECK:       arith.select %[[HIT]], %{{.*}}, %{{.*}} : vector<8xi1>, vector<8xf32>
func.func @by_reduced_row(%k: !k, %e: !x) -> !keops.value<1xf32, j> {
  %r = keops.map_reduce over i reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 8, block = 16, blocks = 8, chunk = 1, split = 64> (%k, %e)
      : (!k, !x) -> !keops.value<1xf32, j> {
  ^bb0(%a: !k, %b: !x):
    %s = keops.scatter_at %a, %b, 1 : !k, !x
    keops.yield %s : !keops.value<1xf32, ij>
  }
  return %r : !keops.value<1xf32, j>
}

// CHECK-LABEL: func.func private @by_kept_row_body
// CHECK:       %[[ROW:.*]] = vector.broadcast %{{.*}} : i64 to vector<8xi64>
// CHECK-NEXT:  arith.cmpi eq, %{{.*}}, %[[ROW]] : vector<8xi64>
func.func @by_kept_row(%k: !k, %e: !x) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 8, block = 16, blocks = 8, chunk = 1, split = 64> (%k, %e) : (!k, !x) -> !x {
  ^bb0(%a: !k, %b: !x):
    %s = keops.scatter_at %a, %b, 1 : !k, !x
    keops.yield %s : !keops.value<1xf32, ij>
  }
  return %r : !x
}
