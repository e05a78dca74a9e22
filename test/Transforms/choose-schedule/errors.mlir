// RUN: not keops-opt %s "--keops-choose-schedule=force=lanes=1024" 2>&1 | FileCheck %s --check-prefix=LARGE
// RUN: not keops-opt %s "--keops-choose-schedule=force=columns=2" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not keops-opt %s "--keops-choose-schedule=force=rows=zero" 2>&1 | FileCheck %s --check-prefix=VALUE
// NAME: schedule: expected rows, lanes, block, blocks, chunk, split, panel, stages, narrow or calls, got 'columns'
// LARGE: schedule: expected an integer from 1 to 64 for 'lanes', got '1024'
// RUN: not keops-opt %s "--keops-choose-schedule=force=calls=2" 2>&1 | FileCheck %s --check-prefix=CALLS
// CALLS: schedule: expected an integer from 0 to 1 for 'calls', got '2'
// VALUE: schedule: expected an integer from 1 to 8 for 'rows', got 'zero'
!x = !keops.value<3xf32, i>
func.func @f(%x: !x) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x) : (!x) -> !x {
  ^bb0(%a: !x):
    keops.yield %a : !x
  }
  return %r : !x
}
