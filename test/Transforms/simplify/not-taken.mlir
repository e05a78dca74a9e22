// RUN: keops-opt %s --keops-simplify | FileCheck %s
// Rules that would change results beyond rounding, or enlarge the rounding (docs/rationale/simplify.md).

!s = !keops.value<1xf32, ij>
!c = !keops.value<1xf32, p>

// CHECK-LABEL: func.func @difference_of_same
// CHECK-NEXT:    keops.subtract %arg0, %arg0
func.func @difference_of_same(%x: !s) -> !s {
  %a = keops.subtract %x, %x : !s, !s
  return %a : !s
}

// CHECK-LABEL: func.func @product_of_exponentials
// CHECK-COUNT-2: keops.exp
func.func @product_of_exponentials(%x: !s, %y: !s) -> !s {
  %a = keops.exp %x : !s
  %b = keops.exp %y : !s
  %m = keops.mult %a, %b : !s, !s
  return %m : !s
}

// CHECK-LABEL: func.func @common_factor
// CHECK-COUNT-2: keops.mult
func.func @common_factor(%x: !s, %y: !s, %z: !s) -> !s {
  %a = keops.mult %x, %y : !s, !s
  %b = keops.mult %x, %z : !s, !s
  %m = keops.add %a, %b : !s, !s
  return %m : !s
}

// CHECK-LABEL: func.func @sums_of_constants
// CHECK-COUNT-2: keops.add
func.func @sums_of_constants(%x: !s) -> !s {
  %n = keops.constant 1000 as !c
  %m = keops.constant #keops.rational<1, 1000> as !c
  %a = keops.add %n, %x : !c, !s
  %b = keops.add %m, %a : !c, !s
  return %b : !s
}
