// Nothing that a GPU program may hold after the expansion calls a library: of the math dialect only what one
// instruction or a short sequence computes is left, and what is called stands in the module. Where LLVM knows the
// target, its code generator agrees, for the oldest chip.

// DEFINE: %{type} = f32
// DEFINE: %{level} = fast
// DEFINE: %{expand} = sed 's/TYPE/%{type}/g' %s | keops-opt --keops-approximate-math="isa=gpu precision=%{level}"
// DEFINE: %{names} = grep -oE 'math[.][a-z0-9_]+|call @[a-z]+_[a-z]+|private @.*[^{]$' | sort -u
// DEFINE: %{remains} = %{expand} | %{names} | FileCheck %s --check-prefix
// DEFINE: %{passes} = convert-scf-to-cf,convert-vector-to-llvm,convert-to-llvm,reconcile-unrealized-casts
// DEFINE: %{llvm} = mlir-opt --pass-pipeline='builtin.module(%{passes})' | mlir-translate --mlir-to-llvmir
// DEFINE: %{ptx} = llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_75 -mattr=+ptx63
// DEFINE: %{selects} = %{expand} | %{llvm} | %{ptx} | FileCheck %s --implicit-check-not=.extern --check-prefixes

// RUN: %{remains} HARDWARE
// RUN: %if nvptx %{ %{selects} PTX,FLOAT %}
// REDEFINE: %{level} = default
// RUN: %{remains} HARDWARE
// RUN: %if nvptx %{ %{selects} PTX,FLOAT %}
// REDEFINE: %{level} = high
// RUN: %{remains} WRITTEN
// RUN: %if nvptx %{ %{selects} PTX %}

// REDEFINE: %{type} = f64
// REDEFINE: %{level} = fast
// RUN: %{remains} WRITTEN
// RUN: %if nvptx %{ %{selects} PTX %}
// REDEFINE: %{level} = default
// RUN: %{remains} WRITTEN
// RUN: %if nvptx %{ %{selects} PTX %}
// REDEFINE: %{level} = high
// RUN: %{remains} WRITTEN
// RUN: %if nvptx %{ %{selects} PTX %}

// REDEFINE: %{type} = vector<4xf32>
// REDEFINE: %{level} = default
// RUN: %{remains} HARDWARE
// RUN: %if nvptx %{ %{selects} PTX,FLOAT %}

// HARDWARE-NOT:  {{.}}
// HARDWARE:      call @keops_{{far|slow}}
// HARDWARE:      math.absf
// HARDWARE-NEXT: math.copysign
// HARDWARE-NEXT: math.exp2
// HARDWARE-NEXT: math.floor
// HARDWARE-NEXT: math.fma
// HARDWARE-NEXT: math.rsqrt
// HARDWARE-NEXT: math.sqrt
// HARDWARE-NOT:  {{.}}

// WRITTEN-NOT:   {{.}}
// WRITTEN:       call @keops_{{far|slow}}
// WRITTEN:       math.absf
// WRITTEN-NEXT:  math.copysign
// WRITTEN-NEXT:  math.floor
// WRITTEN-NEXT:  math.fma
// WRITTEN-NEXT:  math.sqrt
// WRITTEN-NOT:   {{.}}

// PTX:   .visible .func {{.*}} exp(
// FLOAT: ex2.approx
// PTX:   .visible .func {{.*}} copysign(

func.func @exp(%x: TYPE) -> TYPE { %y = math.exp %x : TYPE return %y : TYPE }
func.func @exp2(%x: TYPE) -> TYPE { %y = math.exp2 %x : TYPE return %y : TYPE }
func.func @expm1(%x: TYPE) -> TYPE { %y = math.expm1 %x : TYPE return %y : TYPE }
func.func @log(%x: TYPE) -> TYPE { %y = math.log %x : TYPE return %y : TYPE }
func.func @log1p(%x: TYPE) -> TYPE { %y = math.log1p %x : TYPE return %y : TYPE }
func.func @sin(%x: TYPE) -> TYPE { %y = math.sin %x : TYPE return %y : TYPE }
func.func @cos(%x: TYPE) -> TYPE { %y = math.cos %x : TYPE return %y : TYPE }
func.func @rsqrt(%x: TYPE) -> TYPE { %y = math.rsqrt %x : TYPE return %y : TYPE }
func.func @sqrt(%x: TYPE) -> TYPE { %y = math.sqrt %x : TYPE return %y : TYPE }
func.func @powf(%x: TYPE, %z: TYPE) -> TYPE { %y = math.powf %x, %z : TYPE return %y : TYPE }
func.func @sinh(%x: TYPE) -> TYPE { %y = math.sinh %x : TYPE return %y : TYPE }
func.func @cosh(%x: TYPE) -> TYPE { %y = math.cosh %x : TYPE return %y : TYPE }
func.func @tanh(%x: TYPE) -> TYPE { %y = math.tanh %x : TYPE return %y : TYPE }
func.func @asin(%x: TYPE) -> TYPE { %y = math.asin %x : TYPE return %y : TYPE }
func.func @acos(%x: TYPE) -> TYPE { %y = math.acos %x : TYPE return %y : TYPE }
func.func @atan(%x: TYPE) -> TYPE { %y = math.atan %x : TYPE return %y : TYPE }
func.func @atan2(%x: TYPE, %z: TYPE) -> TYPE { %y = math.atan2 %x, %z : TYPE return %y : TYPE }
func.func @erf(%x: TYPE) -> TYPE { %y = math.erf %x : TYPE return %y : TYPE }
func.func @erfc(%x: TYPE) -> TYPE { %y = math.erfc %x : TYPE return %y : TYPE }
func.func @absf(%x: TYPE) -> TYPE { %y = math.absf %x : TYPE return %y : TYPE }
func.func @floor(%x: TYPE) -> TYPE { %y = math.floor %x : TYPE return %y : TYPE }
func.func @round(%x: TYPE) -> TYPE { %y = math.round %x : TYPE return %y : TYPE }
func.func @copysign(%x: TYPE, %z: TYPE) -> TYPE { %y = math.copysign %x, %z : TYPE return %y : TYPE }
