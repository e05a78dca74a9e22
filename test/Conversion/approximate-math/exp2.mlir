// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s
// RUN: keops-opt %s --keops-approximate-math="isa=avx2" | FileCheck %s --check-prefix=AVX2

// The form that the Gaussian sum runs at: arithmetic stays on all rows together, so that their chains interleave, and
// only vreduceps and vscalefps work on single registers.
// CHECK-LABEL: func.func @rows
// CHECK:         %[[ROW0:.*]] = vector.extract %arg0[0]
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"(%[[ROW0]]
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"
// CHECK-COUNT-5: math.fma %{{.*}} : vector<3x16xf32>
// CHECK-NOT:     math.fma
// CHECK-COUNT-3: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// CHECK-NOT:     llvm.call_intrinsic
// CHECK:         return

// AVX2-LABEL: func.func @rows
// AVX2-NOT:     llvm.call_intrinsic
// AVX2:         return
func.func @rows(%x: vector<3x16xf32>) -> vector<3x16xf32> {
  %y = math.exp2 %x : vector<3x16xf32>
  return %y : vector<3x16xf32>
}

// CHECK-LABEL: func.func @doubles
// CHECK:         "llvm.x86.avx512.mask.reduce.pd.512"
// CHECK-COUNT-11: math.fma %{{.*}} : vector<8xf64>
// CHECK:         "llvm.x86.avx512.mask.scalef.pd.512"
func.func @doubles(%x: vector<8xf64>) -> vector<8xf64> {
  %y = math.exp2 %x : vector<8xf64>
  return %y : vector<8xf64>
}
