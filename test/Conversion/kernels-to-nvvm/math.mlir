// RUN: keops-opt %s --convert-keops-kernels-to-nvvm | FileCheck %s

// Functions of the special function unit are asked for by flags; all others are computed exactly.
module attributes {keops.manifest = "symbol f"} {
  gpu.module @keops_kernels {
    // CHECK-LABEL: llvm.func internal @approximate(
    // CHECK:         llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f32"
    // CHECK:         llvm.call_intrinsic "llvm.nvvm.rsqrt.approx.ftz.f"
    // CHECK:         llvm.call_intrinsic "llvm.nvvm.rcp.approx.ftz.f"
    // CHECK:         llvm.call_intrinsic "llvm.nvvm.sqrt.approx.ftz.f"
    // CHECK:         llvm.call_intrinsic "llvm.nvvm.div.full.ftz"(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
    func.func @approximate(%x: f32) -> f32 {
      %one = arith.constant 1.0 : f32
      %a = math.exp2 %x fastmath<afn> : f32
      %b = math.rsqrt %a fastmath<afn> : f32
      %c = arith.divf %one, %b fastmath<arcp,afn> : f32
      %d = math.sqrt %c fastmath<afn> : f32
      %e = arith.divf %d, %x fastmath<arcp,afn> : f32
      return %e : f32
    }
    // CHECK-LABEL: llvm.func internal @of_vectors(
    // CHECK-COUNT-2: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f32"
    // CHECK-COUNT-2: llvm.call_intrinsic "llvm.nvvm.rcp.approx.ftz.f"
    // CHECK-COUNT-2: llvm.call_intrinsic "llvm.nvvm.div.full.ftz"
    // CHECK-NOT:     llvm.call_intrinsic
    func.func @of_vectors(%x: vector<2xf32>) -> vector<2xf32> {
      %one = arith.constant dense<1.0> : vector<2xf32>
      %a = math.exp2 %x fastmath<fast> : vector<2xf32>
      %b = arith.divf %one, %a fastmath<arcp,afn> : vector<2xf32>
      %c = arith.divf %b, %x fastmath<arcp,afn> : vector<2xf32>
      return %c : vector<2xf32>
    }
    // CHECK-LABEL: llvm.func internal @exact(
    // CHECK-NOT:     llvm.call
    // CHECK-COUNT-4: llvm.fdiv
    // CHECK:         llvm.intr.fma{{.*}}f32
    // CHECK:         llvm.intr.fabs
    // CHECK:         llvm.intr.sqrt{{.*}}f64
    // CHECK:         llvm.intr.floor
    // CHECK:         llvm.intr.ceil
    // CHECK:         llvm.intr.trunc
    // CHECK:         llvm.intr.roundeven
    // CHECK:         llvm.intr.copysign
    func.func @exact(%x: f32, %y: f64) -> (f32, f64) {
      %one = arith.constant 1.0 : f32
      %two = arith.constant 2.0 : f32
      %long_one = arith.constant 1.0 : f64
      %a = arith.divf %one, %x : f32
      %b = arith.divf %one, %a fastmath<arcp> : f32
      %c = arith.divf %two, %b : f32
      %d = arith.divf %long_one, %y fastmath<arcp,afn> : f64
      %e = math.fma %c, %x, %one : f32
      %f = math.absf %e : f32
      %g = math.sqrt %d : f64
      %h = math.floor %g : f64
      %i = math.ceil %y : f64
      %j = math.trunc %y : f64
      %k = math.roundeven %y : f64
      %l = math.copysign %i, %j : f64
      %m = arith.addf %l, %h : f64
      %n = arith.addf %m, %k : f64
      return %f, %n : f32, f64
    }
  }
}
