// RUN: keops-opt %s --keops-differentiate | FileCheck %s
// Forward mode: tangents go from the variable to the formula, by the rules that the records imply.

!x = !keops.value<3xf32, i>
!s = !keops.value<1xf32, i>
!a = !keops.value<6xf32, p>

// Elementwise: partial derivative times tangent.
// CHECK-LABEL: func.func @elementwise
// CHECK:         ^bb0(%[[X:.*]]: {{.*}}, %[[U:.*]]: {{.*}}):
// CHECK:           %[[C:.*]] = keops.cos %[[X]]
// CHECK-NEXT:      %[[T:.*]] = keops.mult %[[U]], %[[C]]
// CHECK-NEXT:      keops.yield %[[T]]
func.func @elementwise(%x: !x, %u: !x) -> !x {
  %r = keops.map over i (%x, %u) : (!x, !x) -> !x {
  ^bb0(%v: !x, %t: !x):
    %f = keops.sin %v : !x
    %d = keops.diff %f, %v, %t : !x, !x, !x
    keops.yield %d : !x
  }
  return %r : !x
}

// Linear: the operation itself on the tangent.
// CHECK-LABEL: func.func @linear
// CHECK:         ^bb0(%[[A:.*]]: {{.*}}, %{{.*}}: {{.*}}, %[[U:.*]]: {{.*}}):
// CHECK:           %[[T:.*]] = keops.tensordot %[[A]], %[[U]] over [1] : [0] of [2, 3] : [3]
// CHECK-NEXT:      keops.yield %[[T]]
func.func @linear(%m: !a, %x: !x, %u: !x) -> !keops.value<2xf32, i> {
  %r = keops.map over i (%m, %x, %u) : (!a, !x, !x) -> !keops.value<2xf32, i> {
  ^bb0(%b: !a, %v: !x, %t: !x):
    %f = keops.tensordot %b, %v over [1] : [0] of [2, 3] : [3] : !a, !x
    %d = keops.diff %f, %v, %t : !keops.value<2xf32, i>, !x, !x
    keops.yield %d : !keops.value<2xf32, i>
  }
  return %r : !keops.value<2xf32, i>
}

// A choice passes the tangent or zero, whatever the other side is.
// CHECK-LABEL: func.func @choice
// CHECK:           keops.where %{{.*}}, %{{.*}}, %{{.*}}
// CHECK-NOT:       keops.mult
// CHECK:           return
func.func @choice(%x: !x, %y: !x, %u: !x) -> !x {
  %r = keops.map over i (%x, %y, %u) : (!x, !x, !x) -> !x {
  ^bb0(%v: !x, %w: !x, %t: !x):
    %f = keops.ifelse %w, %v, %w : !x, !x, !x
    %d = keops.diff %f, %v, %t : !x, !x, !x
    keops.yield %d : !x
  }
  return %r : !x
}

// Of a mixed derivative only the inner one walks over the given formula.
// CHECK-LABEL: func.func @mixed
// CHECK-NOT:       keops.diff
// CHECK-NOT:       keops.grad
// CHECK:           return
func.func @mixed(%x: !x, %u: !x) -> !x {
  %r = keops.map over i (%x, %u) : (!x, !x) -> !x {
  ^bb0(%v: !x, %t: !x):
    %f = keops.exp %v : !x
    %d = keops.diff %f, %v, %t : !x, !x, !x
    %g = keops.grad %d, %v, %t : !x, !x, !x
    keops.yield %g : !x
  }
  return %r : !x
}
