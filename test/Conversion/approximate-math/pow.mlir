// RUN: keops-opt %s --keops-approximate-math="isa=generic" | FileCheck %s

// A float power is computed in double.
// CHECK-LABEL: func.func @powf
// CHECK:         arith.extf
// CHECK-NOT:     math.{{(fma|log|exp)}}
// CHECK:         arith.truncf
func.func @powf(%x: vector<16xf32>, %y: vector<16xf32>) -> vector<16xf32> {
  %z = math.powf %x, %y : vector<16xf32>
  return %z : vector<16xf32>
}

// CHECK-LABEL: func.func @fpowi
// CHECK:         arith.sitofp %{{.*}} : i32 to f64
// CHECK-NOT:     math.fpowi
func.func @fpowi(%x: f32, %n: i32) -> f32 {
  %z = math.fpowi %x, %n : f32, i32
  return %z : f32
}
