// Soft dynamic time warping on a matrix of costs (Cuturi and Blondel, ICML 2017). These two operations are closed under
// differentiation; their methods stand in lib/IR/Warping.cpp, the reasons in docs/rationale/vocabulary.md.
#ifndef KEOPS_OPS_WARPING_TD
#define KEOPS_OPS_WARPING_TD

include "Keops/Vocabulary.td"

class Keops_Warping<string formula>
    : Keops_Structural<formula, (ins Keops_Value:$x, I64Attr:$rows, I64Attr:$columns),
                       [DeclareOpInterfaceMethods<Keops_ScratchOpInterface>]> {
  let linearity = "own";
  let domain = ["0.3", "3"];
  let maxUlp = "32";
  let maxUlpHigh = "32";
  let assemblyFormat = "$x `,` $rows `,` $columns attr-dict `:` type($x)";
}

def Keops_SoftDTWOp : Keops_Warping<"SoftDTW"> {
  let summary = "-log of the sum of exp(-cost) over all monotone paths through a matrix of costs, row by row";
  let inferDims = "inferWarping";
  let derivativeText = "SoftDTWPlan(x, rows, columns) * e";
  let cost = 45;
  let reference = "soft_dtw_of_costs(x, rows, columns)";
  let edgeCases = "a path never passes an infinite cost; inf where there is no other path";
}

def Keops_SoftDTWPlanOp : Keops_Warping<"SoftDTWPlan"> {
  let summary = "how often a path passes each cell: the gradient of SoftDTW. With x the costs and k more matrices, the "
                "derivative of that gradient along each of them";
  let inferDims = "inferWarpingPlan";
  let derivativeText = "SoftDTWPlan of the same matrices and e, and of those with e in the place of one";
  let cost = 100;
  let reference = "soft_dtw_plan(x, rows, columns)";
  let edgeCases = "at most 5 directions";
  let extraClassDeclaration = [{
    /// More directions take twice the memory each.
    static constexpr int64_t mostDirections = 5;
    /// The matrices in x besides the costs.
    int64_t getDirectionCount();
  }];
}

#endif // KEOPS_OPS_WARPING_TD
