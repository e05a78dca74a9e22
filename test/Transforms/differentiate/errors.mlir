// RUN: keops-opt %s --keops-differentiate --split-input-file --verify-diagnostics

!x = !keops.value<6xf32, i>
!m = !keops.value<36xf32, i>
!s = !keops.value<1xf32, ij>
func.func @seventh_derivative(%x: !x, %m: !m, %e: !keops.value<1xf32, j>) -> !m {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %m, %e) : (!x, !m, !keops.value<1xf32, j>) -> !m {
  ^bb0(%a: !x, %b: !m, %c: !keops.value<1xf32, j>):
    %f = keops.softdtwplan %b, 2, 3 : !m
    // expected-error @below {{SoftDTW has derivatives up to order 6, not beyond}}
    %g = keops.grad %f, %b, %a : !x, !m, !x
    %h = keops.mult %g, %c : !m, !keops.value<1xf32, j>
    keops.yield %h : !keops.value<36xf32, ij>
  }
  return %r : !m
}

// -----

!x = !keops.value<1xf32, i>
func.func @no_reduction(%x: !x, %e: !x) -> !x {
  // expected-error @below {{Grad: the first argument must be a reduction or a formula inside one}}
  %g = keops.grad %x, %x, %e : !x, !x, !x
  return %g : !x
}
