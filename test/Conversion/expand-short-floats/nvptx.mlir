// REQUIRES: nvptx
// RUN: keops-opt %s --keops-expand-short-floats=f16c=true \
// RUN:   | mlir-opt --pass-pipeline='builtin.module(convert-to-llvm,reconcile-unrealized-casts)' \
// RUN:   | mlir-translate --mlir-to-llvmir | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_75 -mattr=+ptx63 \
// RUN:   | FileCheck %s --implicit-check-not=.extern --implicit-check-not=call --implicit-check-not=.bf16

// Every GPU converts f16 in one instruction; the older ones have none for bf16, of which they know words alone.
// CHECK-LABEL: halves(
// CHECK:       cvt.f32.f16
// CHECK:       cvt.rn.f16.f32
func.func @halves(%p: !llvm.ptr) {
  %0 = llvm.load %p : !llvm.ptr -> f16
  %1 = arith.extf %0 : f16 to f32
  %2 = arith.mulf %1, %1 : f32
  %3 = arith.truncf %2 : f32 to f16
  llvm.store %3, %p : f16, !llvm.ptr
  return
}

// CHECK-LABEL: bfloats(
// CHECK:       ld.b16
// CHECK:       shl.b32 %{{.*}}, 16
// CHECK:       setp.nan.f32
// CHECK:       st.b16
func.func @bfloats(%p: !llvm.ptr) {
  %0 = llvm.load %p : !llvm.ptr -> bf16
  %1 = arith.extf %0 : bf16 to f32
  %2 = arith.mulf %1, %1 : f32
  %3 = arith.truncf %2 : f32 to bf16
  llvm.store %3, %p : bf16, !llvm.ptr
  return
}

// CHECK-LABEL: rows(
// CHECK:       cvt.rn.f16.f32
// CHECK-COUNT-4: setp.nan.f32
func.func @rows(%x: vector<4xf16>) -> (vector<4xf16>, vector<4xbf16>) {
  %0 = arith.extf %x : vector<4xf16> to vector<4xf32>
  %1 = arith.mulf %0, %0 : vector<4xf32>
  %2 = arith.truncf %1 : vector<4xf32> to vector<4xf16>
  %3 = arith.truncf %1 : vector<4xf32> to vector<4xbf16>
  return %2, %3 : vector<4xf16>, vector<4xbf16>
}
