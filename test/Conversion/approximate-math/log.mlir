// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s
// RUN: keops-opt %s --keops-approximate-math="isa=avx2" | FileCheck %s --check-prefix=AVX2

// The AVX-512 instructions treat zero, infinity, NaN, negative and subnormal numbers by themselves.
// CHECK-LABEL: func.func @log
// CHECK:         "llvm.x86.avx512.mask.getmant.ps.512"
// CHECK-COUNT-2: "llvm.x86.avx512.mask.getexp.ps.512"
// CHECK-NOT:     arith.select
// CHECK:         return

// Elsewhere subnormals are scaled up first and special values chosen last.
// AVX2-LABEL: func.func @log
// AVX2:         arith.select
// AVX2:         arith.shrui
// AVX2:         math.fma
// AVX2-COUNT-3: arith.select
// AVX2:         return
func.func @log(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.log %x : vector<16xf32>
  return %y : vector<16xf32>
}
