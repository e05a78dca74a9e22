// RUN: keops-opt %s --keops-expand-composites | FileCheck %s

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!p1 = !keops.value<1xf32, p>
!p3 = !keops.value<3xf32, p>
!p4 = !keops.value<4xf32, p>
!v2 = !keops.value<2xf32, i>
!s = !keops.value<1xf32, ij>
!si = !keops.value<1xf32, i>

// CHECK-LABEL: func.func @sqdist
// CHECK:         %[[D:.*]] = keops.subtract %arg0, %arg1
// CHECK-NEXT:    %[[S:.*]] = keops.square %[[D]]
// CHECK-NEXT:    %[[Q:.*]] = keops.sum %[[S]]
// CHECK-NEXT:    return %[[Q]]
func.func @sqdist(%x: !x, %y: !y) -> !s {
  %q = keops.sqdist %x, %y : !x, !y
  return %q : !s
}

// CHECK-LABEL: func.func @norms
// CHECK-NOT:     norm2
// CHECK:         keops.sqrt
func.func @norms(%x: !x) -> (!si, !si) {
  %a = keops.sqnorm2 %x : !x
  %b = keops.norm2 %x : !x
  return %a, %b : !si, !si
}

// The weights may be one number, one per component or a matrix.
// CHECK-LABEL: func.func @one_weight
// CHECK:         %[[N:.*]] = keops.sum
// CHECK-NEXT:    keops.mult %arg0, %[[N]]
func.func @one_weight(%w: !p1, %x: !x) -> !si {
  %a = keops.weightedsqnorm %w, %x : !p1, !x
  return %a : !si
}

// CHECK-LABEL: func.func @diagonal_weights
// CHECK:         %[[S:.*]] = keops.square
// CHECK-NEXT:    keops.scalprod %arg0, %[[S]]
func.func @diagonal_weights(%w: !p3, %x: !x, %y: !y) -> !s {
  %a = keops.weightedsqdist %w, %x, %y : !p3, !x, !y
  return %a : !s
}

// CHECK-LABEL: func.func @matrix_of_weights
// CHECK-COUNT-2: keops.extract
// CHECK-NOT:     keops.weighted
func.func @matrix_of_weights(%w: !p4, %x: !v2) -> !si {
  %a = keops.weightedsqnorm %w, %x : !p4, !v2
  return %a : !si
}
