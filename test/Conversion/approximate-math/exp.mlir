// RUN: keops-opt %s --keops-approximate-math="isa=generic" | FileCheck %s --check-prefix=PLAIN
// RUN: keops-opt %s --keops-approximate-math="isa=generic fma=true" | FileCheck %s --check-prefix=FMA
// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s --check-prefix=AVX512
// RUN: keops-opt %s --keops-approximate-math="isa=generic precision=high" | FileCheck %s --check-prefix=HIGH

// Without FMA nothing is fused, and the exponent goes in by integer arithmetic.
// PLAIN-LABEL: func.func @exp
// PLAIN-NOT:     math.
// PLAIN:         arith.bitcast
// PLAIN:         arith.shli
// PLAIN:         arith.addi
// PLAIN:         arith.bitcast
// PLAIN:         arith.cmpf ugt
// PLAIN-NOT:     math.
// PLAIN:         return

// FMA-LABEL: func.func @exp
// FMA-COUNT-8: math.fma
// FMA-NOT:     math.fma
// FMA-NOT:     llvm.call_intrinsic
// FMA:         return

// One register is computed with three FMA for the reduction, vrangeps, five for the polynomial, and vscalefps.
// AVX512-LABEL: func.func @exp
// AVX512-COUNT-3: math.fma %{{.*}} : vector<16xf32>
// AVX512:         llvm.call_intrinsic "llvm.x86.avx512.mask.range.ps.512"
// AVX512-COUNT-5: math.fma %{{.*}} : vector<16xf32>
// AVX512-NOT:     math.fma
// AVX512:         llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// AVX512-NOT:     arith.select
// AVX512:         return

// Two multiplications by powers of two round a subnormal result once.
// HIGH-LABEL: func.func @exp
// HIGH:         arith.shrsi
// HIGH:         arith.subi
// HIGH:         %[[HALF:.*]] = arith.mulf
// HIGH:         arith.mulf %[[HALF]]
// HIGH:         return
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}
