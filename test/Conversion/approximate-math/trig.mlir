// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s
// RUN: keops-opt %s --keops-approximate-math="isa=avx512 precision=high" | FileCheck %s --check-prefix=HIGH

// The slow path sends single lanes through a function of a double that reduces any angle by integer products; one
// function for each of sin and cos, and one that loops over lanes for each row type. No library is called.
// CHECK:       func.func private @keops_far_cos(%arg0: f64) -> f64
// CHECK:       func.func private @keops_far_sin(%arg0: f64) -> f64
// CHECK-SAME:    llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline", "cold"]
// CHECK-COUNT-3: arith.mului_extended
// CHECK-NOT:     call
// CHECK:       func.func private @keops_slow_sin_f32_16_from_131072
// CHECK-SAME:    llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline", "cold"]
// CHECK:         scf.for
// CHECK:           scf.if
// CHECK:             arith.extf
// CHECK:             func.call @keops_far_sin
// CHECK:             arith.truncf
// CHECK-NOT:   func.func private

// CHECK-LABEL: func.func @sin
// CHECK:         %[[BEYOND:.*]] = arith.cmpf ogt, %{{.*}}, %{{.*}} : vector<2x16xf32>
// CHECK:         %[[ROW:.*]] = arith.ori
// CHECK:         %[[ANY:.*]] = vector.reduction <or>, %[[ROW]]
// CHECK:         scf.if %[[ANY]]
// CHECK-COUNT-2:   func.call @keops_slow_sin_f32_16_from_131072
// CHECK:         else
// CHECK-NEXT:      scf.yield

// High evaluates floats in double and goes further before it gives up.
// HIGH-LABEL:  func.func @sin
// HIGH:          arith.extf
// HIGH:          arith.truncf
// HIGH:          func.call @keops_slow_sin_f32_16_from_1048576
func.func @sin(%x: vector<2x16xf32>) -> vector<2x16xf32> {
  %y = math.sin %x : vector<2x16xf32>
  return %y : vector<2x16xf32>
}

// CHECK-LABEL: func.func @twice
// CHECK:         func.call @keops_slow_sin_f32_16_from_131072
func.func @twice(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.sin %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func.func @scalar
// CHECK:         scf.if
// CHECK-NEXT:      arith.extf
// CHECK-NEXT:      func.call @keops_far_cos
func.func @scalar(%x: f32) -> f32 {
  %y = math.cos %x : f32
  return %y : f32
}
