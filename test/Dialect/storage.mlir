// Storage types are attributes of arguments and results: the types of values are those of computation.
// RUN: keops-opt %s | keops-opt | FileCheck %s
// RUN: keops-opt %s --mlir-print-op-generic | keops-opt | FileCheck %s

!x = !keops.value<3xf32, i>

// CHECK:      func.func @f(%[[X:.*]]: !keops.value<3xf32, i> {keops.storage = f16}, %{{.*}}: !keops.value<1xf32, p> {keops.storage = bf16})
// CHECK-SAME:   -> (!keops.value<3xf32, i> {keops.storage = f16}, !keops.value<3xi64, i>)
func.func @f(%x: !x {keops.storage = f16}, %p: !keops.value<1xf32, p> {keops.storage = bf16})
    -> (!x {keops.storage = f16}, !keops.value<3xi64, i>) {
  %m:2 = keops.map_reduce over j reduce [#keops.reduce<Min_ArgMin>] (%x) : (!x) -> (!x, !keops.value<3xi64, i>) {
  ^bb0(%a: !x):
    keops.yield %a : !x
  }
  return %m#0, %m#1 : !x, !keops.value<3xi64, i>
}
