// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s
// RUN: keops-opt %s --keops-approximate-math="isa=generic" | FileCheck %s --check-prefix=PLAIN

// tanh is one reduction and one division.
// CHECK-LABEL: func.func @tanh
// CHECK-COUNT-1: arith.divf
// CHECK-NOT:     arith.divf
// CHECK:         return

// sinh and cosh need none.
// CHECK-LABEL: func.func @sinh
// CHECK-NOT:     arith.divf
// CHECK:         return

// Nothing is fused or called without FMA.
// PLAIN-LABEL: func.func @tanh
// PLAIN-NOT:     math.fma
// PLAIN-NOT:     call
// PLAIN-LABEL: func.func @sinh
// PLAIN-NOT:     math.fma
// PLAIN-NOT:     call
func.func @tanh(%x: vector<2x16xf32>) -> vector<2x16xf32> {
  %0 = math.tanh %x : vector<2x16xf32>
  return %0 : vector<2x16xf32>
}
func.func @sinh(%x: f64) -> f64 {
  %0 = math.sinh %x : f64
  %1 = math.cosh %0 : f64
  return %1 : f64
}
