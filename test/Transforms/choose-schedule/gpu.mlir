// RUN: keops-opt %s --keops-choose-schedule=gpu=true --split-input-file | FileCheck %s

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!si = !keops.value<1xf32, i>

// Rows that fit into the registers of a thread stay there; tiles that are not half full are narrow.
// CHECK-LABEL: func.func @short
// CHECK:         schedule <rows = 8, lanes = 128, block = 16, blocks = 8, chunk = 1, split = 8192, stages = 2, narrow = true>
func.func @short(%x: !x, %y: !y) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %q = keops.scalprod %a, %b : !x, !y
    keops.yield %q : !keops.value<1xf32, ij>
  }
  return %r : !si
}

// -----

!x = !keops.value<64xf32, i>
!y = !keops.value<64xf32, j>
!si = !keops.value<1xf32, i>

// Long rows are read in panels.
// CHECK-LABEL: func.func @long
// CHECK:         schedule <rows = 2, lanes = 128, block = 16, blocks = 8, chunk = 1, split = 8192, panel = 16, stages = 2>
func.func @long(%x: !x, %y: !y) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %q = keops.scalprod %a, %b : !x, !y
    keops.yield %q : !keops.value<1xf32, ij>
  }
  return %r : !si
}

// -----

!x = !keops.value<64xf64, i>
!y = !keops.value<64xf64, j>

// Doubles take more registers, and so do sums of vectors.
// CHECK-LABEL: func.func @wide
// CHECK:         schedule <rows = 2, lanes = 128, block = 16, blocks = 8, chunk = 8, split = 8192, panel = 2, stages = 2>
func.func @wide(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %q = keops.mult %a, %b : !x, !y
    keops.yield %q : !keops.value<64xf64, ij>
  }
  return %r : !x
}

// -----

!x = !keops.value<64xf32, i>
!y = !keops.value<64xf32, j>
!s = !keops.value<1xf32, ij>

// Chunks that share a formula are reduced within each block, and leave the panel all registers.
// CHECK-LABEL: func.func @attention
// CHECK:         schedule <rows = 2, lanes = 128, block = 16, blocks = 8, chunk = 16, split = 8192, panel = 16, stages = 2>
func.func @attention(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<SumSoftMaxWeight>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f, %b : !s, !y
  }
  return %r : !x
}
