// RUN: keops-opt %s --keops-fold-scales | FileCheck %s
// RUN: keops-opt %s --keops-fold-scales=scale-operands=true | FileCheck %s --check-prefix=OPERANDS

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!p = !keops.value<1xf32, p>
!si = !keops.value<1xf32, i>
!s = !keops.value<1xf32, ij>
!v = !keops.value<3xf32, ij>

// The constant joins the parameter: one multiplication remains in the loop.
// CHECK-LABEL: func.func @parameter
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: {{.*}}, %[[G:.*]]: !keops.value<1xf32, p>):
// CHECK:         %[[Q:.*]] = keops.sum
// CHECK:         %[[C:.*]] = keops.constant -1.44269{{[0-9]*}} : f64
// CHECK:         %[[H:.*]] = keops.mult %[[C]], %[[G]]
// CHECK:         %[[A:.*]] = keops.mult %[[Q]], %[[H]]
// CHECK:         %[[E:.*]] = keops.exp2 %[[A]]
// CHECK-NEXT:    keops.yield %[[E]]
func.func @parameter(%x: !x, %y: !y, %g: !p) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %g) : (!x, !y, !p) -> !si {
  ^bb0(%a: !x, %b: !y, %c: !p):
    %d = keops.subtract %a, %b : !x, !y
    %q = keops.square %d : !v
    %n = keops.sum %q : !v
    %u = keops.mult %n, %c : !s, !p
    %m = keops.minus %u : !s
    %e = keops.exp %m : !s
    keops.yield %e : !s
  }
  return %r : !si
}

// Scaling x and y before the difference would add errors of their size, so it is done only where it is allowed; then
// the loop has no multiplication by a constant at all.
// CHECK-LABEL: func.func @distance
// CHECK:         %[[Q:.*]] = keops.sum
// CHECK:         %[[C:.*]] = keops.constant -1.44269
// CHECK:         %[[A:.*]] = keops.mult %[[C]], %[[Q]]
// CHECK:         keops.exp2 %[[A]]
// OPERANDS-LABEL: func.func @distance
// OPERANDS:     ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: !keops.value<3xf32, j>):
// OPERANDS:       %[[C:.*]] = keops.constant 1.2011
// OPERANDS:       %[[SX:.*]] = keops.mult %[[C]], %[[X]]
// OPERANDS:       %[[SY:.*]] = keops.mult %[[C]], %[[Y]]
// OPERANDS:       %[[D:.*]] = keops.subtract %[[SX]], %[[SY]]
// OPERANDS:       %[[Q:.*]] = keops.square %[[D]]
// OPERANDS:       %[[N:.*]] = keops.sum %[[Q]]
// OPERANDS:       %[[M:.*]] = keops.minus %[[N]]
// OPERANDS:       keops.exp2 %[[M]]
func.func @distance(%x: !x, %y: !y) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %d = keops.subtract %a, %b : !x, !y
    %q = keops.square %d : !v
    %n = keops.sum %q : !v
    %m = keops.minus %n : !s
    %e = keops.exp %m : !s
    keops.yield %e : !s
  }
  return %r : !si
}

// At precision fast the operands are scaled without being asked. 1/s^2 is known to be positive: its root is 1/s.
// CHECK-LABEL: func.func @fast
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: {{.*}}, %[[S:.*]]: !keops.value<1xf32, p>):
// CHECK:         %[[I:.*]] = keops.inv %[[S]]
// CHECK:         %[[C:.*]] = keops.constant 1.2011
// CHECK:         %[[F:.*]] = keops.mult %[[C]], %[[I]]
// CHECK:         keops.mult %[[F]], %[[X]]
// CHECK:         keops.mult %[[F]], %[[Y]]
// CHECK-NOT:     keops.exp %
func.func @fast(%x: !x, %y: !y, %s: !p) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %s) {precision = #keops<precision fast>}
      : (!x, !y, !p) -> !si {
  ^bb0(%a: !x, %b: !y, %c: !p):
    %d = keops.subtract %a, %b : !x, !y
    %q = keops.square %d : !v
    %n = keops.sum %q : !v
    %k = keops.square %c : !p
    %i = keops.inv %k : !p
    %u = keops.mult %n, %i : !s, !p
    %m = keops.minus %u : !s
    %e = keops.exp %m : !s
    keops.yield %e : !s
  }
  return %r : !si
}

// A scalar product absorbs the constant on one side; so does the one-sided part of a sum.
// CHECK-LABEL: func.func @scalprod
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: {{.*}}, %[[L:.*]]: !keops.value<1xf32, i>):
// CHECK:         %[[SX:.*]] = keops.mult %{{.*}}, %[[X]]
// CHECK:         %[[P:.*]] = keops.scalprod %[[SX]], %[[Y]]
// CHECK:         %[[SL:.*]] = keops.mult %{{.*}}, %[[L]]
// CHECK:         %[[D:.*]] = keops.subtract %[[P]], %[[SL]]
// CHECK:         keops.exp2 %[[D]]
func.func @scalprod(%x: !x, %y: !y, %l: !si) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %l) : (!x, !y, !si) -> !si {
  ^bb0(%a: !x, %b: !y, %c: !si):
    %f = keops.scalprod %a, %b : !x, !y
    %d = keops.subtract %f, %c : !s, !si
    %e = keops.exp %d : !s
    keops.yield %e : !s
  }
  return %r : !si
}

// An argument that is stored, computed once per row, or wanted at precision high keeps Exp.
// CHECK-LABEL: func.func @kept
// CHECK:         keops.exp %
// CHECK-LABEL: func.func @high
// CHECK:         keops.exp %
func.func @kept(%x: !si, %y: !keops.value<1xf32, j>) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!si, !keops.value<1xf32, j>) -> !si {
  ^bb0(%a: !si, %b: !keops.value<1xf32, j>):
    %q = keops.square %a : !si
    %e = keops.exp %q : !si
    %f = keops.mult %e, %b : !si, !keops.value<1xf32, j>
    keops.yield %f : !s
  }
  return %r : !si
}
func.func @high(%x: !x, %y: !y) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) {precision = #keops<precision high>}
      : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    %e = keops.exp %f : !s
    keops.yield %e : !s
  }
  return %r : !si
}
