// RUN: keops-opt %s --keops-simplify | FileCheck %s

!v = !keops.value<3xf32, ij>
!s = !keops.value<1xf32, ij>
!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>

// CHECK-LABEL: func.func @cancel
// CHECK-NEXT:    %[[P:.*]] = keops.mult %arg0, %arg1
// CHECK-NEXT:    %[[D:.*]] = keops.subtract %arg0, %arg1
// CHECK-NEXT:    return %arg0, %[[P]], %[[D]]
func.func @cancel(%x: !v, %y: !v) -> (!v, !v, !v) {
  %m = keops.minus %x : !v
  %n = keops.minus %y : !v
  %a = keops.minus %m : !v
  %b = keops.mult %m, %n : !v, !v
  %c = keops.add %x, %n : !v, !v
  return %a, %b, %c : !v, !v, !v
}

// CHECK-LABEL: func.func @outwards
// CHECK-NEXT:    %[[S:.*]] = keops.sum %arg0
// CHECK-NEXT:    %[[P:.*]] = keops.mult %arg1, %[[S]]
// CHECK-NEXT:    %[[M:.*]] = keops.minus %[[P]]
// CHECK-NEXT:    return %[[M]]
func.func @outwards(%x: !v, %y: !s) -> !s {
  %m = keops.minus %x : !v
  %b = keops.mult %m, %y : !v, !s
  %d = keops.sum %b : !v
  return %d : !s
}

// The sign of a scalar or of a one-sided value stays where it is cheap.
// CHECK-LABEL: func.func @stay
// CHECK-NEXT:    %[[M:.*]] = keops.minus %arg2
// CHECK-NEXT:    %[[A:.*]] = keops.mult %[[M]], %arg0
// CHECK-NEXT:    %[[N:.*]] = keops.minus %arg0
// CHECK-NEXT:    %[[B:.*]] = keops.mult %[[N]], %arg1
// CHECK-NEXT:    return %[[A]], %[[B]]
func.func @stay(%x: !x, %y: !y, %s: !s) -> (!v, !v) {
  %m = keops.minus %s : !s
  %a = keops.mult %m, %x : !s, !x
  %n = keops.minus %x : !x
  %b = keops.mult %n, %y : !x, !y
  return %a, %b : !v, !v
}

// CHECK-LABEL: func.func @even
// CHECK-NEXT:    %[[Q:.*]] = keops.square %arg0
// CHECK-NEXT:    %[[C:.*]] = keops.cos %arg0
// CHECK-NEXT:    return %[[Q]], %[[C]]
func.func @even(%x: !v) -> (!v, !v) {
  %m = keops.minus %x : !v
  %q = keops.square %m : !v
  %c = keops.cos %m : !v
  return %q, %c : !v, !v
}
