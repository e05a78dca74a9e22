// Locations point into the formula, down to the loops: here to `Exp(...)` of a text that was parsed.
// RUN: keops-opt %s --keops-formula-stage --keops-schedule-stage --keops-loops-stage --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// CHECK: math.exp2 {{.*}} loc("Sum_Reduction(Exp(x-y),0)":1:15 to :23)
func.func @f(%x: !keops.value<1xf32, i>, %y: !keops.value<1xf32, j>) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y)
      : (!keops.value<1xf32, i>, !keops.value<1xf32, j>) -> !keops.value<1xf32, i> {
  ^bb0(%a: !keops.value<1xf32, i>, %b: !keops.value<1xf32, j>):
    %d = keops.subtract %a, %b : !keops.value<1xf32, i>, !keops.value<1xf32, j>
        loc("Sum_Reduction(Exp(x-y),0)":1:19 to :22)
    %e = keops.exp %d : !keops.value<1xf32, ij> loc("Sum_Reduction(Exp(x-y),0)":1:15 to :23)
    keops.yield %e : !keops.value<1xf32, ij>
  }
  return %r : !keops.value<1xf32, i>
}
