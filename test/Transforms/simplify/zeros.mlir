// RUN: keops-opt %s --keops-simplify | FileCheck %s

!v = !keops.value<3xf32, ij>
!s = !keops.value<1xf32, ij>
!z = !keops.value<3xf32, p>
!z1 = !keops.value<1xf32, p>

// CHECK-LABEL: func.func @neutral
// CHECK-NEXT:    %[[M:.*]] = keops.minus %arg0
// CHECK-NEXT:    return %arg0, %arg0, %arg0, %[[M]]
func.func @neutral(%x: !v) -> (!v, !v, !v, !v) {
  %z = keops.zero : !z
  %a = keops.add %z, %x : !z, !v
  %b = keops.add %x, %z : !v, !z
  %c = keops.subtract %x, %z : !v, !z
  %d = keops.subtract %z, %x : !z, !v
  return %a, %b, %c, %d : !v, !v, !v, !v
}

// A zero of dimension 3 repeats a scalar partner.
// CHECK-LABEL: func.func @repeats
// CHECK-NEXT:    %[[R:.*]] = keops.sumt %arg0, 3
// CHECK-NEXT:    return %[[R]]
func.func @repeats(%x: !s) -> !v {
  %z = keops.zero : !z
  %a = keops.add %z, %x : !z, !s
  return %a : !v
}

// Zeros absorb products of the dimension of the product, and every function with F(0) = 0.
// CHECK-LABEL: func.func @absorbing
// CHECK:         keops.map_reduce
// CHECK-NEXT:    ^bb0(%[[X:.*]]: !keops.value<3xf32, i>, %[[Y:.*]]: !keops.value<3xf32, j>):
// CHECK-NEXT:      %[[S:.*]] = keops.add %[[X]], %[[Y]]
// CHECK-NEXT:      keops.yield %[[S]]
func.func @absorbing(%x: !keops.value<3xf32, i>, %y: !keops.value<3xf32, j>) -> (!keops.value<3xf32, i>, !z) {
  %zero = keops.zero : !z
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y)
      : (!keops.value<3xf32, i>, !keops.value<3xf32, j>) -> !keops.value<3xf32, i> {
  ^bb0(%a: !keops.value<3xf32, i>, %b: !keops.value<3xf32, j>):
    %z = keops.constant 0 as !z1
    %m = keops.mult %z, %a : !z1, !keops.value<3xf32, i>
    %d = keops.divide %m, %b : !keops.value<3xf32, i>, !keops.value<3xf32, j>
    %n = keops.minus %d : !v
    %q = keops.square %n : !v
    %t = keops.sum %q : !v
    %u = keops.sumt %t, 3 : !s
    %s = keops.add %a, %b : !keops.value<3xf32, i>, !keops.value<3xf32, j>
    %f = keops.add %s, %u : !v, !v
    keops.yield %f : !v
  }
  return %r, %zero : !keops.value<3xf32, i>, !z
}

// CHECK-LABEL: func.func @one
// CHECK-NEXT:    %[[ONE:.*]] = keops.constant 1
// CHECK-NEXT:    return %[[ONE]]
func.func @one() -> !z1 {
  %z = keops.zero : !z1
  %a = keops.exp %z : !z1
  return %a : !z1
}

// A sum of zeros does not visit the pairs.
// CHECK-LABEL: func.func @sum_of_zeros
// CHECK-NOT:     keops.map_reduce
// CHECK:         keops.map over j() : () -> !keops.value<3xf32, j>
// CHECK-NEXT:      keops.zero
func.func @sum_of_zeros(%x: !keops.value<3xf32, i>) -> !keops.value<3xf32, j> {
  %r = keops.map_reduce over i reduce [#keops.reduce<Sum>] (%x) : (!keops.value<3xf32, i>) -> !keops.value<3xf32, j> {
  ^bb0(%a: !keops.value<3xf32, i>):
    %z = keops.zero : !z
    %m = keops.mult %z, %a : !z, !keops.value<3xf32, i>
    keops.yield %m : !keops.value<3xf32, i>
  }
  return %r : !keops.value<3xf32, j>
}
