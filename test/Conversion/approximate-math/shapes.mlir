// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s

// A scalar rides in the first lane of a short register, so that it gets the bits that a vector lane gets.
// CHECK-LABEL: func.func @scalar
// CHECK:         vector.broadcast %arg0 : f32 to vector<4xf32>
// CHECK:         "llvm.x86.avx512.mask.reduce.ps.128"
// CHECK:         vector.extract %{{.*}}[0] : f32 from vector<4xf32>
// CHECK:         "llvm.x86.avx512.mask.scalef.ps.128"
func.func @scalar(%x: f32) -> f32 {
  %y = math.exp2 %x : f32
  return %y : f32
}

// CHECK-LABEL: func.func @half
// CHECK:         "llvm.x86.avx512.mask.reduce.ps.256"
func.func @half(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.exp2 %x : vector<8xf32>
  return %y : vector<8xf32>
}

// Long rows are cut into registers, and a rest is padded.
// CHECK-LABEL: func.func @long
// CHECK:         %[[ZEROS:.*]] = arith.constant dense<0.000000e+00> : vector<18xf32>
// CHECK:         vector.shuffle %arg0, %[[ZEROS]] [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
// CHECK:         "llvm.x86.avx512.mask.reduce.ps.512"
// CHECK:         vector.shuffle %arg0, %[[ZEROS]] [16, 17, 18, 18,
// CHECK:         "llvm.x86.avx512.mask.reduce.ps.512"
func.func @long(%x: vector<18xf32>) -> vector<18xf32> {
  %y = math.exp2 %x : vector<18xf32>
  return %y : vector<18xf32>
}
