// RUN: keops-opt %s --keops-fuse-reductions --cse | FileCheck %s
// RUN: keops-opt %s --keops-fuse-reductions=max-dim=1 --cse | FileCheck %s --check-prefix=NARROW

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!si = !keops.value<1xf32, i>
!sj = !keops.value<1xf32, j>
!s = !keops.value<1xf32, ij>
!v = !keops.value<3xf32, ij>
!w = !keops.value<17xf32, j>
!wi = !keops.value<17xf32, i>

// Two reductions over j share one visit of the pairs, and their scalar product.
// CHECK-LABEL: func.func @together
// CHECK:         %[[R:.*]]:2 = keops.map_reduce over j reduce [#keops.reduce<Sum>, #keops.reduce<Min>](%arg0, %arg1)
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      %[[F:.*]] = keops.scalprod
// CHECK-NEXT:      %[[E:.*]] = keops.exp %[[F]]
// CHECK-NEXT:      keops.yield %[[E]], %[[F]]
// CHECK:         return %[[R]]#0, %[[R]]#1
func.func @together(%x: !x, %y: !y) -> (!si, !si) {
  %a = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    %e = keops.exp %f : !s
    keops.yield %e : !s
  }
  %b = keops.map_reduce over j reduce [#keops.reduce<Min>] (%y, %x) : (!y, !x) -> !si {
  ^bb0(%q: !y, %p: !x):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  return %a, %b : !si, !si
}

// The second needs the result of the first; the third needs neither and joins the first. What reads the first result
// moves behind.
// CHECK-LABEL: func.func @dependent
// CHECK:         %[[R:.*]]:2 = keops.map_reduce over j reduce [#keops.reduce<Sum>, #keops.reduce<Max>](%arg0, %arg1)
// CHECK:         %[[S:.*]] = keops.map_reduce over j reduce [#keops.reduce<Sum>](%[[R]]#0, %arg1)
// CHECK:         return %[[S]], %[[R]]#1
func.func @dependent(%x: !x, %y: !y) -> (!si, !si) {
  %a = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  %b = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%a, %y) : (!si, !y) -> !si {
  ^bb0(%p: !si, %q: !y):
    %f = keops.scalprod %p, %q : !si, !y
    keops.yield %f : !s
  }
  %c = keops.map_reduce over j reduce [#keops.reduce<Max>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  return %b, %c : !si, !si
}

// Another index, another precision, or a wide formula: apart.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-4: keops.map_reduce
func.func @apart(%x: !x, %y: !y, %w: !w) -> (!si, !sj, !si, !wi) {
  %a = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  %b = keops.map_reduce over i reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !sj {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  %c = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) {precision = #keops<precision high>}
      : (!x, !y) -> !si {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  %d = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%w) : (!w) -> !wi {
  ^bb0(%q: !w):
    keops.yield %q : !w
  }
  return %a, %b, %c, %d : !si, !sj, !si, !wi
}

// NARROW-LABEL: func.func @vectors
// NARROW-COUNT-2: keops.map_reduce
// CHECK-LABEL: func.func @vectors
// CHECK-COUNT-1: keops.map_reduce
// CHECK-NOT:     keops.map_reduce
func.func @vectors(%x: !x, %y: !y) -> (!x, !si) {
  %a = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%p: !x, %q: !y):
    %f = keops.mult %p, %q : !x, !y
    keops.yield %f : !v
  }
  %b = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  return %a, %b : !x, !si
}

// A sorted list joins a scalar sum, not a vector.
// CHECK-LABEL: func.func @lists
// CHECK:         keops.map_reduce over j reduce [#keops.reduce<ArgKMin, 2>, #keops.reduce<Sum>]
// CHECK:         keops.map_reduce over j reduce [#keops.reduce<Sum>]
func.func @lists(%x: !x, %y: !y) -> (!keops.value<2xi64, i>, !si, !x) {
  %a = keops.map_reduce over j reduce [#keops.reduce<ArgKMin, 2>] (%x, %y) : (!x, !y) -> !keops.value<2xi64, i> {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  %b = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%p: !x, %q: !y):
    %f = keops.scalprod %p, %q : !x, !y
    keops.yield %f : !s
  }
  %c = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%p: !x, %q: !y):
    %f = keops.mult %p, %q : !x, !y
    keops.yield %f : !v
  }
  return %a, %b, %c : !keops.value<2xi64, i>, !si, !x
}
