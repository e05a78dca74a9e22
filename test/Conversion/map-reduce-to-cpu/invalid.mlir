// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu --verify-diagnostics --split-input-file

!x = !keops.value<1xf32, i>
func.func @unscheduled(%x: !x) -> !x {
  // expected-error @below {{'keops.map_reduce' op has no schedule; run --keops-choose-schedule first}}
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x) : (!x) -> !x {
  ^bb0(%a: !x):
    keops.yield %a : !x
  }
  return %r : !x
}

// -----

!x = !keops.value<1xf32, i>
func.func @formula_outside(%x: !x) -> !x {
  // expected-error @below {{'keops.exp' op is not expected at function level before the conversion to loops}}
  %e = keops.exp %x : !x
  return %e : !x
}
