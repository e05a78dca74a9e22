// RUN: keops-opt %s --keops-differentiate --split-input-file --verify-diagnostics

!x = !keops.value<1xf32, i>
!y = !keops.value<1xf32, j>
func.func @min(%x: !x, %y: !y, %e: !x) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Min>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %f = keops.mult %a, %b : !x, !y
    keops.yield %f : !keops.value<1xf32, ij>
  }
  // expected-error @below {{Grad: Min_Reduction has no gradient: extrema have no derivative rule yet}}
  %g = keops.grad %r, %x, %e : !x, !x, !x
  return %g : !x
}

// -----

!x = !keops.value<1xf32, i>
func.func @no_reduction(%x: !x, %e: !x) -> !x {
  // expected-error @below {{Grad: the first argument must be a reduction or a formula inside one}}
  %g = keops.grad %x, %x, %e : !x, !x, !x
  return %g : !x
}
