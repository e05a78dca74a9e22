// RUN: keops-opt %s --keops-contract-multiply-add | FileCheck %s

// CHECK-LABEL: func.func @sum
// CHECK-SAME:    (%[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32)
// CHECK:         %[[R:.*]] = math.fma %[[A]], %[[B]], %[[C]] : f32
// CHECK:         return %[[R]]
func.func @sum(%a: f32, %b: f32, %c: f32) -> f32 {
  %p = arith.mulf %a, %b : f32
  %s = arith.addf %p, %c : f32
  return %s : f32
}

// CHECK-LABEL: func.func @difference
// CHECK-SAME:    (%[[A:.*]]: vector<2x16xf32>, %[[C:.*]]: vector<2x16xf32>)
// CHECK:         %[[N:.*]] = arith.negf %[[A]]
// CHECK:         math.fma %[[N]], %[[A]], %[[C]] : vector<2x16xf32>
func.func @difference(%a: vector<2x16xf32>, %c: vector<2x16xf32>) -> vector<2x16xf32> {
  %p = arith.mulf %a, %a : vector<2x16xf32>
  %s = arith.subf %c, %p : vector<2x16xf32>
  return %s : vector<2x16xf32>
}

// A product that is also needed elsewhere is rounded on its own.
// CHECK-LABEL: func.func @shared
// CHECK:         arith.mulf
// CHECK:         arith.addf
// CHECK-NOT:     math.fma
func.func @shared(%a: f32, %b: f32, %c: f32) -> (f32, f32) {
  %p = arith.mulf %a, %b : f32
  %s = arith.addf %p, %c : f32
  return %s, %p : f32, f32
}
