// Attributes of the dialect: placements, reductions, sums, rational constants, precision and schedules.
#ifndef KEOPS_ATTRIBUTES_TD
#define KEOPS_ATTRIBUTES_TD

include "Keops/Dialect.td"
include "Keops/Ops/Reductions.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

// The values are bit sets, so that the join of two placements is their union.
def Keops_Placement : I32EnumAttr<"Placement", "which indices a value depends on", [
    I32EnumAttrCase<"P", 0, "p">, I32EnumAttrCase<"I", 1, "i">,
    I32EnumAttrCase<"J", 2, "j">, I32EnumAttrCase<"IJ", 3, "ij">]> {
  let cppNamespace = "::keops";
  let genSpecializedAttr = 0;
}
def Keops_PlacementAttr : EnumAttr<Keops_Dialect, Keops_Placement, "placement">;

def Keops_Precision : I32EnumAttr<"Precision", "accuracy level of functions and sums", [
    I32EnumAttrCase<"Fast", 0, "fast">, I32EnumAttrCase<"Default", 1, "default">,
    I32EnumAttrCase<"High", 2, "high">]> {
  let cppNamespace = "::keops";
  let genSpecializedAttr = 0;
}
def Keops_PrecisionAttr : EnumAttr<Keops_Dialect, Keops_Precision, "precision">;

def Keops_ReductionKind : I32EnumAttr<"ReductionKind", "how the values of one row are combined",
                                      !instances<Keops_Reduction>()> {
  let cppNamespace = "::keops";
  let genSpecializedAttr = 0;
}

def Keops_ReduceAttr : AttrDef<Keops_Dialect, "Reduce"> {
  let mnemonic = "reduce";
  let summary = "one reduction of a map_reduce: its kind, K for the K-best kinds, and the index of what was not found";
  let parameters = (ins EnumParameter<Keops_ReductionKind>:$kind, DefaultValuedParameter<"int64_t", "0">:$bestOf,
                        DefaultValuedParameter<"int64_t", "0">:$missing);
  let builders = [AttrBuilder<(ins "::keops::ReductionKind":$kind), [{ return $_get($_ctxt, kind, 0, 0); }]>];
  let assemblyFormat = "`<` $kind (`,` $bestOf^)? (`missing` `=` $missing^)? `>`";
}
def Keops_ReduceArrayAttr : TypedArrayAttrBase<Keops_ReduceAttr, "array of reductions">;

def Keops_SumScheme : I32EnumAttr<"SumScheme", "how terms reach the accumulator", [
    I32EnumAttrCase<"Auto", 0, "auto">, I32EnumAttrCase<"DirectSum", 1, "direct_sum">,
    I32EnumAttrCase<"BlockSum", 2, "block_sum">, I32EnumAttrCase<"KahanScheme", 3, "kahan_scheme">]> {
  let cppNamespace = "::keops";
  let genSpecializedAttr = 0;
}
def Keops_Accumulator : I32EnumAttr<"Accumulator", "type of the accumulator; auto is the type of the terms", [
    I32EnumAttrCase<"Auto", 0, "auto">, I32EnumAttrCase<"F32", 1, "f32">, I32EnumAttrCase<"F64", 2, "f64">]> {
  let cppNamespace = "::keops";
  let genSpecializedAttr = 0;
}
def Keops_SumsAttr : AttrDef<Keops_Dialect, "Sums"> {
  let mnemonic = "sums";
  let summary = "what the caller wants of sums: docs/rationale/reductions.md";
  let parameters = (ins EnumParameter<Keops_SumScheme>:$scheme, EnumParameter<Keops_Accumulator>:$accumulator);
  let assemblyFormat = "`<` $scheme `,` $accumulator `>`";
}

def Keops_RationalAttr : AttrDef<Keops_Dialect, "Rational"> {
  let mnemonic = "rational";
  let summary = "an exact quotient of two integers in lowest terms, the divisor positive";
  let parameters = (ins "int64_t":$numerator, "int64_t":$denominator);
  let assemblyFormat = "`<` $numerator `,` $denominator `>`";
}

def Keops_ScheduleAttr : AttrDef<Keops_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "how a map_reduce is laid out on the machine; every field can be forced";
  let description = [{
    `rows` x `lanes` kept rows are computed together (`rows` vectors side by side); the reduced index runs in blocks
    of `block` terms, `blocks` of which form one step of the outer accumulation; `chunk` output components are
    carried at a time; `split` bounds the number of pieces into which the reduced index may be cut when kept rows
    are few; `panel` reduced rows are computed side by side for the same kept rows, so that what is read of a row
    serves them all. On a GPU, so many `stages` of reduced rows stand in memory that threads share: of two, one is
    filled while the pairs of the other are computed. With `narrow`, a tile that is not half full is reduced one vector
    of `lanes` rows at a time. With `calls`, functions of several instructions (exp, sin, ...) are called where they
    stand; otherwise they are written in place.
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$lanes, "int64_t":$block, "int64_t":$blocks, "int64_t":$chunk,
                        "int64_t":$split, DefaultValuedParameter<"int64_t", "1">:$panel,
                        DefaultValuedParameter<"int64_t", "1">:$stages,
                        DefaultValuedParameter<"bool", "false">:$narrow,
                        DefaultValuedParameter<"bool", "false">:$calls);
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif // KEOPS_ATTRIBUTES_TD
