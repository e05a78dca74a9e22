// The passes on formulas, in the order in which the pipelines run them (lib/Pipelines orders them). All of them work on
// any operation that holds keops.map_reduce: a module or a function.
#ifndef KEOPS_TRANSFORMS_PASSES_TD
#define KEOPS_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def KeopsExpandComposites : Pass<"keops-expand-composites"> {
  let summary = "replace composite operations by the formulas they stand for";
  let description = [{
    Assumes nothing. Leaves no operation with CompositeOpInterface behind. Runs first, because composites have neither
    a derivative nor an emission.

    ```mlir
    %q = keops.sqdist %x, %y : !keops.value<3xf32, i>, !keops.value<3xf32, j>
    // becomes
    %d = keops.subtract %x, %y : !keops.value<3xf32, i>, !keops.value<3xf32, j>
    %s = keops.square %d : !keops.value<3xf32, ij>
    %q = keops.sum %s : !keops.value<3xf32, ij>
    ```
  }];
  let dependentDialects = ["::keops::KeopsDialect"];
}

def KeopsDifferentiate : Pass<"keops-differentiate"> {
  let summary = "replace keops.grad by the formulas of the gradient";
  let description = [{
    Assumes that composites are expanded. Leaves no keops.grad behind, or reports why a gradient does not exist.

    Inside a region the adjoint is pushed from the formula back to the variable through every operation between the
    two (reverse mode). Gradients are taken in program order, so a gradient of a gradient finds plain formulas.

    ```mlir
    %s = keops.square %x : !keops.value<3xf32, i>
    %g = keops.grad %s, %x, %e : !keops.value<3xf32, i>, !keops.value<3xf32, i>, !keops.value<3xf32, j>
    // becomes
    %two = keops.constant 2 as !keops.value<1xf32, p>
    %d = keops.mult %two, %x : !keops.value<1xf32, p>, !keops.value<3xf32, i>
    %g = keops.mult %e, %d : !keops.value<3xf32, j>, !keops.value<3xf32, i>
    ```

    Between reductions the gradient with respect to an argument on i is a sum over j, the one with respect to an
    argument on j a sum over i. A parameter receives one row per row of the differentiated reduction; the caller adds
    the rows up. The policy of each reduction is a word of its record: `sum`, `logsumexp`, `softmax` or `none: reason`.
    The result of a reduction may be read again by its own gradient (log-sum-exp does so); gradients of gradients
    follow that path too.

    ```mlir
    %s = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) ... -> !keops.value<1xf32, i> { F(x, y) }
    %g = keops.grad %s, %y, %e : !keops.value<1xf32, i>, !keops.value<3xf32, j>, !keops.value<1xf32, i>
    // becomes
    %g = keops.map_reduce over i reduce [#keops.reduce<Sum>] (%x, %y, %e) ... -> !keops.value<3xf32, j>
         { grad(F(x, y), y, e) }
    ```
  }];
  let dependentDialects = ["::keops::KeopsDialect"];
}

def KeopsSimplify : Pass<"keops-simplify"> {
  let summary = "apply the algebraic rules that are numerically safe";
  let description = [{
    Assumes that composites are expanded. Applies, to a fixed point, rules that do not enlarge rounding errors: zeros
    and ones disappear, constants are folded exactly, signs move outwards, slices of slices are merged, products of
    repeated scalars are taken before repeating. Dimensions stay what they were. docs/rationale/simplify.md lists all
    rules, and those that are not taken with the reason.

    ```mlir
    %z = keops.zero : !keops.value<3xf32, p>
    %a = keops.add %z, %x : !keops.value<3xf32, p>, !keops.value<3xf32, i>
    %m = keops.mult %a, %a : !keops.value<3xf32, i>, !keops.value<3xf32, i>
    // becomes
    %m = keops.square %x : !keops.value<3xf32, i>
    ```
  }];
  let options = [
    ListOption<"only", "only", "std::string", "apply these rules alone; a name that is no rule lists all of them">
  ];
  let dependentDialects = ["::keops::KeopsDialect"];
}

def KeopsFuseReductions : Pass<"keops-fuse-reductions"> {
  let summary = "carry out independent reductions over the same index in one pass over the pairs";
  let description = [{
    Assumes that gradients are taken. Two map_reduce operations are fused when they reduce over the same index at the
    same precision and neither depends on the other. The common subexpressions of their formulas (a distance, an
    exponential, its derivative) are then shared by the upstream CSE pass.

    Formulas wider than `max-dim` components stay apart: such a reduction visits the pairs once per chunk of
    components, so a narrow reduction fused with it would be computed once per chunk too. For the same reason the K-best
    reductions, which take one component at a time, are fused with scalar formulas only.

    ```mlir
    %s = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) ... { yield F }
    %m = keops.map_reduce over j reduce [#keops.reduce<Min>] (%x, %y) ... { yield G }
    // becomes
    %s, %m = keops.map_reduce over j reduce [#keops.reduce<Sum>, #keops.reduce<Min>] (%x, %y) ... { yield F, G }
    ```
  }];
  let options = [
    Option<"maxDim", "max-dim", "int64_t", "16",
           "formulas of a larger dimension are not fused; lower it on machines with few registers">
  ];
  let dependentDialects = ["::keops::KeopsDialect"];
}

