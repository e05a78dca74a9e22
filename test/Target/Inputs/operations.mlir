// What kernels may consist of: each operation once.
module attributes {keops.manifest = "keops-program 2\0Asymbol operations\0Ainput i 3 f32 x\0Aoutput i f32 sum 1\0Aworkspace 0 0 0 0 0 0 0\0Akernel operations_0 256\0A"} {
  gpu.module @keops_kernels {
    func.func private @helper(%x: vector<4xf32>, %m: memref<?xf32>, %k: index, %s: memref<64xf32, #gpu.address_space<workgroup>>) -> (vector<4xf32>, f32) {
      %v = memref.load %m[%k] : memref<?xf32>
      %w = memref.load %s[%k] : memref<64xf32, #gpu.address_space<workgroup>>
      %r = arith.addf %v, %w : f32
      %y = arith.mulf %x, %x : vector<4xf32>
      return %y, %r : vector<4xf32>, f32
    }
    gpu.func @operations_0(%launch: !llvm.ptr) workgroup(%s : memref<64xf32, #gpu.address_space<workgroup>>, %si : memref<8xi64, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c7 = arith.constant 7 : index
      %tid = gpu.thread_id x
      %bid = gpu.block_id x
      %dim = gpu.block_dim x
      %grid = gpu.grid_dim x
      %t0 = arith.muli %bid, %dim : index
      %t = arith.addi %t0, %tid : index
      %wa = llvm.getelementptr %launch[32] : (!llvm.ptr) -> !llvm.ptr, i8
      %w = llvm.load %wa : !llvm.ptr -> !llvm.ptr
      %d0 = llvm.mlir.poison : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
      %z = llvm.mlir.constant(0 : i64) : i64
      %one = llvm.mlir.constant(1 : i64) : i64
      %d1 = llvm.insertvalue %w, %d0[0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
      %d2 = llvm.insertvalue %w, %d1[1] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
      %d3 = llvm.insertvalue %z, %d2[2] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
      %d4 = llvm.insertvalue %z, %d3[3, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
      %d5 = llvm.insertvalue %one, %d4[4, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
      %bytes = builtin.unrealized_conversion_cast %d5 : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)> to memref<?xi8>
      %big = arith.constant 100000 : index
      %f32s = memref.view %bytes[%c0][%big] : memref<?xi8> to memref<?xf32>
      %f64s = memref.view %bytes[%c0][%big] : memref<?xi8> to memref<?xf64>
      %f16s = memref.view %bytes[%c0][%big] : memref<?xi8> to memref<?xf16>
      %bf16s = memref.view %bytes[%c0][%big] : memref<?xi8> to memref<?xbf16>
      %i64s = memref.view %bytes[%c0][%big] : memref<?xi8> to memref<?xi64>
      %i32s = memref.view %bytes[%c0][%big] : memref<?xi8> to memref<?xi32>
      %x = vector.load %f32s[%t] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
      %f = vector.extract %x[0] : f32 from vector<4xf32>
      %y:2 = func.call @helper(%x, %f32s, %t, %s) : (vector<4xf32>, memref<?xf32>, index, memref<64xf32, #gpu.address_space<workgroup>>) -> (vector<4xf32>, f32)
      // short floats
      %h = memref.load %f16s[%t] : memref<?xf16>
      %hf = arith.extf %h : f16 to f32
      %b = memref.load %bf16s[%t] : memref<?xbf16>
      %bf = arith.extf %b : bf16 to f32
      %hb = arith.addf %hf, %bf : f32
      %ht = arith.truncf %hb : f32 to f16
      %bt = arith.truncf %hb : f32 to bf16
      memref.store %ht, %f16s[%t] : memref<?xf16>
      memref.store %bt, %bf16s[%t] : memref<?xbf16>
      // f32 math
      %m1 = math.exp2 %x fastmath<afn> : vector<4xf32>
      %m2 = math.rsqrt %m1 fastmath<afn> : vector<4xf32>
      %ones = arith.constant dense<1.0> : vector<4xf32>
      %m3 = arith.divf %ones, %m2 fastmath<arcp,afn> : vector<4xf32>
      %m4 = math.floor %m3 : vector<4xf32>
      %m5a = math.ceil %m2 : vector<4xf32>
      %m5 = arith.subf %m5a, %m4 : vector<4xf32>
      %m6a = math.trunc %m1 : vector<4xf32>
      %m6 = arith.mulf %m6a, %m5 : vector<4xf32>
      %m7a = math.roundeven %x : vector<4xf32>
      %m7 = arith.addf %m7a, %m6 : vector<4xf32>
      %m8 = math.copysign %m7, %x : vector<4xf32>
      %m9 = math.absf %m8 : vector<4xf32>
      %m10 = math.sqrt %m9 : vector<4xf32>
      %m11 = math.fma %m10, %x, %m9 : vector<4xf32>
      %m12 = arith.divf %m11, %x : vector<4xf32>
      %m13 = arith.maximumf %m12, %x : vector<4xf32>
      %m14 = arith.minimumf %m13, %m1 : vector<4xf32>
      %m15 = arith.maxnumf %m14, %m2 : vector<4xf32>
      %m16 = arith.minnumf %m15, %m3 : vector<4xf32>
      %lt = arith.cmpf olt, %m16, %x : vector<4xf32>
      %un = arith.cmpf uno, %m16, %x : vector<4xf32>
      %or = arith.ori %lt, %un : vector<4xi1>
      %m17 = arith.select %or, %m16, %m1 : vector<4xi1>, vector<4xf32>
      %bits = arith.bitcast %m17 : vector<4xf32> to vector<4xi32>
      %c23 = arith.constant dense<23> : vector<4xi32>
      %sh = arith.shrsi %bits, %c23 : vector<4xi32>
      %fi = arith.sitofp %sh : vector<4xi32> to vector<4xf32>
      %if = arith.fptosi %fi : vector<4xf32> to vector<4xi32>
      %bk = arith.bitcast %if : vector<4xi32> to vector<4xf32>
      vector.store %bk, %f32s[%t] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
      // f64
      %d = memref.load %f64s[%t] : memref<?xf64>
      %e1 = math.floor %d : f64
      %e2a = math.ceil %d : f64
      %e2 = arith.subf %e2a, %e1 : f64
      %e3a = math.trunc %d : f64
      %e3 = arith.mulf %e3a, %e2 : f64
      %e4a = math.roundeven %d : f64
      %e4 = arith.addf %e4a, %e3 : f64
      %e5 = math.copysign %e4, %d : f64
      %e6 = math.absf %e5 : f64
      %e7 = math.sqrt %e6 : f64
      %e8 = math.fma %e7, %d, %e6 : f64
      %e9 = arith.divf %e8, %d : f64
      %e10 = arith.maximumf %e9, %d : f64
      %e11 = arith.minimumf %e10, %e1 : f64
      %e12 = arith.maxnumf %e11, %e2 : f64
      %e13 = arith.minnumf %e12, %e3 : f64
      %e14 = arith.truncf %e13 : f64 to f32
      %e15 = arith.extf %e14 : f32 to f64
      %e16 = arith.remf %e15, %d : f64
      %e17 = arith.fptosi %e16 : f64 to i64
      %e18 = arith.sitofp %e17 : i64 to f64
      memref.store %e18, %f64s[%t] : memref<?xf64>
      %rem = arith.remf %f, %hb : f32
      memref.store %rem, %f32s[%c1] : memref<?xf32>
      // integers
      %q = arith.divsi %t, %grid : index
      %r = arith.remsi %t, %grid : index
      %qq = arith.ceildivsi %q, %c7 : index
      %fq = arith.floordivsi %q, %c7 : index
      %mx = arith.maxsi %q, %r : index
      %mn = arith.minui %mx, %qq : index
      %qi = arith.index_cast %mn : index to i64
      %tr = arith.trunci %qi : i64 to i32
      %ex = arith.extsi %tr : i32 to i64
      %pop = arith.addi %ex, %qi : i64
      memref.store %pop, %i64s[%fq] : memref<?xi64>
      // atomics
      %a1 = memref.atomic_rmw addi %pop, %i64s[%c0] : (i64, memref<?xi64>) -> i64
      %a2 = memref.atomic_rmw maxs %pop, %i64s[%c1] : (i64, memref<?xi64>) -> i64
      %a3 = memref.atomic_rmw minu %pop, %i64s[%c1] : (i64, memref<?xi64>) -> i64
      %a4 = memref.atomic_rmw addf %f, %f32s[%c1] : (f32, memref<?xf32>) -> f32
      %a5 = memref.atomic_rmw maximumf %f, %f32s[%c1] : (f32, memref<?xf32>) -> f32
      %a6 = memref.atomic_rmw addf %d, %f64s[%c1] : (f64, memref<?xf64>) -> f64
      %a7 = memref.atomic_rmw assign %tr, %i32s[%c1] : (i32, memref<?xi32>) -> i32
      %a8 = memref.atomic_rmw addi %pop, %si[%c1] : (i64, memref<8xi64, #gpu.address_space<workgroup>>) -> i64
      %a9 = memref.atomic_rmw addf %f, %s[%c1] : (f32, memref<64xf32, #gpu.address_space<workgroup>>) -> f32
      %p0 = llvm.load %wa : !llvm.ptr -> !llvm.ptr
      %g1 = llvm.atomicrmw add %p0, %one syncscope("device") monotonic : !llvm.ptr, i64
      %g5 = llvm.load %p0 atomic syncscope("device") acquire {alignment = 8 : i64} : !llvm.ptr -> i64
      llvm.store %g5, %p0 atomic syncscope("device") release {alignment = 8 : i64} : i64, !llvm.ptr
      llvm.fence syncscope("device") acq_rel
      gpu.barrier
      // a while loop
      %res = scf.while (%k = %c0) : (index) -> index {
        %cond = arith.cmpi slt, %k, %t : index
        scf.condition(%cond) %k : index
      } do {
      ^bb0(%k: index):
        %n = arith.addi %k, %c1 : index
        scf.yield %n : index
      }
      %sum = scf.for %k = %c0 to %res step %c1 iter_args(%acc = %y#1) -> (f32) {
        %less = arith.cmpf olt, %acc, %f : f32
        %i = scf.if %less -> f32 { scf.yield %acc : f32 } else { scf.yield %f : f32 }
        %v = memref.load %f32s[%k] : memref<?xf32>
        %n = arith.addf %i, %v : f32
        scf.yield %n : f32
      }
      memref.store %sum, %f32s[%t] : memref<?xf32>
      vector.store %y#0, %f32s[%t] : memref<?xf32>, vector<4xf32>
      %ub = ub.poison : f32
      memref.store %ub, %f32s[%c7] : memref<?xf32>
      gpu.return
    }
  }
}
