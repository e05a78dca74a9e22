// RUN: keops-opt %s --split-input-file --convert-keops-map-reduce-to-gpu --cse | FileCheck %s

// Room for two steps of 128 rows, padded to four numbers.
// CHECK-LABEL: gpu.func @two_1
// CHECK-SAME:    workgroup(%[[STAGES:.*]] : memref<1024xf32, #gpu.address_space<workgroup>>
// The first one comes before the loop over steps.
// CHECK:         nvgpu.device_async_copy %[[ROWS:.*]][%{{.*}}], %[[STAGES]][{{.*}}], 4
// CHECK:         scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step %c128
// Once it is there for all, nobody reads the other any more, and the next step is on its way to it ...
// CHECK-NOT:       nvgpu.device_async_copy
// CHECK:           %[[ALL:.*]] = nvgpu.device_async_create_group
// CHECK-NEXT:      nvgpu.device_async_wait %[[ALL]]
// CHECK-NEXT:      gpu.barrier
// CHECK:           %[[DONE:.*]] = arith.subi %[[J]], %{{.*}}
// CHECK-NEXT:      %[[LATER:.*]] = arith.addi %[[DONE]], %c128
// CHECK-NEXT:      arith.remsi %[[LATER]], %c256
// CHECK:           nvgpu.device_async_copy %[[ROWS]][%{{.*}}], %[[STAGES]][{{.*}}], 4
// ... while pairs are computed. No other barrier is met in the loop.
// CHECK-NOT:       gpu.barrier
// CHECK:           scf.for %{{.*}} step %c16
// CHECK:             memref.load %[[STAGES]]
// CHECK-NOT:       gpu.barrier
// CHECK:         }
// CHECK:         }
// CHECK:         gpu.barrier
func.func @two(%x: !keops.value<3xf32, i> {keops.name = "x"}, %y: !keops.value<3xf32, j> {keops.name = "y"}) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] schedule <rows = 2, lanes = 128, block = 16, blocks = 8, chunk = 1, split = 64, stages = 2> (%x, %y) : (!keops.value<3xf32, i>, !keops.value<3xf32, j>) -> !keops.value<1xf32, i> {
  ^bb0(%a: !keops.value<3xf32, i>, %b: !keops.value<3xf32, j>):
    %s = keops.scalprod %a, %b : !keops.value<3xf32, i>, !keops.value<3xf32, j>
    keops.yield %s : !keops.value<1xf32, ij>
  }
  return %r : !keops.value<1xf32, i>
}

// -----

// 128 rows of 64 numbers are 32 KiB, of which 16 have room; 16 rows are 4 KiB: two blocks. Each of 64 threads copies four
// times four numbers.
// CHECK-LABEL: gpu.func @blocks_1
// CHECK-SAME:    workgroup(%[[STAGES:.*]] : memref<2048xf32, #gpu.address_space<workgroup>>
// CHECK-COUNT-4: nvgpu.device_async_copy
// CHECK-NOT:     nvgpu.device_async_copy
// CHECK:         scf.for %{{.*}} step %c128
// CHECK-NOT:       gpu.barrier
// CHECK:           scf.for %{{.*}} step %c16
// CHECK:             gpu.barrier
// CHECK-COUNT-4:     nvgpu.device_async_copy
// CHECK-NOT:         gpu.barrier
// CHECK:             memref.load %[[STAGES]]
func.func @blocks(%x: !keops.value<64xf32, i> {keops.name = "x"}, %y: !keops.value<64xf32, j> {keops.name = "y"}) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] schedule <rows = 1, lanes = 64, block = 16, blocks = 8, chunk = 1, split = 64, stages = 2> (%x, %y) : (!keops.value<64xf32, i>, !keops.value<64xf32, j>) -> !keops.value<1xf32, i> {
  ^bb0(%a: !keops.value<64xf32, i>, %b: !keops.value<64xf32, j>):
    %s = keops.scalprod %a, %b : !keops.value<64xf32, i>, !keops.value<64xf32, j>
    keops.yield %s : !keops.value<1xf32, ij>
  }
  return %r : !keops.value<1xf32, i>
}

// -----

// Two blocks of 16 rows of 140 numbers would be 17.5 KiB: one stage, with a barrier before it is filled again.
// More copies than a few are a loop.
// CHECK-LABEL: gpu.func @one_1
// CHECK-SAME:    workgroup(%[[STAGES:.*]] : memref<2240xf32, #gpu.address_space<workgroup>>
// CHECK-NOT:     nvgpu.device_async_copy
// CHECK:         scf.for %{{.*}} step %c128
// CHECK:           scf.for %{{.*}} step %c16
// CHECK:             scf.for %{{.*}} step %c256
// CHECK-NEXT:          arith.addi
// CHECK-NEXT:          nvgpu.device_async_copy
// CHECK:             gpu.barrier
// CHECK-NOT:         nvgpu.device_async_copy
// CHECK:             gpu.barrier
func.func @one(%x: !keops.value<140xf32, i> {keops.name = "x"}, %y: !keops.value<140xf32, j> {keops.name = "y"}) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] schedule <rows = 1, lanes = 64, block = 16, blocks = 8, chunk = 1, split = 64, stages = 2> (%x, %y) : (!keops.value<140xf32, i>, !keops.value<140xf32, j>) -> !keops.value<1xf32, i> {
  ^bb0(%a: !keops.value<140xf32, i>, %b: !keops.value<140xf32, j>):
    %s = keops.scalprod %a, %b : !keops.value<140xf32, i>, !keops.value<140xf32, j>
    keops.yield %s : !keops.value<1xf32, ij>
  }
  return %r : !keops.value<1xf32, i>
}
