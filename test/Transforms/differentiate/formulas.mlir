// RUN: keops-opt %s --keops-differentiate --keops-simplify | FileCheck %s
// Gradients inside the region of a map_reduce.

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!p = !keops.value<1xf32, p>
!s = !keops.value<1xf32, ij>
!v = !keops.value<3xf32, ij>

// CHECK-LABEL: func.func @chain_rule
// CHECK:       ^bb0(%[[X:.*]]: !keops.value<3xf32, i>, %[[E:.*]]: !keops.value<3xf32, j>):
// CHECK-DAG:     %[[TWO:.*]] = keops.constant 2
// CHECK-DAG:     %[[F:.*]] = keops.exp %{{.*}}
// CHECK-DAG:     %[[A:.*]] = keops.mult %[[E]], %[[F]]
// CHECK-DAG:     %[[B:.*]] = keops.mult %[[TWO]], %[[X]]
// CHECK:         %[[G:.*]] = keops.mult %[[A]], %[[B]]
// CHECK-NEXT:    keops.yield %[[G]]
func.func @chain_rule(%x: !x, %e: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %e) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %s = keops.square %a : !x
    %f = keops.exp %s : !x
    %g = keops.grad %f, %a, %b : !x, !x, !y
    keops.yield %g : !v
  }
  return %r : !x
}

// A broadcast operand receives the sum of the components.
// CHECK-LABEL: func.func @broadcast
// CHECK:       ^bb0(%[[X:.*]]: !keops.value<3xf32, i>, %[[E:.*]]: !keops.value<3xf32, j>):
// CHECK-NEXT:    %[[G:.*]] = keops.scalprod %[[E]], %[[X]]
// CHECK-NEXT:    keops.yield %[[G]]
func.func @broadcast(%x: !x, %p: !p, %e: !y) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %p, %e) : (!x, !p, !y) -> !keops.value<1xf32, i> {
  ^bb0(%a: !x, %q: !p, %b: !y):
    %f = keops.mult %a, %q : !x, !p
    %g = keops.grad %f, %q, %b : !x, !p, !y
    keops.yield %g : !s
  }
  return %r : !keops.value<1xf32, i>
}

// A variable that is used twice receives both contributions.
// CHECK-LABEL: func.func @twice
// CHECK:       ^bb0(%[[X:.*]]: !keops.value<3xf32, i>, %[[E:.*]]: !keops.value<3xf32, j>):
// CHECK-DAG:     %[[A:.*]] = keops.mult %[[E]], %{{.*}}
// CHECK-DAG:     keops.cos %[[X]]
// CHECK:         %[[G:.*]] = keops.add
// CHECK-NEXT:    keops.yield %[[G]]
func.func @twice(%x: !x, %e: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %e) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %s = keops.sin %a : !x
    %f = keops.mult %a, %s : !x, !x
    %g = keops.grad %f, %a, %b : !x, !x, !y
    keops.yield %g : !v
  }
  return %r : !x
}

// The gradient of the gradient: (x^2)'' = 2.
// CHECK-LABEL: func.func @second_order
// CHECK:       ^bb0(%[[E:.*]]: !keops.value<3xf32, j>):
// CHECK-NOT:     keops.square
// CHECK:         %[[TWO:.*]] = keops.constant 2
// CHECK:         keops.mult %[[TWO]]
// CHECK-NOT:     keops.grad
func.func @second_order(%x: !x, %e: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %e) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %one = keops.constant 1 as !keops.value<1xf32, p>
    %ones = keops.sumt %one, 3 : !keops.value<1xf32, p>
    %s = keops.square %a : !x
    %g = keops.grad %s, %a, %ones : !x, !x, !keops.value<3xf32, p>
    %h = keops.grad %g, %a, %b : !x, !x, !y
    keops.yield %h : !v
  }
  return %r : !x
}

// No dependence, no pairs: the result is a row of zeros.
// CHECK-LABEL: func.func @independent
// CHECK:         keops.map over i
// CHECK:         %[[Z:.*]] = keops.zero
// CHECK-NEXT:    keops.yield %[[Z]]
func.func @independent(%x: !x, %y: !y, %e: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %e) : (!x, !y, !y) -> !x {
  ^bb0(%a: !x, %c: !y, %b: !y):
    %f = keops.exp %c : !y
    %g = keops.grad %f, %a, %b : !y, !x, !y
    keops.yield %g : !v
  }
  return %r : !x
}
