// With `calls`, a function of several instructions is written once for each type and called; what is as short as a call
// stays in place.
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --cse | FileCheck %s

!x = !keops.value<2xf32, i>
!y = !keops.value<2xf32, j>
!s = !keops.value<2xf32, ij>

// CHECK:       func.func private @[[SIN:keops_sin_[0-9]]](%{{.*}}: vector<16xf32>) -> vector<16xf32> attributes {llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline", "hot"]}
// CHECK:       func.func private @[[ROW:keops_sin_[0-9]]](%{{.*}}: f32) -> f32
// CHECK-LABEL: func.func private @f_body
// CHECK-COUNT-2: call @[[ROW]]
// CHECK:       call @[[SIN]]
// CHECK:       math.absf
// CHECK:       call @[[SIN]]
// CHECK:       math.absf
// CHECK-NOT:   math.sin
func.func @f(%x: !x, %y: !y) -> !x {
  %m = keops.map over j (%y) {calls} : (!y) -> !y {
  ^bb0(%b: !y):
    %v = keops.sin %b : !y
    keops.yield %v : !y
  }
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 16, block = 16, blocks = 8, chunk = 2, split = 64, calls = true>
      (%x, %m) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %0 = keops.mult %a, %b : !x, !y
    %1 = keops.sin %0 : !s
    %2 = keops.abs %1 : !s
    keops.yield %2 : !s
  }
  return %r : !x
}