def KeopsFoldScales : Pass<"keops-fold-scales"> {
  let summary = "move constant factors to where they cost nothing, and exponentials to base two";
  let description = [{
    Works inside each map_reduce whose precision is `fast` or `default`; `high` is left alone. Assumes a simplified
    region, with common subexpressions shared. Writing eps for the spacing of floating-point numbers at 1 and |a| for
    the size of an exponent, the rewrites add at most the following errors.

    | rewrite | added error |
    |---|---|
    | `Exp(u) -> Exp2(u * log2(e))`, u computed from both indices | argument: eps |a| |
    | the constant joins a factor of u that is placed on p, i or j | argument: eps |a|, no further rounding than above |
    | the constant joins a sum or difference of such products | argument: eps times the sum of |terms| |
    | `f / g -> f * (1 / g)`, g placed on p, or f on both indices and g on one | one rounding, eps/2 |
    | factors of a product regrouped by placement: p, i, j, both | none; products are reassociated, as many roundings |
    | `Sum(Square(x - y)) * c -> Sum(Square(x*s - y*s))`, s = sqrt(c) | argument: 2 eps (|x| + |y|) s sqrt|a| |

    Where a new intermediate result leaves the range of numbers (the constant times a factor, the inverse of a subnormal
    number, a part of a product), the result does too: it becomes infinite, or NaN where a zero follows.

    The last error is bounded by the coordinates and not by the exponent, so that rewrite is taken at `fast` only, or
    with `scale-operands`; and only where nothing else reads the difference.

    ```mlir
    %u = keops.mult %q, %g : !keops.value<1xf32, ij>, !keops.value<1xf32, p>
    %n = keops.minus %u : !keops.value<1xf32, ij>
    %e = keops.exp %n : !keops.value<1xf32, ij>
    // becomes
    %c = keops.constant -1.4426950408889634 : f64 as !keops.value<1xf32, p>
    %h = keops.mult %c, %g : !keops.value<1xf32, p>, !keops.value<1xf32, p>
    %n = keops.mult %h, %q : !keops.value<1xf32, p>, !keops.value<1xf32, ij>
    %e = keops.exp2 %n : !keops.value<1xf32, ij>
    ```

    The product with %g no longer depends on a pair, so PlaceValues takes it out of the loop.
  }];
  let options = [
    Option<"scaleOperands", "scale-operands", "bool", "false",
           "scale the operands of distances at precision default too: for data known to lie near the origin">
  ];
  let dependentDialects = ["::keops::KeopsDialect"];
}

def KeopsPlaceValues : Pass<"keops-place-values"> {
  let summary = "compute once per row what does not depend on both indices";
  let description = [{
    Assumes that formulas are final. Inside each map_reduce the largest subformulas placed on p, i or j move to a
    keops.map over that index, of which there is at most one per index in front of the map_reduce. What only moves
    components around (SumT, Concat, Elem, Extract and their transposes) stays in the loop, where it is free; so do
    constants. Operands that nothing reads any more are removed.

    ```mlir
    %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) ... {
    ^bb0(%a: !keops.value<3xf32, i>, %b: !keops.value<3xf32, j>):
      %n = keops.exp %b : !keops.value<3xf32, j>
      %m = keops.mult %a, %n : !keops.value<3xf32, i>, !keops.value<3xf32, j>
      keops.yield %m : !keops.value<3xf32, ij>
    }
    // becomes
    %e = keops.map over j (%y) : (!keops.value<3xf32, j>) -> !keops.value<3xf32, j> {
    ^bb0(%b: !keops.value<3xf32, j>):
      %n = keops.exp %b : !keops.value<3xf32, j>
      keops.yield %n : !keops.value<3xf32, j>
    }
    %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %e) ... {
    ^bb0(%a: !keops.value<3xf32, i>, %n: !keops.value<3xf32, j>):
      %m = keops.mult %a, %n : !keops.value<3xf32, i>, !keops.value<3xf32, j>
      keops.yield %m : !keops.value<3xf32, ij>
    }
    ```
  }];
  let dependentDialects = ["::keops::KeopsDialect"];
}

def KeopsChooseSchedule : Pass<"keops-choose-schedule"> {
  let summary = "choose the register tile and the blocking of each map_reduce";
  let description = [{
    Assumes that values are placed. Sets the attribute `schedule` of each map_reduce that has none, from a model of
    the values that are alive in the loop (CostModel.cpp). The sizes of the data are not known and not needed.

    ```mlir
    keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y)
    // becomes
    keops.map_reduce over j reduce [#keops.reduce<Sum>]
      schedule <rows = 4, lanes = 16, block = 16, blocks = 8, chunk = 1, split = 64> (%x, %y)
    ```
  }];
  let options = [
    Option<"lanes32", "lanes32", "int64_t", "16",
           "32-bit lanes of one vector register: 16 for AVX-512, 8 for AVX2, 4 for SSE and NEON">,
    Option<"gpu", "gpu", "bool", "false", "choose for the threads of a GPU instead of vector registers">,
    Option<"force", "force", "std::string", "\"\"",
           "fields to set by hand, e.g. rows=2,block=16; they override the model and existing schedules">,
    Option<"explain", "explain", "bool", "false", "say in a remark what was chosen and why">
  ];
  let dependentDialects = ["::keops::KeopsDialect"];
}

#endif // KEOPS_TRANSFORMS_PASSES_TD
