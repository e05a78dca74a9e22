// RUN: keops-opt %s --keops-choose-schedule --split-input-file | FileCheck %s
// RUN: keops-opt %s --keops-choose-schedule=lanes32=8 --split-input-file | FileCheck %s --check-prefix=AVX2
// RUN: keops-opt %s "--keops-choose-schedule=force=rows=1,block=32" --split-input-file | FileCheck %s --check-prefix=FORCED

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!si = !keops.value<1xf32, i>
!s = !keops.value<1xf32, ij>

// CHECK-LABEL: func.func @gaussian
// CHECK:         schedule <rows = 4, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64>
// AVX2-LABEL:  func.func @gaussian
// AVX2:          schedule <rows = 2, lanes = 8, block = 16, blocks = 8, chunk = 1, split = 64>
// FORCED-LABEL: func.func @gaussian
// FORCED:        schedule <rows = 1, lanes = 16, block = 32, blocks = 8, chunk = 1, split = 64>
func.func @gaussian(%x: !x, %y: !y) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %d = keops.subtract %a, %b : !x, !y
    %q = keops.scalprod %d, %d : !keops.value<3xf32, ij>, !keops.value<3xf32, ij>
    %e = keops.exp %q : !s
    keops.yield %e : !s
  }
  return %r : !si
}

// -----

!x = !keops.value<20xf64, i>
!y = !keops.value<20xf64, j>

// Wide results are carried a few components at a time, half as many as there are registers; f64 has half the lanes.
// CHECK-LABEL: func.func @wide
// CHECK:         schedule <rows = 1, lanes = 8, block = 16, blocks = 8, chunk = 16, split = 64>
// AVX2-LABEL:  func.func @wide
// AVX2:          schedule <rows = 1, lanes = 4, block = 16, blocks = 8, chunk = 8, split = 64>
func.func @wide(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %f = keops.mult %a, %b : !x, !y
    keops.yield %f : !keops.value<20xf64, ij>
  }
  return %r : !x
}

// -----

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>

// Sorted lists are kept one component at a time. A schedule that is given stays, but for forced fields.
// CHECK-LABEL: func.func @sorted
// CHECK:         schedule <rows = 4, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64>
// CHECK-LABEL: func.func @given
// CHECK:         schedule <rows = 7, lanes = 16, block = 8, blocks = 4, chunk = 2, split = 1>
// FORCED-LABEL: func.func @given
// FORCED:        schedule <rows = 1, lanes = 16, block = 32, blocks = 4, chunk = 2, split = 1>
func.func @sorted(%x: !x, %y: !y) -> !keops.value<15xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<KMin, 5>] (%x, %y) : (!x, !y) -> !keops.value<15xf32, i> {
  ^bb0(%a: !x, %b: !y):
    %f = keops.subtract %a, %b : !x, !y
    keops.yield %f : !keops.value<3xf32, ij>
  }
  return %r : !keops.value<15xf32, i>
}
func.func @given(%x: !x) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 7, lanes = 16, block = 8, blocks = 4, chunk = 2, split = 1> (%x) : (!x) -> !x {
  ^bb0(%a: !x):
    keops.yield %a : !x
  }
  return %r : !x
}

// -----

!x = !keops.value<64xf32, i>
!y = !keops.value<64xf32, j>
!s = !keops.value<1xf32, ij>

// Long rows are read in panels. Chunks that share a formula are reduced within each block, which is then longer.
// CHECK-LABEL: func.func @attention
// CHECK:         schedule <rows = 4, lanes = 16, block = 64, blocks = 2, chunk = 6, split = 64, panel = 4>
// AVX2-LABEL:  func.func @attention
// AVX2:          schedule <rows = 2, lanes = 8, block = 64, blocks = 2, chunk = 6, split = 64, panel = 4>
func.func @attention(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<SumSoftMaxWeight>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f, %b : !s, !y
  }
  return %r : !x
}
