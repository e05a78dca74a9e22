// All operations, in reading order, and the three that carry formulas: map, map_reduce and yield.
#ifndef KEOPS_OPS_TD
#define KEOPS_OPS_TD

include "Keops/Vocabulary.td"
include "Keops/Ops/Variables.td"
include "Keops/Ops/Elementwise.td"
include "Keops/Ops/Functions.td"
include "Keops/Ops/Piecewise.td"
include "Keops/Ops/Composites.td"
include "Keops/Ops/Vectors.td"
include "Keops/Ops/Tensors.td"
include "Keops/Ops/Complex.td"
include "Keops/Ops/Warping.td"
include "Keops/Ops/Reductions.td"
include "Keops/Ops/Selections.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Keops_MapReduceOp : Op<Keops_Dialect, "map_reduce", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "reduces formulas over one index";
  let description = [{
    The region computes its yielded formulas for one pair `(i, j)` from its arguments, which stand for the operands.
    Each reduction consumes one or two yielded formulas, in order, and produces one or two results, which are placed
    on the other index. The matrix of all pairs is never stored.

    ```mlir
    %s = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y)
        : (!keops.value<3xf32, i>, !keops.value<3xf32, j>) -> !keops.value<1xf32, i> {
    ^bb0(%a: !keops.value<3xf32, i>, %b: !keops.value<3xf32, j>):
      %d = keops.sqdist %a, %b : !keops.value<3xf32, i>, !keops.value<3xf32, j>
      keops.yield %d : !keops.value<1xf32, ij>
    }
    ```
  }];
  let arguments = (ins Variadic<Keops_Value>:$inputs, Keops_PlacementAttr:$over, Keops_ReduceArrayAttr:$reductions,
                       DefaultValuedAttr<Keops_PrecisionAttr, "::keops::Precision::Default">:$precision,
                       OptionalAttr<Keops_SumsAttr>:$sums, OptionalAttr<Keops_ScheduleAttr>:$schedule);
  let results = (outs Variadic<Keops_Value>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `over` custom<Over>($over) `reduce` $reductions (`schedule` $schedule^)? `(` $inputs `)` attr-dict `:`
    functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The formulas of reduction `r`, in the terminator's operand list.
    ::mlir::SmallVector<::mlir::Value> getFormulas(unsigned r);
    /// The reductions, typed.
    ::mlir::SmallVector<::keops::ReduceAttr> getReduceAttrs();
    /// The index over which the results stand: j when `over` is i and the other way round.
    ::keops::Placement getKept();
    ::mlir::Block &getBlock() { return getBody().front(); }
  }];
}

def Keops_MapOp : Op<Keops_Dialect, "map", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "computes formulas once per row of one index, or once (over p)";
  let description = [{
    Carries the work that PlaceValues takes out of the loop over pairs. `calls` means what it means in a schedule.
  }];
  let arguments = (ins Variadic<Keops_Value>:$inputs, Keops_PlacementAttr:$over, UnitAttr:$calls);
  let results = (outs Variadic<Keops_Value>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `over` custom<Over>($over) `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{ ::mlir::Block &getBlock() { return getBody().front(); } }];
}

def Keops_YieldOp : Op<Keops_Dialect, "yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["MapReduceOp", "MapOp"]>]> {
  let summary = "ends the region of a map or map_reduce with its formulas";
  let arguments = (ins Variadic<Keops_Value>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // KEOPS_OPS_TD
