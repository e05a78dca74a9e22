// RUN: keops-opt %s "--keops-choose-schedule=explain=true" --verify-diagnostics
!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!si = !keops.value<1xf32, i>
func.func @f(%x: !x, %y: !y) -> !si {
  // expected-remark @below {{schedule: #keops.schedule<rows = 4, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64>; one row keeps 8 vectors alive, the target has 32 registers; 7 operations per pair, code of 6}}
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %q = keops.scalprod %a, %b : !x, !y
    keops.yield %q : !keops.value<1xf32, ij>
  }
  return %r : !si
}
