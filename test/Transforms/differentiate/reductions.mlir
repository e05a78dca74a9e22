// RUN: keops-opt %s --keops-differentiate --keops-simplify --cse | FileCheck %s
// Gradients of whole reductions.

!x = !keops.value<3xf32, i>
!y = !keops.value<3xf32, j>
!p = !keops.value<1xf32, p>
!si = !keops.value<1xf32, i>
!sj = !keops.value<1xf32, j>
!s = !keops.value<1xf32, ij>

// A variable on i: reduce over j. The reduction itself is not needed and disappears.
// CHECK-LABEL: func.func @sum_wrt_i
// CHECK-COUNT-1: keops.map_reduce over j reduce [#keops.reduce<Sum>](%arg1, %arg2)
// CHECK-NOT:     keops.map_reduce
func.func @sum_wrt_i(%x: !x, %y: !y, %e: !si) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f : !s
  }
  %g = keops.grad %r, %x, %e : !si, !x, !si
  return %g : !x
}

// A variable on j: reduce over i.
// CHECK-LABEL: func.func @sum_wrt_j
// CHECK:         keops.map_reduce over i reduce [#keops.reduce<Sum>](%arg0, %arg2)
// CHECK:       ^bb0(%[[X:.*]]: !keops.value<3xf32, i>, %[[E:.*]]: !keops.value<1xf32, i>):
// CHECK-NEXT:    %[[G:.*]] = keops.mult %[[E]], %[[X]]
// CHECK-NEXT:    keops.yield %[[G]]
func.func @sum_wrt_j(%x: !x, %y: !y, %e: !si) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f : !s
  }
  %g = keops.grad %r, %y, %e : !si, !y, !si
  return %g : !y
}

// A parameter: one row per row of the reduction.
// CHECK-LABEL: func.func @sum_wrt_p
// CHECK:         keops.map_reduce over j reduce [#keops.reduce<Sum>]
// CHECK-SAME:    -> !keops.value<1xf32, i>
func.func @sum_wrt_p(%x: !x, %y: !y, %p: !p, %e: !si) -> !si {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %p) : (!x, !y, !p) -> !si {
  ^bb0(%a: !x, %b: !y, %c: !p):
    %f = keops.scalprod %a, %b : !x, !y
    %g = keops.mult %f, %c : !s, !p
    keops.yield %g : !s
  }
  %g = keops.grad %r, %p, %e : !si, !p, !si
  return %g : !si
}

// d log(sum(exp(F))) = sum(exp(F - R) dF): the result R of the reduction is read again.
// CHECK-LABEL: func.func @logsumexp
// CHECK:         %[[R:.*]] = keops.map_reduce over j reduce [#keops.reduce<LogSumExp>]
// CHECK:         keops.map_reduce over i reduce [#keops.reduce<Sum>](%arg0, %arg1, %[[R]], %arg2)
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[Y:.*]]: {{.*}}, %[[S:.*]]: !keops.value<1xf32, i>, %[[E:.*]]: !keops.value<1xf32, i>):
// CHECK-NEXT:    %[[F:.*]] = keops.scalprod %[[X]], %[[Y]]
// CHECK-NEXT:    %[[D:.*]] = keops.subtract %[[F]], %[[S]]
// CHECK-NEXT:    %[[W:.*]] = keops.exp %[[D]]
// CHECK-NEXT:    %[[EW:.*]] = keops.mult %[[E]], %[[W]]
// CHECK-NEXT:    %[[G:.*]] = keops.mult %[[EW]], %[[X]]
// CHECK-NEXT:    keops.yield %[[G]]
func.func @logsumexp(%x: !x, %y: !y, %e: !si) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<LogSumExp>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    %one = keops.constant 1 as !p
    keops.yield %f, %one : !s, !p
  }
  %g = keops.grad %r, %y, %e : !si, !y, !si
  return %g : !y
}

// The softmax needs the log of its divisor too.
// CHECK-LABEL: func.func @softmax
// CHECK-DAG:     %[[R:.*]] = keops.map_reduce over j reduce [#keops.reduce<SumSoftMaxWeight>]
// CHECK-DAG:     %[[L:.*]] = keops.map_reduce over j reduce [#keops.reduce<LogSumExp>]
// CHECK:         keops.map_reduce over i reduce [#keops.reduce<Sum>]({{.*}}%[[L]]{{.*}}%[[R]]
func.func @softmax(%x: !x, %y: !y, %w: !y, %e: !x) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<SumSoftMaxWeight>] (%x, %y, %w) : (!x, !y, !y) -> !x {
  ^bb0(%a: !x, %b: !y, %c: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f, %c : !s, !y
  }
  %g = keops.grad %r, %y, %e : !x, !y, !x
  return %g : !y
}

