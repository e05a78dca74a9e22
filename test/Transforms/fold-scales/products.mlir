// RUN: keops-opt %s --keops-fold-scales | FileCheck %s

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!p = !keops.value<1xf32, p>
!si = !keops.value<1xf32, i>
!sj = !keops.value<1xf32, j>
!s = !keops.value<1xf32, ij>
!v = !keops.value<3xf32, ij>

// -(2 * (((e * k) * b) * g) * d): constant and parameter join e on i; scalars are multiplied before the vector.
// CHECK-LABEL: func.func @regroup
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: {{.*}}, %[[E:.*]]: !keops.value<1xf32, i>, %[[B:.*]]: !keops.value<1xf32, j>, %[[G:.*]]: !keops.value<1xf32, p>):
// CHECK-DAG:     %[[D:.*]] = keops.subtract %[[X]], %[[Y]]
// CHECK-DAG:     %[[K:.*]] = keops.sin
// CHECK-DAG:     %[[C:.*]] = keops.constant -2
// CHECK-DAG:     %[[CE:.*]] = keops.mult %[[C]], %[[E]]
// CHECK-DAG:     %[[CEG:.*]] = keops.mult %[[CE]], %[[G]]
// CHECK:         %[[KB:.*]] = keops.mult %[[K]], %[[B]]
// CHECK:         %[[S:.*]] = keops.mult %[[KB]], %[[CEG]]
// CHECK:         %[[R:.*]] = keops.mult %[[S]], %[[D]]
// CHECK-NEXT:    keops.yield %[[R]]
func.func @regroup(%x: !x, %y: !y, %e: !si, %b: !sj, %g: !p) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %e, %b, %g) : (!x, !y, !si, !sj, !p) -> !x {
  ^bb0(%X: !x, %Y: !y, %E: !si, %B: !sj, %G: !p):
    %d = keops.subtract %X, %Y : !x, !y
    %q = keops.scalprod %X, %Y : !x, !y
    %k = keops.sin %q : !s
    %two = keops.constant 2 as !p
    %m0 = keops.mult %E, %k : !si, !s
    %m1 = keops.mult %m0, %B : !s, !sj
    %m2 = keops.mult %m1, %G : !s, !p
    %m3 = keops.mult %two, %d : !p, !v
    %m4 = keops.mult %m2, %m3 : !s, !v
    %m5 = keops.minus %m4 : !v
    keops.yield %m5 : !v
  }
  return %r : !x
}

// A scalar of the same index joins a vector: one multiplication in the loop.
// CHECK-LABEL: func.func @scaled_vector
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: {{.*}}, %[[E:.*]]: !keops.value<1xf32, i>):
// CHECK-NEXT:    %[[EX:.*]] = keops.mult %[[E]], %[[X]]
// CHECK-NEXT:    %[[R:.*]] = keops.mult %[[Y]], %[[EX]]
// CHECK-NEXT:    keops.yield %[[R]]
func.func @scaled_vector(%x: !x, %y: !y, %e: !si) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %e) : (!x, !y, !si) -> !x {
  ^bb0(%X: !x, %Y: !y, %E: !si):
    %m0 = keops.mult %X, %Y : !x, !y
    %m1 = keops.mult %m0, %E : !v, !si
    keops.yield %m1 : !v
  }
  return %r : !x
}

// A product that something else reads as well stays whole.
// CHECK-LABEL: func.func @shared
// CHECK:         %[[F:.*]] = keops.mult
// CHECK:         keops.mult %[[F]]
// CHECK:         keops.yield %[[F]]
func.func @shared(%x: !si, %y: !sj, %g: !p) -> (!si, !si) {
  %r:2 = keops.map_reduce over j reduce [#keops.reduce<Sum>, #keops.reduce<Sum>] (%x, %y, %g)
      : (!si, !sj, !p) -> (!si, !si) {
  ^bb0(%X: !si, %Y: !sj, %G: !p):
    %m0 = keops.mult %X, %Y : !si, !sj
    %m1 = keops.mult %m0, %G : !s, !p
    keops.yield %m0, %m1 : !s, !s
  }
  return %r#0, %r#1 : !si, !si
}

// Divisors outside the loop are inverted there.
// CHECK-LABEL: func.func @divisor
// CHECK:         %[[I:.*]] = keops.inv %{{.*}} : {{.*}}p>
// CHECK:         keops.mult
// CHECK-NOT:     keops.divide
func.func @divisor(%x: !si, %y: !sj, %g: !p) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %g) : (!si, !sj, !p) -> !si {
  ^bb0(%X: !si, %Y: !sj, %G: !p):
    %m0 = keops.add %X, %Y : !si, !sj
    %m1 = keops.divide %m0, %G : !s, !p
    keops.yield %m1 : !s
  }
  return %r : !si
}
