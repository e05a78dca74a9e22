// What is stored short is widened where rows are packed and parameters loaded, and rounded where outputs are written.
// RUN: keops-opt %s --split-input-file --convert-keops-map-reduce-to-cpu=threads=none --cse | FileCheck %s

!x = !keops.value<2xf32, i>
!y = !keops.value<2xf32, j>

// CHECK:       module attributes {keops.manifest = "keops-program 2\0Asymbol scaled\0A
// CHECK-SAME:  input i 2 f16 x\0Ainput j 2 f32 y\0Ainput p 1 bf16 p\0A
// CHECK-SAME:  output i bf16 min 2\0Aoutput i i64 argmin 2\0A
// CHECK:       func.func private @scaled_body(
// CHECK-SAME:    %[[X:[a-z0-9]*]]: memref<?x?x?xf16, strided<[1, ?, ?]>>, %[[Y:[a-z0-9]*]]: memref<?x?x?xf32, strided<[1, ?, ?]>>,
// CHECK-SAME:    %[[P:[a-z0-9]*]]: memref<?x?x?xbf16, strided<[1, ?, ?]>>,
// CHECK-SAME:    %[[VALUES:[a-z0-9]*]]: memref<?x?x?xbf16, strided<[1, ?, ?]>>, %[[INDICES:[a-z0-9]*]]: memref<?x?x?xi64, strided<[1, ?, ?]>>)
// CHECK:         %[[YJ:.*]] = memref.load %[[Y]]
// CHECK:         memref.store %[[YJ]], %{{.*}} : memref<?xf32>
// CHECK:         %[[XI:.*]] = memref.load %[[X]]
// CHECK:         %[[WIDE:.*]] = arith.extf %[[XI]] : f16 to f32
// CHECK:         memref.store %[[WIDE]], %{{.*}} : memref<?xf32>
// The pairs know f32 alone.
// CHECK:         %[[FACTOR:.*]] = memref.load %[[P]]
// CHECK:         %[[WIDEP:.*]] = arith.extf %[[FACTOR]] : bf16 to f32
// CHECK:         vector.broadcast %[[WIDEP]] : f32 to vector<2x16xf32>
// CHECK:         %[[ROUNDED:.*]] = arith.truncf %{{.*}} : f32 to bf16
// CHECK:         memref.store %[[ROUNDED]], %[[VALUES]]
// CHECK-NOT:     truncf
// CHECK:         memref.store %{{.*}}, %[[INDICES]]
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
// CHECK-SAME:    %[[FIRST:[a-z0-9]*]]: memref<?x?x?xf16, strided<[1, ?, ?]>>, %[[SECOND:[a-z0-9]*]]: memref<?x?x?xf16, strided<[1, ?, ?]>>)
// CHECK-NOT:     memref.load %[[FIRST]]
// CHECK:         arith.truncf
// CHECK:         memref.store %{{.*}}, %[[SECOND]]
// CHECK:         %[[SUM:.*]] = memref.load %{{.*}} : memref<?x?x1xf32, strided<[1, 1, 1]>>
// CHECK:         %[[ROUNDED:.*]] = arith.truncf %[[SUM]] : f32 to f16
// CHECK:         memref.store %[[ROUNDED]], %[[FIRST]]
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