// The second derivative of log-sum-exp has two paths: through the formula, and through the saved result.
// CHECK-LABEL: func.func @logsumexp_twice
// CHECK:         %[[R:.*]] = keops.map_reduce over j reduce [#keops.reduce<LogSumExp>]
// CHECK-DAG:     %[[DIRECT:.*]] = keops.map_reduce over i reduce [#keops.reduce<Sum>]
// CHECK-DAG:     %[[TOSAVED:.*]] = keops.map_reduce over j reduce [#keops.reduce<Sum>]
// CHECK-DAG:     %[[SAVED:.*]] = keops.map_reduce over i reduce [#keops.reduce<Sum>]({{.*}}%[[TOSAVED]]
// CHECK:         %[[BOTH:.*]] = keops.map over j(%[[DIRECT]], %[[SAVED]])
// CHECK:         return %[[BOTH]]
func.func @logsumexp_twice(%x: !x, %y: !y, %e: !si, %e2: !y) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<LogSumExp>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    %one = keops.constant 1 as !p
    keops.yield %f, %one : !s, !p
  }
  %g = keops.grad %r, %y, %e : !si, !y, !si
  %h = keops.grad %g, %y, %e2 : !y, !y, !y
  return %h : !y
}

// An argument that the reduction does not read.
// CHECK-LABEL: func.func @unread_argument
// CHECK:         keops.map over i()
// CHECK-NEXT:      keops.zero
func.func @unread_argument(%x: !x, %y: !y, %e: !sj) -> !x {
  %r = keops.map_reduce over i reduce [#keops.reduce<Sum>] (%y) : (!y) -> !sj {
  ^bb0(%b: !y):
    %f = keops.sum %b : !y
    keops.yield %f : !sj
  }
  %g = keops.grad %r, %x, %e : !sj, !x, !sj
  return %g : !x
}

// The smallest term receives the adjoint: indices that name no row where nothing was found, one visit of all pairs.
// CHECK-LABEL: func.func @min
// CHECK:         %[[R:.*]]:2 = keops.map_reduce over j reduce [#keops.reduce<Min_ArgMin missing = -1>]
// CHECK:         keops.map_reduce over i reduce [#keops.reduce<Sum>](%arg0, %[[R]]#1, %arg2)
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[K:.*]]: !keops.value<1xi64, i>, %[[E:.*]]: {{.*}}):
// CHECK-NEXT:    %[[M:.*]] = keops.mult %[[E]], %[[X]]
// CHECK-NEXT:    %[[G:.*]] = keops.only_at %[[K]], %[[M]]
// CHECK-NEXT:    keops.yield %[[G]]
func.func @min(%x: !x, %y: !y, %e: !si) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<Min>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f : !s
  }
  %g = keops.grad %r, %y, %e : !si, !y, !si
  return %g : !y
}

// Of several components or list entries, each has an adjoint of its own.
// CHECK-LABEL: func.func @kmax
// CHECK:         %[[R:.*]]:2 = keops.map_reduce over j reduce [#keops.reduce<KMax_ArgKMax, 2 missing = -1>]
// CHECK:       ^bb0(%[[X:.*]]: {{.*}}, %[[K:.*]]: !keops.value<2xi64, i>, %[[E:.*]]: {{.*}}):
// CHECK-NEXT:    %[[S:.*]] = keops.scatter_at %[[K]], %[[E]], 1
// CHECK-NEXT:    %[[M:.*]] = keops.mult %[[S]], %[[X]]
// CHECK-NEXT:    keops.only_at %[[K]], %[[M]]
func.func @kmax(%x: !x, %y: !y, %e: !keops.value<2xf32, i>) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<KMax, 2>] (%x, %y) : (!x, !y) -> !keops.value<2xf32, i> {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f : !s
  }
  %g = keops.grad %r, %y, %e : !keops.value<2xf32, i>, !y, !keops.value<2xf32, i>
  return %g : !y
}

// Indices have no derivative.
// CHECK-LABEL: func.func @argmin
// CHECK-NOT:     keops.map_reduce
// CHECK:         keops.zero
func.func @argmin(%x: !x, %y: !y, %e: !si) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<ArgMin>] (%x, %y) : (!x, !y) -> !keops.value<1xi64, i> {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f : !s
  }
  %g = keops.grad %r, %y, %e : !keops.value<1xi64, i>, !y, !si
  return %g : !y
}

// The mean divides by the number of terms, the variance reads the mean.
// CHECK-LABEL: func.func @var
// CHECK:         %[[M:.*]] = keops.map_reduce over j reduce [#keops.reduce<Mean>]
// CHECK:         keops.map_reduce over i reduce [#keops.reduce<Sum>]({{.*}}%[[M]]
// CHECK:         keops.size of j : <1xf32, i>
func.func @var(%x: !x, %y: !y, %e: !si) -> !y {
  %r = keops.map_reduce over j reduce [#keops.reduce<Var>] (%x, %y) : (!x, !y) -> !si {
  ^bb0(%a: !x, %b: !y):
    %f = keops.scalprod %a, %b : !x, !y
    keops.yield %f : !s
  }
  %g = keops.grad %r, %y, %e : !si, !y, !si
  return %g : !y
}
