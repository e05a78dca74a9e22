// Modules that no formula stands for.
// RUN: not keops-translate --export-formula --split-input-file %s 2>&1 | FileCheck %s

// CHECK: error: expected arguments placed on i, j or p
func.func @foreign(%x: i32) -> i32 { return %x : i32 }

// -----

// CHECK: error: expected reductions as results
func.func @argument(%x: !keops.value<1xf32, i>) -> !keops.value<1xf32, i> { return %x : !keops.value<1xf32, i> }

// -----

// CHECK: error: the argument name 'a+b' is no identifier
func.func @name(%x: !keops.value<1xf32, i> {keops.name = "a+b"}) { return }

// -----

// CHECK: error: two arguments have the name 'a'
func.func @names(%x: !keops.value<1xf32, i> {keops.name = "a"}, %y: !keops.value<1xf32, i> {keops.name = "a"}) { return }

// -----

// CHECK: error: a reduction of another reduction's result has no spelling in formulas
func.func @nested(%x: !keops.value<1xf32, i>) -> !keops.value<1xf32, j> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x) : (!keops.value<1xf32, i>) -> !keops.value<1xf32, i> {
  ^bb0(%a: !keops.value<1xf32, i>):
    keops.yield %a : !keops.value<1xf32, i>
  }
  %s = keops.map_reduce over i reduce [#keops.reduce<Sum>] (%r) : (!keops.value<1xf32, i>) -> !keops.value<1xf32, j> {
  ^bb0(%a: !keops.value<1xf32, i>):
    keops.yield %a : !keops.value<1xf32, i>
  }
  return %s : !keops.value<1xf32, j>
}

// -----

// A value used twice is written twice: 2^16 characters are enough.
// CHECK: error: written as a formula, the program has more than 65536 characters, which is the limit
func.func @shared(%x: !keops.value<1xf32, i>) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x) : (!keops.value<1xf32, i>) -> !keops.value<1xf32, i> {
  ^bb0(%0: !keops.value<1xf32, i>):
    %1 = keops.add %0, %0 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %2 = keops.add %1, %1 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %3 = keops.add %2, %2 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %4 = keops.add %3, %3 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %5 = keops.add %4, %4 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %6 = keops.add %5, %5 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %7 = keops.add %6, %6 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %8 = keops.add %7, %7 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %9 = keops.add %8, %8 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %10 = keops.add %9, %9 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %11 = keops.add %10, %10 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %12 = keops.add %11, %11 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %13 = keops.add %12, %12 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    %14 = keops.add %13, %13 : !keops.value<1xf32, i>, !keops.value<1xf32, i>
    keops.yield %14 : !keops.value<1xf32, i>
  }
  return %r : !keops.value<1xf32, i>
}

// -----

// CHECK: error: arrays of types 'f16' and 'f32' in one program have no spelling in formulas
func.func @mixed(%x: !keops.value<1xf32, i> {keops.storage = f16}) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x) : (!keops.value<1xf32, i>) -> !keops.value<1xf32, i> {
  ^bb0(%a: !keops.value<1xf32, i>):
    keops.yield %a : !keops.value<1xf32, i>
  }
  return %r : !keops.value<1xf32, i>
}
