// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s
// RUN: keops-opt %s --keops-approximate-math="isa=avx2" | FileCheck %s --check-prefix=AVX2
// RUN: keops-opt %s --keops-approximate-math="isa=avx2 precision=high" | FileCheck %s --check-prefix=HIGH

// CHECK-LABEL: func.func @rsqrt
// CHECK:         %[[Y:.*]] = llvm.call_intrinsic "llvm.x86.avx512.rsqrt14.ps.512"
// CHECK-NOT:     arith.divf
// CHECK:         %[[NAN:.*]] = arith.cmpf uno
// CHECK:         arith.select %[[NAN]], %[[Y]]

// AVX2-LABEL: func.func @rsqrt
// AVX2:         math.sqrt
// AVX2:         arith.divf
// AVX2-NEXT:    return

// HIGH-LABEL: func.func @rsqrt
// HIGH:         %[[Y:.*]] = arith.divf
// HIGH-COUNT-3: math.fma
// HIGH:         arith.select %{{.*}}, %[[Y]]
// HIGH:         return
func.func @rsqrt(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.rsqrt %x : vector<16xf32>
  return %y : vector<16xf32>
}
