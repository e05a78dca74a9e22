// RUN: keops-opt %s --keops-approximate-math="isa=avx512" | FileCheck %s
// RUN: not keops-opt %s --keops-approximate-math="precision=exact" 2>&1 | FileCheck %s --check-prefix=BAD

// What the table does not know is left alone.
// BAD: for the --precision option: Cannot find option named 'exact'!

// CHECK-LABEL: func.func @left_alone
// CHECK:         math.exp %{{.*}} : f16
// CHECK:         math.exp %{{.*}} : vector<[4]xf32>
// CHECK:         math.exp %{{.*}} : vector<2x2x2xf32>
// CHECK:         math.atanh %{{.*}} : f32
// CHECK:         math.sqrt %{{.*}} : f32
func.func @left_alone(%a: f16, %b: vector<[4]xf32>, %c: vector<2x2x2xf32>, %d: f32)
    -> (f16, vector<[4]xf32>, vector<2x2x2xf32>, f32) {
  %0 = math.exp %a : f16
  %1 = math.exp %b : vector<[4]xf32>
  %2 = math.exp %c : vector<2x2x2xf32>
  %3 = math.atanh %d : f32
  %4 = math.sqrt %3 : f32
  return %0, %1, %2, %4 : f16, vector<[4]xf32>, vector<2x2x2xf32>, f32
}
