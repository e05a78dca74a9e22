// Every formula operation prints as it was read.
// RUN: keops-opt %s --verify-roundtrip -o - | keops-opt - | FileCheck %s

!s = !keops.value<1xf32, p>
!i1 = !keops.value<1xf32, i>
!i3 = !keops.value<3xf32, i>
!j3 = !keops.value<3xf32, j>
!w9 = !keops.value<9xf32, p>
!ij1 = !keops.value<1xf32, ij>

// CHECK-LABEL: func.func @leaves
func.func @leaves() {
  // CHECK: keops.constant 3 : i64 as <1xf32, p>
  %0 = keops.constant 3 : i64 as !s
  // CHECK: keops.constant 5.000000e-01 : f64 as <1xf32, p>
  %1 = keops.constant 5.0e-01 : f64 as !s
  // CHECK: keops.constant #keops.rational<1, 3> as <1xf32, p>
  %2 = keops.constant #keops.rational<1, 3> as !s
  // CHECK: keops.zero : <4xf64, p>
  %3 = keops.zero : !keops.value<4xf64, p>
  return
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%s: !i1, %x: !i3, %y: !j3) {
  // CHECK: keops.add %{{.*}}, %{{.*}} : <3xf32, i>, <3xf32, j>
  %0 = keops.add %x, %y : !i3, !j3
  // CHECK: keops.subtract
  %1 = keops.subtract %x, %s : !i3, !i1
  // CHECK: keops.mult
  %2 = keops.mult %0, %1 : !keops.value<3xf32, ij>, !i3
  // CHECK: keops.divide
  %3 = keops.divide %2, %y : !keops.value<3xf32, ij>, !j3
  // CHECK: keops.powf
  %4 = keops.powf %x, %y : !i3, !j3
  // CHECK: keops.pow %{{.*}}, -3 : <3xf32, i>
  %5 = keops.pow %x, -3 : !i3
  // CHECK: keops.minus
  %6 = keops.minus %x : !i3
  // CHECK: keops.inv
  %7 = keops.inv %x : !i3
  // CHECK: keops.square
  %8 = keops.square %x : !i3
  // CHECK: keops.sqrt
  %9 = keops.sqrt %x : !i3
  // CHECK: keops.rsqrt
  %10 = keops.rsqrt %x : !i3
  // CHECK: keops.exp
  %11 = keops.exp %x : !i3
  // CHECK: keops.exp2
  %12 = keops.exp2 %x : !i3
  // CHECK: keops.log
  %13 = keops.log %x : !i3
  // CHECK: keops.sin
  %14 = keops.sin %x : !i3
  // CHECK: keops.cos
  %15 = keops.cos %x : !i3
  // CHECK: keops.abs
  %16 = keops.abs %x : !i3
  // CHECK: keops.sign
  %17 = keops.sign %x : !i3
  // CHECK: keops.step
  %18 = keops.step %x : !i3
  // CHECK: keops.relu
  %19 = keops.relu %x : !i3
  return
}

// CHECK-LABEL: func.func @composites
func.func @composites(%w: !w9, %x: !i3, %y: !j3) {
  // CHECK: keops.sqnorm2
  %0 = keops.sqnorm2 %x : !i3
  // CHECK: keops.norm2
  %1 = keops.norm2 %x : !i3
  // CHECK: keops.sqdist
  %2 = keops.sqdist %x, %y : !i3, !j3
  // CHECK: keops.weightedsqnorm
  %3 = keops.weightedsqnorm %w, %x : !w9, !i3
  // CHECK: keops.weightedsqdist
  %4 = keops.weightedsqdist %w, %x, %y : !w9, !i3, !j3
  return
}

// CHECK-LABEL: func.func @structural
func.func @structural(%s: !i1, %x: !i3, %y: !j3) {
  // CHECK: keops.sum %{{.*}} : <3xf32, i>
  %0 = keops.sum %x : !i3
  // CHECK: keops.sumt %{{.*}}, 4 : <1xf32, i>
  %1 = keops.sumt %s, 4 : !i1
  // CHECK: keops.scalprod
  %2 = keops.scalprod %x, %y : !i3, !j3
  // CHECK: keops.elem %{{.*}}, 2
  %3 = keops.elem %x, 2 : !i3
  // CHECK: keops.elemt %{{.*}}, 5, 2
  %4 = keops.elemt %s, 5, 2 : !i1
  // CHECK: keops.extract %{{.*}}, 1, 2
  %5 = keops.extract %x, 1, 2 : !i3
  // CHECK: keops.extractt %{{.*}}, 1, 7
  %6 = keops.extractt %x, 1, 7 : !i3
  // CHECK: keops.concat
  %7 = keops.concat %x, %y : !i3, !j3
  return
}

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x: !i3, %y: !j3) -> (!i3, !keops.value<6xf32, i>, !keops.value<6xi64, i>, !i3) {
  // CHECK: keops.map over i(%{{.*}}) : (!keops.value<3xf32, i>) -> !keops.value<3xf32, i> {
  %m = keops.map over i (%x) : (!i3) -> !i3 {
  ^bb0(%a: !i3):
    %e = keops.exp %a : !i3
    // CHECK: keops.yield
    keops.yield %e : !i3
  }
  // CHECK: keops.map_reduce over j reduce [#keops.reduce<Sum>, #keops.reduce<KMin_ArgKMin, 2>]
  // CHECK-SAME: schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64>
  // CHECK-SAME: {precision = #keops<precision high>}
  %r:3 = keops.map_reduce over j reduce [#keops.reduce<Sum>, #keops.reduce<KMin_ArgKMin, 2>]
      schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64> (%m, %y)
      {precision = #keops<precision high>}
      : (!i3, !j3) -> (!i3, !keops.value<6xf32, i>, !keops.value<6xi64, i>) {
  ^bb0(%a: !i3, %b: !j3):
    %d = keops.subtract %a, %b : !i3, !j3
    keops.yield %d, %d : !keops.value<3xf32, ij>, !keops.value<3xf32, ij>
  }
  // CHECK: keops.grad
  %g = keops.grad %r#0, %x, %x : !i3, !i3, !i3
  return %r#0, %r#1, %r#2, %g : !i3, !keops.value<6xf32, i>, !keops.value<6xi64, i>, !i3
}
