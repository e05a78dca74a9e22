// A formula is a graph: what is computed ahead of a loop is looked for once, not once for each of 2^40 paths to it.
// RUN: keops-opt %s --convert-keops-map-reduce-to-cpu | FileCheck %s

!x = !keops.value<20xf32, i>
!y = !keops.value<20xf32, j>
!s = !keops.value<20xf32, ij>

// CHECK-LABEL: func.func private @f_body
// CHECK-COUNT-160: arith.addf {{.*}} : vector<16xf32>
func.func @f(%x: !x, %y: !y) -> !keops.value<1xf32, i> {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 1, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64>
      (%x, %y) : (!x, !y) -> !keops.value<1xf32, i> {
  ^bb0(%a: !x, %b: !y):
    %0 = keops.subtract %a, %b : !x, !y
    %1 = keops.add %0, %0 : !s, !s
    %2 = keops.add %1, %1 : !s, !s
    %3 = keops.add %2, %2 : !s, !s
    %4 = keops.add %3, %3 : !s, !s
    %5 = keops.add %4, %4 : !s, !s
    %6 = keops.add %5, %5 : !s, !s
    %7 = keops.add %6, %6 : !s, !s
    %8 = keops.add %7, %7 : !s, !s
    %9 = keops.add %8, %8 : !s, !s
    %10 = keops.add %9, %9 : !s, !s
    %11 = keops.add %10, %10 : !s, !s
    %12 = keops.add %11, %11 : !s, !s
    %13 = keops.add %12, %12 : !s, !s
    %14 = keops.add %13, %13 : !s, !s
    %15 = keops.add %14, %14 : !s, !s
    %16 = keops.add %15, %15 : !s, !s
    %17 = keops.add %16, %16 : !s, !s
    %18 = keops.add %17, %17 : !s, !s
    %19 = keops.add %18, %18 : !s, !s
    %20 = keops.add %19, %19 : !s, !s
    %21 = keops.add %20, %20 : !s, !s
    %22 = keops.add %21, %21 : !s, !s
    %23 = keops.add %22, %22 : !s, !s
    %24 = keops.add %23, %23 : !s, !s
    %25 = keops.add %24, %24 : !s, !s
    %26 = keops.add %25, %25 : !s, !s
    %27 = keops.add %26, %26 : !s, !s
    %28 = keops.add %27, %27 : !s, !s
    %29 = keops.add %28, %28 : !s, !s
    %30 = keops.add %29, %29 : !s, !s
    %31 = keops.add %30, %30 : !s, !s
    %32 = keops.add %31, %31 : !s, !s
    %33 = keops.add %32, %32 : !s, !s
    %34 = keops.add %33, %33 : !s, !s
    %35 = keops.add %34, %34 : !s, !s
    %36 = keops.add %35, %35 : !s, !s
    %37 = keops.add %36, %36 : !s, !s
    %38 = keops.add %37, %37 : !s, !s
    %39 = keops.add %38, %38 : !s, !s
    %40 = keops.add %39, %39 : !s, !s
    %sum = keops.sum %40 : !s
    keops.yield %sum : !keops.value<1xf32, ij>
  }
  return %r : !keops.value<1xf32, i>
}
