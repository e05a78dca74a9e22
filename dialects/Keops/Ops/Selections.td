// What derivatives of reductions are made of: operations that know the row they are computed for. No formula spells
// them; Differentiate/Policies.cpp makes them, lib/IR/Selections.cpp holds their methods.
#ifndef KEOPS_OPS_SELECTIONS_TD
#define KEOPS_OPS_SELECTIONS_TD

include "Keops/Vocabulary.td"

class Keops_PairOp<string mnemonic, dag operands> : Op<Keops_Dialect, mnemonic, [Pure,
    DeclareOpInterfaceMethods<InferTypeOpInterface>, DeclareOpInterfaceMethods<Keops_FormulaOpInterface>]> {
  let arguments = operands;
  let results = (outs Keops_Value:$result);
}

def Keops_ScatterAtOp : Keops_PairOp<"scatter_at", (ins Keops_Value:$indices, Keops_Value:$x, I64Attr:$dim)> {
  let summary = "the components of x whose index is the row at hand, those of K lists added";
  let description = [{
    `indices` (64-bit integers, K lists of `dim`) stands on one index of the pair; component c of the result is the sum
    over k of `x[k, c]` where `indices[k, c]` is the row on the other index, and 0 elsewhere, whatever x is there.
  }];
  let assemblyFormat = "$indices `,` $x `,` $dim attr-dict `:` type($indices) `,` type($x)";
}

def Keops_GatherAtOp : Keops_PairOp<"gather_at", (ins Keops_Value:$indices, Keops_Value:$x)> {
  let summary = "the transpose of scatter_at: component c of x at all (k, c) whose index is the row at hand, else 0";
  let assemblyFormat = "$indices `,` $x attr-dict `:` type($indices) `,` type($x)";
}

def Keops_OnlyAtOp : Keops_PairOp<"only_at", (ins Keops_Value:$indices, Keops_Value:$x)> {
  let summary = "x if any index is the row at hand, else 0";
  let assemblyFormat = "$indices `,` $x attr-dict `:` type($indices) `,` type($x)";
}

def Keops_SizeOp : Op<Keops_Dialect, "size", [Pure, DeclareOpInterfaceMethods<Keops_FormulaOpInterface>]> {
  let summary = "the number of terms of a row in a reduction over an index, rounded to the computing type";
  let arguments = (ins Keops_PlacementAttr:$over);
  let results = (outs Keops_Value:$result);
  let assemblyFormat = "`of` custom<Over>($over) attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // KEOPS_OPS_SELECTIONS_TD
