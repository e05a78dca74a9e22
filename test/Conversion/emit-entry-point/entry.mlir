// RUN: keops-opt %s --keops-emit-entry-point | FileCheck %s
// RUN: keops-opt %s --keops-emit-entry-point=plain=true | FileCheck %s --check-prefix=PLAIN

// CHECK:       llvm.func internal @keops_should_stop(%{{.*}}: !llvm.ptr) -> i1
// CHECK:         llvm.load volatile
// CHECK:       llvm.func internal @f_body
// CHECK:       llvm.func @f(%[[ARGS:.*]]: !llvm.ptr) -> i32
// CHECK:         llvm.call @f_body(%[[ARGS]],
// CHECK:         %[[STOPPED:.*]] = llvm.call @keops_should_stop(%[[ARGS]])
// CHECK:         llvm.zext %[[STOPPED]] : i1 to i32
// CHECK-NOT:   @f_call
// PLAIN:       llvm.func @f_call(%{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i32) -> i32
// PLAIN:         llvm.call @aligned_alloc
// PLAIN:         llvm.call @f(
// PLAIN:         llvm.call @free
module attributes {keops.manifest = "keops-program 3\0Asymbol f\0Ainput i 1 f32 x\0Aoutput i f32 sum 1\0Aworkspace 64 0 0 0 0 0 0\0Acost 1\0A"} {
  llvm.func @keops_should_stop(!llvm.ptr) -> i1
  llvm.func @f_body(%args: !llvm.ptr, %w0: !llvm.ptr, %w1: !llvm.ptr, %w2: i64, %w3: i64, %w4: i64) {
    llvm.return
  }
}
