// RUN: keops-opt %s --keops-differentiate --split-input-file --verify-diagnostics

!x = !keops.value<1xf32, i>
!y = !keops.value<1xf32, j>
func.func @prod_twice(%x: !x, %y: !y, %e: !x) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Prod>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %f = keops.mult %a, %b : !x, !y
    keops.yield %f : !keops.value<1xf32, ij>
  }
  %g = keops.grad %r, %x, %e : !x, !x, !x
  // expected-error @below {{Grad: the gradient of Prod_Reduction has no gradient itself}}
  %h = keops.grad %g, %x, %e : !x, !x, !x
  return %h : !x
}

// -----

!x = !keops.value<1xf32, i>
func.func @companion(%x: !x, %e: !x) -> !x {
  %r:2 = keops.map_reduce over j reduce [#keops.reduce<Prod_CountZeros>] (%x) : (!x) -> (!x, !keops.value<1xi64, i>) {
  ^bb0(%a: !x):
    keops.yield %a : !x
  }
  // expected-error @below {{Grad: Prod_CountZeros_Reduction has no gradient: it serves the derivative of Prod}}
  %g = keops.grad %r#0, %x, %e : !x, !x, !x
  return %g : !x
}

// -----

!x = !keops.value<1xf32, i>
func.func @no_reduction(%x: !x, %e: !x) -> !x {
  // expected-error @below {{Grad: the first argument must be a reduction or a formula inside one}}
  %g = keops.grad %x, %x, %e : !x, !x, !x
  return %g : !x
}
