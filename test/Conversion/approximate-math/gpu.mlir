// RUN: keops-opt %s --keops-approximate-math="isa=gpu precision=fast" | FileCheck %s --check-prefixes=CHECK,FAST
// RUN: keops-opt %s --keops-approximate-math="isa=gpu" | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: keops-opt %s --keops-approximate-math="isa=gpu precision=high" | FileCheck %s --check-prefixes=CHECK,HIGH
// RUN: keops-opt %s --keops-approximate-math="isa=gpu" | keops-opt --keops-approximate-math="isa=gpu" \
// RUN:   | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: keops-opt %s --keops-approximate-math="isa=gpu precision=fast emulate-hardware=true" \
// RUN:   | FileCheck %s --check-prefix=EMULATED --implicit-check-not=math.exp2 --implicit-check-not=math.rsqrt \
// RUN:     --implicit-check-not=afn

// The hardware computes exp2 of a float: of a Gaussian, whose scale is folded, this is all that is left.
// CHECK-LABEL:   func.func @exp2
// FAST-NEXT:       %[[Y:.*]] = math.exp2 %arg0 fastmath<afn> : vector<4xf32>
// FAST-NEXT:       return %[[Y]]
// DEFAULT-NEXT:    %[[Y:.*]] = math.exp2 %arg0 fastmath<afn> : vector<4xf32>
// DEFAULT-NEXT:    return %[[Y]]
// HIGH-NOT:        math.exp2
// HIGH:            return
// EMULATED-LABEL: func.func @exp2
func.func @exp2(%x: vector<4xf32>) -> vector<4xf32> {
  %y = math.exp2 %x : vector<4xf32>
  return %y : vector<4xf32>
}

// exp is exp2 of a product. At default what the rounding of the product lost goes back in.
// CHECK-LABEL:   func.func @exp
// FAST:            %[[T:.*]] = arith.mulf %arg0, %{{.*}} : f32
// FAST-NEXT:       %[[Y:.*]] = math.exp2 %[[T]] fastmath<afn> : f32
// FAST-NEXT:       return %[[Y]]
// DEFAULT:         %[[T:.*]] = arith.mulf %arg0, %{{.*}} : f32
// DEFAULT-NEXT:    %[[P:.*]] = math.exp2 %[[T]] fastmath<afn> : f32
// DEFAULT-COUNT-2: math.fma %[[T]]
// DEFAULT:         %[[C:.*]] = math.fma %[[P]], %{{.*}}, %[[P]] : f32
// DEFAULT:         %[[Y:.*]] = arith.select %{{.*}}, %[[C]], %[[P]] : f32
// DEFAULT-NEXT:    return %[[Y]]
// HIGH-NOT:        math.exp2
// HIGH:            return
func.func @exp(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// Doubles have no such hardware.
// CHECK-LABEL:   func.func @doubles
// CHECK-NOT:       afn
// CHECK:           return
func.func @doubles(%x: f64) -> f64 {
  %one = arith.constant 1.0 : f64
  %0 = math.exp2 %x : f64
  %1 = math.rsqrt %0 : f64
  %2 = arith.divf %one, %1 : f64
  return %2 : f64
}

// At default subnormal arguments are scaled, for the hardware takes them for zeros.
// CHECK-LABEL:   func.func @rsqrt
// FAST-NEXT:       %[[Y:.*]] = math.rsqrt %arg0 fastmath<afn> : f32
// FAST-NEXT:       return %[[Y]]
// DEFAULT:         %[[X:.*]] = arith.select
// DEFAULT-NEXT:    math.rsqrt %[[X]] fastmath<afn> : f32
// DEFAULT:         arith.select
// HIGH-NOT:        math.rsqrt
// HIGH:            return
// EMULATED-LABEL: func.func @rsqrt
// EMULATED:        arith.select
// EMULATED:        math.sqrt
// EMULATED:        arith.divf
func.func @rsqrt(%x: f32) -> f32 {
  %y = math.rsqrt %x : f32
  return %y : f32
}

// Only reciprocals lose their rounding, and only at fast.
// CHECK-LABEL:   func.func @quotients
// FAST:            arith.divf %{{.*}}, %arg0 fastmath<arcp,afn> : f32
// DEFAULT:         arith.divf %{{.*}}, %arg0 : f32
// HIGH:            arith.divf %{{.*}}, %arg0 : f32
// CHECK:           arith.divf %arg1, %{{.*}} : f32
// EMULATED-LABEL: func.func @quotients
// EMULATED-COUNT-2: arith.divf
func.func @quotients(%x: f32, %z: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %0 = arith.divf %one, %x : f32
  %1 = arith.divf %z, %0 : f32
  return %1 : f32
}

// The slow path of a kernel lies in its module.
// CHECK:         gpu.module @kernels
// CHECK:           func.func private @keops_far_sin
// CHECK:           gpu.func @sin
gpu.module @kernels {
  gpu.func @sin(%p: !llvm.ptr) kernel {
    %x = llvm.load %p : !llvm.ptr -> f32
    %y = math.sin %x : f32
    llvm.store %y, %p : f32, !llvm.ptr
    gpu.return
  }
}
