// What is stored short is widened where rows are packed and parameters loaded, and rounded where outputs are written.
// RUN: keops-opt %s --split-input-file --convert-keops-map-reduce-to-cpu=threads=none --cse | FileCheck %s

!x = !keops.value<2xf32, i>
!y = !keops.value<2xf32, j>

// CHECK:       module attributes {keops.manifest = "keops-program 3\0Asymbol scaled\0A
// CHECK-SAME:  input i 2 f16 x\0Ainput j 2 f32 y\0Ainput p 1 bf16 p\0A
// CHECK-SAME:  output i bf16 min 2\0Aoutput i i64 argmin 2\0A
// CHECK:       func.func private @scaled_body(
// CHECK:         %[[YJ:.*]] = llvm.load %{{.*}} : !llvm.ptr -> f32
// CHECK:         memref.store %[[YJ]], %{{.*}} : memref<?xf32>
// CHECK:         %[[XI:.*]] = llvm.load %{{.*}} : !llvm.ptr -> f16
// CHECK:         %[[WIDE:.*]] = arith.extf %[[XI]] : f16 to f32
// CHECK:         memref.store %[[WIDE]], %{{.*}} : memref<?xf32>
// The pairs know f32 alone.
// CHECK:         %[[FACTOR:.*]] = llvm.load %{{.*}} : !llvm.ptr -> bf16
// CHECK:         %[[WIDEP:.*]] = arith.extf %[[FACTOR]] : bf16 to f32
// CHECK:         vector.broadcast %[[WIDEP]] : f32 to vector<2x16xf32>
// CHECK:         %[[ROUNDED:.*]] = arith.truncf %{{.*}} : f32 to bf16
// CHECK:         llvm.store %[[ROUNDED]], %{{.*}} : bf16, !llvm.ptr
// CHECK-NOT:     truncf
// CHECK:         llvm.store %{{.*}} : i64, !llvm.ptr
func.func @scaled(%x: !x {keops.name = "x", keops.storage = f16}, %y: !y {keops.name = "y"},
                  %p: !keops.value<1xf32, p> {keops.name = "p", keops.storage = bf16})
    -> (!x {keops.storage = bf16}, !keops.value<2xi64, i>) {
  %r:2 = keops.map_reduce over j reduce [#keops.reduce<Min_ArgMin>]
      schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 2, split = 64> (%x, %y, %p)
      : (!x, !y, !keops.value<1xf32, p>) -> (!x, !keops.value<2xi64, i>) {
  ^bb0(%a: !x, %b: !y, %q: !keops.value<1xf32, p>):
    %d = keops.subtract %a, %b : !x, !y
    %m = keops.mult %d, %q : !keops.value<2xf32, ij>, !keops.value<1xf32, p>
    keops.yield %m : !keops.value<2xf32, ij>
  }
  return %r#0, %r#1 : !x, !keops.value<2xi64, i>
}

// -----

// A result that is read again is kept in f32: its output is a rounded copy.
// CHECK:       func.func private @twice_body(
// CHECK:         memref.store %{{.*}} : memref<?xf32>
// CHECK:         arith.truncf
// CHECK:         llvm.store %{{.*}} : f16, !llvm.ptr
// CHECK:         %[[SUM:.*]] = memref.load %{{.*}} : memref<?xf32>
// CHECK:         %[[ROUNDED:.*]] = arith.truncf %[[SUM]] : f32 to f16
// CHECK:         llvm.store %[[ROUNDED]], %{{.*}} : f16, !llvm.ptr
func.func @twice(%x: !keops.value<1xf32, i> {keops.storage = f16})
    -> (!keops.value<1xf32, i> {keops.storage = f16}, !keops.value<1xf32, j> {keops.storage = f16}) {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 4, block = 16, blocks = 8, chunk = 1, split = 64> (%x)
      : (!keops.value<1xf32, i>) -> !keops.value<1xf32, i> {
  ^bb0(%a: !keops.value<1xf32, i>):
    keops.yield %a : !keops.value<1xf32, i>
  }
  %s = keops.map_reduce over i reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 4, block = 16, blocks = 8, chunk = 1, split = 64> (%r)
      : (!keops.value<1xf32, i>) -> !keops.value<1xf32, j> {
  ^bb0(%a: !keops.value<1xf32, i>):
    keops.yield %a : !keops.value<1xf32, i>
  }
  return %r, %s : !keops.value<1xf32, i>, !keops.value<1xf32, j>
}
