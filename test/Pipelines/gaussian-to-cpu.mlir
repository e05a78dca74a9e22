// The corridor as a whole, and its inner loop: one reduction of the argument, five multiply-adds of the polynomial, one
// scaling by a power of two and one accumulation per row of 16 lanes; no call, no division.
// RUN: keops-opt %s --keops-to-cpu=isa=avx512 | FileCheck %s
// RUN: keops-opt %s --keops-to-cpu=isa=avx2 | FileCheck %s --check-prefix=AVX2

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!b = !keops.value<1xf32, j>
!si = !keops.value<1xf32, i>

// CHECK:       llvm.func internal @gauss_body
// CHECK-COUNT-4: llvm.x86.avx512.mask.reduce.ps.512
// CHECK-COUNT-20: llvm.intr.fma
// CHECK-COUNT-4: llvm.x86.avx512.mask.scalef.ps.512
// CHECK-NOT:   llvm.call @exp
// CHECK:       llvm.func @gauss(%{{.*}}: !llvm.ptr) -> i32
// AVX2:        llvm.func internal @gauss_body
// AVX2-NOT:    avx512
// AVX2:        llvm.intr.fma(%{{.*}}) : (vector<8xf32>
// AVX2-NOT:    avx512
func.func @gauss(%x: !x, %y: !y, %b: !b) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %b) : (!x, !y, !b) -> !si {
  ^bb0(%a: !x, %c: !y, %w: !b):
    %d = keops.sqdist %a, %c : !x, !y
    %m = keops.minus %d : !keops.value<1xf32, ij>
    %e = keops.exp %m : !keops.value<1xf32, ij>
    %p = keops.mult %e, %w : !keops.value<1xf32, ij>, !b
    keops.yield %p : !keops.value<1xf32, ij>
  }
  return %r : !si
}
