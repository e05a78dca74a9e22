// Vectors beyond the unroll limit become loops over components, with four partial sums.
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --cse | FileCheck %s

!x = !keops.value<50xf32, i>
!y = !keops.value<50xf32, j>
!si = !keops.value<1xf32, i>

// CHECK-LABEL: func.func private @f_body
// CHECK:       scf.for %{{.*}} = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (vector<2x16xf32>, vector<2x16xf32>, vector<2x16xf32>, vector<2x16xf32>)
func.func @f(%x: !x, %y: !y) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64> (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %q = keops.scalprod %a, %b : !x, !y
    keops.yield %q : !keops.value<1xf32, ij>
  }
  return %r : !si
}
