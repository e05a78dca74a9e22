// RUN: keops-opt %s --keops-simplify | FileCheck %s

!v = !keops.value<3xf32, ij>
!w = !keops.value<2xf32, ij>
!s = !keops.value<1xf32, ij>
!c = !keops.value<5xf32, ij>

// CHECK-LABEL: func.func @sums
// CHECK-DAG:     %[[A:.*]] = keops.scalprod %arg0, %arg1
// CHECK-DAG:     %[[S:.*]] = keops.sum %arg0
// CHECK-DAG:     %[[B:.*]] = keops.mult %arg2, %[[S]]
// CHECK-DAG:     %[[THREE:.*]] = keops.constant 3
// CHECK-DAG:     %[[D:.*]] = keops.mult %[[THREE]], %arg2
// CHECK-DAG:     %[[Q:.*]] = keops.square %arg0
// CHECK-DAG:     %[[E:.*]] = keops.sum %[[Q]]
// CHECK:         return %[[A]], %[[B]], %[[D]], %[[E]], %arg2
func.func @sums(%x: !v, %y: !v, %s: !s) -> (!s, !s, !s, !s, !s) {
  %p = keops.mult %x, %y : !v, !v
  %a = keops.sum %p : !v
  %q = keops.mult %x, %s : !v, !s
  %b = keops.sum %q : !v
  %r = keops.sumt %s, 3 : !s
  %d = keops.sum %r : !v
  %e = keops.scalprod %x, %x : !v, !v
  %f = keops.sum %s : !s
  return %a, %b, %d, %e, %f : !s, !s, !s, !s, !s
}

// CHECK-LABEL: func.func @repetitions
// CHECK-DAG:     %[[P:.*]] = keops.mult %arg1, %arg2
// CHECK-DAG:     %[[A:.*]] = keops.sumt %[[P]], 3
// CHECK-DAG:     %[[B:.*]] = keops.mult %arg0, %arg1
// CHECK:         return %[[A]], %[[B]], %arg1
func.func @repetitions(%x: !v, %s: !s, %t: !s) -> (!v, !v, !s) {
  %m = keops.sumt %s, 3 : !s
  %n = keops.sumt %t, 3 : !s
  %a = keops.mult %m, %n : !v, !v
  %b = keops.mult %x, %m : !v, !v
  %o = keops.sumt %s, 1 : !s
  return %a, %b, %o : !v, !v, !s
}

// CHECK-LABEL: func.func @slices
// CHECK-DAG:     %[[A:.*]] = keops.elem %arg0, 2
// CHECK-DAG:     %[[B:.*]] = keops.elem %arg1, 0
// CHECK-DAG:     %[[C:.*]] = keops.elem %arg0, 1
// CHECK:         return %[[A]], %[[B]], %arg0, %arg1, %[[C]]
func.func @slices(%x: !v, %y: !w) -> (!s, !s, !v, !w, !s) {
  %c = keops.concat %x, %y : !v, !w
  %a = keops.elem %c, 2 : !c
  %b = keops.elem %c, 3 : !c
  %d = keops.extract %c, 0, 3 : !c
  %t = keops.extractt %y, 1, 3 : !w
  %e = keops.extract %t, 1, 2 : !v
  %f = keops.extract %x, 1, 2 : !v
  %g = keops.elem %f, 0 : !w
  return %a, %b, %d, %e, %g : !s, !s, !v, !w, !s
}

// CHECK-LABEL: func.func @transposes
// CHECK-DAG:     %[[E:.*]] = keops.elem %arg0, 1
// CHECK-DAG:     %[[M:.*]] = keops.mult %arg1, %[[E]]
// CHECK-DAG:     %[[Z:.*]] = keops.zero
// CHECK:         return %arg1, %arg1, %[[M]], %[[Z]], %arg0
func.func @transposes(%x: !v, %s: !s) -> (!s, !s, !s, !keops.value<1xf32, p>, !v) {
  %t = keops.elemt %s, 3, 1 : !s
  %a = keops.elem %t, 1 : !v
  %b = keops.sum %t : !v
  %d = keops.scalprod %t, %x : !v, !v
  %zero = keops.zero : !keops.value<1xf32, p>
  %z = keops.elem %t, 0 : !v
  %one = keops.exp %z : !s
  %e0 = keops.extract %x, 0, 2 : !v
  %e1 = keops.extract %x, 2, 1 : !v
  %m = keops.mult %one, %s : !s, !s
  %f = keops.concat %e0, %e1 : !w, !s
  return %a, %b, %d, %zero, %f : !s, !s, !s, !keops.value<1xf32, p>, !v
}
