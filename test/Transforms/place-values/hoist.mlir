// RUN: keops-opt %s --keops-place-values | FileCheck %s

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!p = !keops.value<1xf32, p>
!si = !keops.value<1xf32, i>
!sj = !keops.value<1xf32, j>
!s = !keops.value<1xf32, ij>
!v = !keops.value<3xf32, ij>

// One map per index, parameters first, since rows may use them.
// CHECK-LABEL: func.func @each_index
// CHECK:         %[[P:.*]] = keops.map over p(%arg2)
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      keops.exp
// CHECK:         %[[I:.*]]:2 = keops.map over i(%arg0, %[[P]])
// CHECK-DAG:       keops.sum
// CHECK-DAG:       keops.mult
// CHECK:         %[[J:.*]] = keops.map over j(%arg1)
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      keops.square
// CHECK:         keops.map_reduce over j reduce [#keops.reduce<Sum>](%[[I]]#0, %[[I]]#1, %[[J]])
// CHECK-NEXT:    ^bb0(%[[A:.*]]: !keops.value<3xf32, i>, %[[B:.*]]: !keops.value<1xf32, i>, %[[C:.*]]: !keops.value<3xf32, j>):
// CHECK-NEXT:      %[[D:.*]] = keops.scalprod %[[A]], %[[C]]
// CHECK-NEXT:      %[[E:.*]] = keops.add %[[D]], %[[B]]
// CHECK-NEXT:      keops.yield %[[E]]
func.func @each_index(%x: !x, %y: !y, %g: !p) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %g) : (!x, !y, !p) -> !si {
  ^bb0(%X: !x, %Y: !y, %G: !p):
    %e = keops.exp %G : !p
    %h = keops.mult %X, %e : !x, !p
    %k = keops.square %Y : !y
    %m = keops.scalprod %h, %k : !x, !y
    %n = keops.sum %X : !x
    %f = keops.add %m, %n : !s, !si
    keops.yield %f : !s
  }
  return %r : !si
}

// Constants, repetitions and slices stay; what they are made from may leave.
// CHECK-LABEL: func.func @free
// CHECK-NOT:     keops.map over p
// CHECK:         %[[I:.*]] = keops.map over i(%arg0)
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      keops.exp
// CHECK-NEXT:      keops.yield
// CHECK:         keops.map_reduce
// CHECK-DAG:       keops.constant 2
// CHECK-DAG:       keops.sumt %{{.*}}, 3
// CHECK-DAG:       keops.elem
func.func @free(%x: !si, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!si, !y) -> !x {
  ^bb0(%X: !si, %Y: !y):
    %two = keops.constant 2 as !p
    %e = keops.exp %X : !si
    %t = keops.sumt %e, 3 : !si
    %k = keops.elem %Y, 1 : !y
    %m = keops.mult %t, %k : !x, !sj
    %f = keops.add %m, %two : !v, !p
    keops.yield %f : !v
  }
  return %r : !x
}

// A formula of one index only, and inputs that nothing reads.
// CHECK-LABEL: func.func @one_sided
// CHECK:         %[[I:.*]] = keops.map over i(%arg0)
// CHECK:         keops.map_reduce over j reduce [#keops.reduce<Sum>](%[[I]])
// CHECK-NEXT:    ^bb0(%[[A:.*]]: !keops.value<3xf32, i>):
// CHECK-NEXT:      keops.yield %[[A]]
func.func @one_sided(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%y, %x) : (!y, !x) -> !x {
  ^bb0(%Y: !y, %X: !x):
    %e = keops.exp %X : !x
    keops.yield %e : !x
  }
  return %r : !x
}
