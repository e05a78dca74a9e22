// What the parser and the verifiers of the dialect refuse.
// RUN: keops-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{expected a dimension of at least 1, got 0}}
func.func @f(%x: !keops.value<0xf32, i>) { return }

// -----

// expected-error@+1 {{expected elements of type f32, f64 or i64, got 'f16'}}
func.func @f(%x: !keops.value<3xf16, i>) { return }

// -----

// expected-error@+1 {{expected a placement p, i, j or ij, got 'k'}}
func.func @f(%x: !keops.value<3xf32, k>) { return }

// -----

// expected-error@+1 {{expected one dimension, got 2}}
func.func @f(%x: !keops.value<3x3xf32, i>) { return }

// -----

func.func @f(%x: !keops.value<3xf32, i>, %y: !keops.value<2xf32, j>) {
  // expected-error@+1 {{SqDist: operands must have equal dimensions or dimension 1, got 3 and 2}}
  %0 = keops.sqdist %x, %y : !keops.value<3xf32, i>, !keops.value<2xf32, j>
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>, %y: !keops.value<3xf64, j>) {
  // expected-error@+1 {{Add: operands must share one element type, got 'f32' and 'f64'}}
  %0 = keops.add %x, %y : !keops.value<3xf32, i>, !keops.value<3xf64, j>
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{Elem: position 3 does not lie within dimension 3}}
  %0 = keops.elem %x, 3 : !keops.value<3xf32, i>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{expected a denominator of at least 2, got 0}}
  %0 = keops.constant #keops.rational<1, 0> as !keops.value<1xf32, p>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{expected a result of dimension 1 placed on p}}
  %0 = keops.constant 3 : i64 as !keops.value<2xf32, p>
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  %0 = keops.exp %x : !keops.value<3xf32, i>
  // expected-error@+1 {{Grad: the second argument must be a variable}}
  %1 = keops.grad %x, %0, %x : !keops.value<3xf32, i>, !keops.value<3xf32, i>, !keops.value<3xf32, i>
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{expected to reduce over i or j, got p}}
  %0 = keops.map_reduce over p reduce [#keops.reduce<Sum>] (%x) : (!keops.value<3xf32, i>) -> !keops.value<3xf32, i> {
  ^bb0(%a: !keops.value<3xf32, i>):
    keops.yield %a : !keops.value<3xf32, i>
  }
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{expected region arguments of types}}
  %0 = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x) : (!keops.value<3xf32, i>) -> !keops.value<3xf32, i> {
  ^bb0(%a: !keops.value<3xf32, j>):
    keops.yield %a : !keops.value<3xf32, j>
  }
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{expected 2 yielded formulas, got 1}}
  %0 = keops.map_reduce over j reduce [#keops.reduce<LogSumExp>] (%x) : (!keops.value<3xf32, i>) -> !keops.value<3xf32, i> {
  ^bb0(%a: !keops.value<3xf32, i>):
    keops.yield %a : !keops.value<3xf32, i>
  }
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{Max_SumShiftExp needs a first formula of dimension 1, got 3}}
  %0 = keops.map_reduce over j reduce [#keops.reduce<Max_SumShiftExp>] (%x) : (!keops.value<3xf32, i>) -> !keops.value<4xf32, i> {
  ^bb0(%a: !keops.value<3xf32, i>):
    keops.yield %a, %a : !keops.value<3xf32, i>, !keops.value<3xf32, i>
  }
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>, %y: !keops.value<2xf32, j>) {
  // expected-error@+1 {{LogSumExp needs formulas of equal dimensions or dimension 1, got 2 and 3}}
  %0 = keops.map_reduce over j reduce [#keops.reduce<LogSumExp>] (%x, %y) : (!keops.value<3xf32, i>, !keops.value<2xf32, j>) -> !keops.value<3xf32, i> {
  ^bb0(%a: !keops.value<3xf32, i>, %b: !keops.value<2xf32, j>):
    keops.yield %a, %b : !keops.value<3xf32, i>, !keops.value<2xf32, j>
  }
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{expected an index i or j, got p}}
  %0 = keops.size of p : !keops.value<1xf32, p>
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{expected a result of dimension 1 placed on i, got '!keops.value<1xf32, p>'}}
  %0 = keops.size of j : !keops.value<1xf32, p>
  return
}

// -----

func.func @f(%k: !keops.value<4xi64, i>, %e: !keops.value<4xf32, i>) {
  // expected-error@+1 {{scatter_at: expected lists of 3 64-bit integers placed on i or j, got '!keops.value<4xi64, i>'}}
  %0 = keops.scatter_at %k, %e, 3 : !keops.value<4xi64, i>, !keops.value<4xf32, i>
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{KMin needs a K of at least 1, got 0}}
  %0 = keops.map_reduce over j reduce [#keops.reduce<KMin>] (%x) : (!keops.value<3xf32, i>) -> !keops.value<3xf32, i> {
  ^bb0(%a: !keops.value<3xf32, i>):
    keops.yield %a : !keops.value<3xf32, i>
  }
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, i>) {
  // expected-error@+1 {{expected results of types '!keops.value<3xf32, i>', got '!keops.value<3xf32, j>'}}
  %0 = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x) : (!keops.value<3xf32, i>) -> !keops.value<3xf32, j> {
  ^bb0(%a: !keops.value<3xf32, i>):
    keops.yield %a : !keops.value<3xf32, i>
  }
  return
}

// -----

func.func @f(%x: !keops.value<3xf32, ij>) {
  // expected-error@+1 {{expected formulas that depend on i alone}}
  %0 = keops.map over i (%x) : (!keops.value<3xf32, ij>) -> !keops.value<3xf32, i> {
  ^bb0(%a: !keops.value<3xf32, ij>):
    keops.yield %a : !keops.value<3xf32, ij>
  }
  return
}

// -----

// expected-error@+1 {{keops.storage of argument 0: expected f16 or bf16, got f32}}
func.func @f(%x: !keops.value<3xf32, i> {keops.storage = f32}) { return }

// -----

// expected-error@+1 {{keops.storage of argument 1: expected f16 or bf16, got "f16"}}
func.func @f(%x: !keops.value<3xf32, i>, %y: !keops.value<3xf32, j> {keops.storage = "f16"}) { return }

// -----

// expected-error@+1 {{keops.storage of argument 0: expected a value of f32, got '!keops.value<3xf64, i>'}}
func.func @f(%x: !keops.value<3xf64, i> {keops.storage = bf16}) { return }

// -----

// expected-error@+1 {{keops.storage of argument 0: expected a value of f32, got 'f16'}}
func.func @f(%x: f16 {keops.storage = f16}) { return }

// -----

// expected-error@+1 {{keops.storage of result 0: expected a value of f32, got '!keops.value<1xi64, i>'}}
func.func private @f(!keops.value<1xf32, i>) -> (!keops.value<1xi64, i> {keops.storage = f16})
