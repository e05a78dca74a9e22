// RUN: keops-opt %s --keops-simplify --split-input-file | FileCheck %s

!v = !keops.value<3xf32, ij>
!c = !keops.value<1xf32, p>

// Constants are folded exactly: 2/3 * 3 + 1/2 - 1 = 3/2; (3/2)^2 / 3 = 3/4.
// CHECK-LABEL: func.func @fold
// CHECK-NEXT:    %[[R:.*]] = keops.constant #keops.rational<3, 4>
// CHECK-NEXT:    return %[[R]]
func.func @fold() -> !c {
  %a = keops.constant #keops.rational<2, 3> as !c
  %b = keops.constant 3 as !c
  %h = keops.constant #keops.rational<1, 2> as !c
  %one = keops.constant 1 as !c
  %m = keops.mult %a, %b : !c, !c
  %s = keops.add %m, %h : !c, !c
  %d = keops.subtract %s, %one : !c, !c
  %q = keops.square %d : !c
  %r = keops.divide %q, %b : !c, !c
  return %r : !c
}

// -----

!c = !keops.value<1xf32, p>

// What does not fit into 64 bits is left to floating point.
// CHECK-LABEL: func.func @overflow
// CHECK:         keops.mult
func.func @overflow() -> !c {
  %a = keops.constant 4611686018427387904 as !c
  %b = keops.constant 3 as !c
  %m = keops.mult %a, %b : !c, !c
  return %m : !c
}

// -----

!v = !keops.value<3xf32, ij>
!c = !keops.value<1xf32, p>

// CHECK-LABEL: func.func @factors
// CHECK-DAG:     %[[SIX:.*]] = keops.constant -6
// CHECK-DAG:     %[[M:.*]] = keops.mult %[[SIX]], %arg0
// CHECK:         return %arg0, %[[M]]
func.func @factors(%x: !v) -> (!v, !v) {
  %one = keops.constant 1 as !c
  %two = keops.constant 2 as !c
  %three = keops.constant 3 as !c
  %a = keops.mult %x, %one : !v, !c
  %b = keops.mult %x, %two : !v, !c
  %d = keops.mult %three, %b : !c, !v
  %e = keops.minus %d : !v
  return %a, %e : !v, !v
}

// -----

!v = !keops.value<3xf32, ij>
!c = !keops.value<1xf32, p>

// Only divisions by numbers with an exact inverse become products.
// CHECK-LABEL: func.func @divisions
// CHECK-DAG:     %[[QUARTER:.*]] = keops.constant #keops.rational<1, 4>
// CHECK-DAG:     %[[THREE:.*]] = keops.constant 3
// CHECK-DAG:     %[[A:.*]] = keops.mult %[[QUARTER]], %arg0
// CHECK-DAG:     %[[B:.*]] = keops.divide %arg0, %[[THREE]]
// CHECK-DAG:     %[[C:.*]] = keops.inv %arg0
// CHECK:         return %[[A]], %[[B]], %[[C]]
func.func @divisions(%x: !v) -> (!v, !v, !v) {
  %one = keops.constant 1 as !c
  %three = keops.constant 3 as !c
  %four = keops.constant 4 as !c
  %a = keops.divide %x, %four : !v, !c
  %b = keops.divide %x, %three : !v, !c
  %d = keops.divide %one, %x : !c, !v
  return %a, %b, %d : !v, !v, !v
}

// -----

!v = !keops.value<3xf32, p>

// CHECK-LABEL: func.func @powers
// CHECK-DAG:     %[[ONE:.*]] = keops.constant 1
// CHECK-DAG:     %[[P0:.*]] = keops.sumt %[[ONE]], 3
// CHECK-DAG:     %[[P2:.*]] = keops.square %arg0
// CHECK-DAG:     %[[P3:.*]] = keops.pow %arg0, 3
// CHECK-DAG:     %[[TWO:.*]] = keops.constant 2
// CHECK-DAG:     %[[D:.*]] = keops.mult %[[TWO]], %arg0
// CHECK:         return %[[P0]], %arg0, %[[P2]], %[[P3]], %[[P2]], %[[D]]
func.func @powers(%x: !v) -> (!v, !v, !v, !v, !v, !v) {
  %p0 = keops.pow %x, 0 : !v
  %p1 = keops.pow %x, 1 : !v
  %p2 = keops.pow %x, 2 : !v
  %p3 = keops.pow %x, 3 : !v
  %s = keops.add %x, %x : !v, !v
  return %p0, %p1, %p2, %p3, %p2, %s : !v, !v, !v, !v, !v, !v
}
