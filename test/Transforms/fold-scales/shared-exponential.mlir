// RUN: keops-opt %s --keops-expand-composites --keops-differentiate --keops-simplify --cse --keops-fuse-reductions --cse \
// RUN:   --keops-fold-scales --keops-simplify --cse --keops-place-values | FileCheck %s
// A Gaussian sum and its gradient: one visit of the pairs, one exponential, one product with b, and no constant in the
// loop.

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!p = !keops.value<1xf32, p>
!si = !keops.value<1xf32, i>
!sj = !keops.value<1xf32, j>
!s = !keops.value<1xf32, ij>

// CHECK-LABEL: func.func @gaussian
// CHECK:         %[[G:.*]] = keops.map over p(%arg2)
// CHECK:         %[[E:.*]] = keops.map over i(%arg2, %arg4)
// CHECK:         keops.map_reduce over j
// CHECK-SAME:    (%arg0, %arg1, %arg3, %[[G]], %[[E]])
// CHECK-NEXT:    ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: {{.*}}, %[[B:.*]]: {{.*}}, %[[H:.*]]: {{.*}}, %[[W:.*]]: !keops.value<1xf32, i>):
// CHECK-NEXT:      %[[D:.*]] = keops.subtract %[[X]], %[[Y]]
// CHECK-NEXT:      %[[Q:.*]] = keops.square %[[D]]
// CHECK-NEXT:      %[[N:.*]] = keops.sum %[[Q]]
// CHECK-NEXT:      %[[A:.*]] = keops.mult %[[N]], %[[H]]
// CHECK-NEXT:      %[[K:.*]] = keops.exp2 %[[A]]
// CHECK-NEXT:      %[[F:.*]] = keops.mult %[[K]], %[[B]]
// CHECK-NEXT:      %[[FW:.*]] = keops.mult %[[F]], %[[W]]
// CHECK-NEXT:      %[[R:.*]] = keops.mult %[[FW]], %[[D]]
// CHECK-NEXT:      keops.yield %[[F]], %[[R]]
func.func @gaussian(%x: !x, %y: !y, %g: !p, %b: !sj, %e: !si) -> (!si, !x) {
  %s = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %g, %b) : (!x, !y, !p, !sj) -> !si {
  ^bb0(%X: !x, %Y: !y, %G: !p, %B: !sj):
    %d = keops.sqdist %X, %Y : !x, !y
    %u = keops.mult %d, %G : !s, !p
    %m = keops.minus %u : !s
    %k = keops.exp %m : !s
    %f = keops.mult %k, %B : !s, !sj
    keops.yield %f : !s
  }
  %r = keops.grad %s, %x, %e : !si, !x, !si
  return %s, %r : !si, !x
}
