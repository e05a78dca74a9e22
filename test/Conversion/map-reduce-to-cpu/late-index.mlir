// The index of a minimum is searched once, after all pairs, with a different row of y in each lane.
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --cse | FileCheck %s

!x = !keops.value<1xf32, i>
!y = !keops.value<1xf32, j>

// CHECK-LABEL: func.func private @nearest_body
// CHECK-NOT:   vector.gather
// CHECK:       omp.barrier
// CHECK:       memref.atomic_rmw
// CHECK:       call @keops_should_stop
// CHECK-NOT:   vector.gather
// CHECK:       memref.atomic_rmw
// CHECK:       vector.gather
func.func @nearest(%x: !x, %y: !y) -> !keops.value<1xi64, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<ArgMin>]
      schedule <rows = 1, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64> (%x, %y)
      : (!x, !y) -> !keops.value<1xi64, i> {
  ^bb0(%a: !x, %b: !y):
    %d = keops.subtract %a, %b : !x, !y
    %q = keops.square %d : !keops.value<1xf32, ij>
    keops.yield %q : !keops.value<1xf32, ij>
  }
  return %r : !keops.value<1xi64, i>
}
