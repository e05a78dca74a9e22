// RUN: keops-opt %s --keops-expand-short-floats | FileCheck %s --check-prefixes=CHECK,NONE
// RUN: keops-opt %s --keops-expand-short-floats=f16c=true | FileCheck %s --check-prefixes=CHECK,F16C

// CHECK-LABEL: func.func @widen_bfloat
// CHECK-SAME:    (%[[X:.*]]: bf16) -> f32
// CHECK:         %[[BITS:.*]] = arith.bitcast %[[X]] : bf16 to i16
// CHECK:         %[[WORD:.*]] = arith.extui %[[BITS]] : i16 to i32
// CHECK:         %[[SHIFTED:.*]] = arith.shli %[[WORD]], %{{.*}} : i32
// CHECK:         %[[Y:.*]] = arith.bitcast %[[SHIFTED]] : i32 to f32
// CHECK:         return %[[Y]]
func.func @widen_bfloat(%x: bf16) -> f32 {
  %y = arith.extf %x : bf16 to f32
  return %y : f32
}

// CHECK-LABEL: func.func @narrow_bfloat
// CHECK-SAME:    (%[[X:.*]]: vector<2x4xf32>) -> vector<2x4xbf16>
// CHECK:         arith.cmpf uno, %[[X]], %[[X]] : vector<2x4xf32>
// CHECK:         %[[BITS:.*]] = arith.trunci %{{.*}} : vector<2x4xi32> to vector<2x4xi16>
// CHECK:         %[[Y:.*]] = arith.bitcast %[[BITS]] : vector<2x4xi16> to vector<2x4xbf16>
// CHECK:         return %[[Y]]
func.func @narrow_bfloat(%x: vector<2x4xf32>) -> vector<2x4xbf16> {
  %y = arith.truncf %x : vector<2x4xf32> to vector<2x4xbf16>
  return %y : vector<2x4xbf16>
}

// Where the target has the instructions, those of f16 stay.
// CHECK-LABEL: func.func @half
// F16C:          arith.extf %{{.*}} : vector<8xf16> to vector<8xf32>
// F16C:          arith.truncf %{{.*}} : f32 to f16
// NONE-NOT:      arith.extf
// NONE-NOT:      arith.truncf
// NONE:          arith.bitcast %{{.*}} : vector<8xf16> to vector<8xi16>
// NONE:          arith.bitcast %{{.*}} : i16 to f16
func.func @half(%x: vector<8xf16>, %z: f32) -> (vector<8xf32>, f16) {
  %y = arith.extf %x : vector<8xf16> to vector<8xf32>
  %w = arith.truncf %z : f32 to f16
  return %y, %w : vector<8xf32>, f16
}

// CHECK-LABEL: func.func @others
// CHECK:         arith.extf %{{.*}} : f32 to f64
// CHECK:         arith.truncf %{{.*}} : f64 to f32
func.func @others(%x: f32, %z: f64) -> (f64, f32) {
  %y = arith.extf %x : f32 to f64
  %w = arith.truncf %z : f64 to f32
  return %y, %w : f64, f32
}
