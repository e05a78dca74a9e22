// RUN: keops-opt %s --keops-approximate-math="isa=generic" | FileCheck %s --check-prefix=PLAIN
// RUN: keops-opt %s --keops-approximate-math="isa=avx2" | FileCheck %s --check-prefix=AVX2

// SSE2 has no instruction for floor and round, and LLVM would call the library once per lane.
// PLAIN-LABEL: func.func @round
// PLAIN-NOT:     math.floor
// PLAIN-NOT:     math.round
// PLAIN:         return

// AVX2-LABEL: func.func @round
// AVX2:         math.floor
// AVX2:         math.round
func.func @round(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.floor %x : vector<8xf32>
  %1 = math.round %0 : vector<8xf32>
  return %1 : vector<8xf32>
}
