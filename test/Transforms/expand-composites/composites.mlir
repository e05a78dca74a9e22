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
// CHECK:         %[[M:.*]] = keops.tensordot %arg0, %arg1 over [1] : [0] of [2, 2] : [2]
// CHECK-NEXT:    keops.scalprod %arg1, %[[M]]
func.func @matrix_of_weights(%w: !p4, %x: !v2) -> !si {
  %a = keops.weightedsqnorm %w, %x : !p4, !v2
  return %a : !si
}

// CHECK-LABEL: func.func @normalize
// CHECK:         %[[N:.*]] = keops.rsqrt
// CHECK-NEXT:    keops.mult %[[N]], %arg0
func.func @normalize(%x: !x) -> !x {
  %a = keops.normalize %x : !x
  return %a : !x
}

// Order 1: two quotients for each spline of order 0, none for a slice.
// CHECK-LABEL: func.func @spline
// CHECK-COUNT-2: keops.divide
// CHECK-NOT:     keops.divide
// CHECK:         return
func.func @spline(%t: !p4, %x: !si) -> !v2 {
  %a = keops.bspline %t, %x, 1 : !p4, !si
  return %a : !v2
}

// CHECK-LABEL: func.func @kron
// CHECK:         keops.tensordot %arg0, %arg1 over [] : [] of [1, 3] : [2, 2] to [0, 2, 1, 3]
func.func @kron(%x: !x, %y: !p4) -> !keops.value<12xf32, i> {
  %a = keops.kron %x, %y of [1, 3] : [2, 2] : !x, !p4
  return %a : !keops.value<12xf32, i>
}

// A product of conjugates: only parts, products and sums of parts are left.
// CHECK-LABEL: func.func @complex
// CHECK:         keops.complexreal
// CHECK-NOT:     keops.conj
// CHECK-NOT:     keops.complexmult
// CHECK:         return
func.func @complex(%x: !p4, %y: !v2) -> !keops.value<4xf32, i> {
  %a = keops.conj %y : !v2
  %b = keops.complexmult %x, %a : !p4, !v2
  return %b : !keops.value<4xf32, i>
}
