// The one type of the dialect: a short vector together with the indices it depends on.
#ifndef KEOPS_TYPES_TD
#define KEOPS_TYPES_TD

include "Keops/Attributes.td"
include "mlir/IR/AttrTypeBase.td"

def Keops_Value : TypeDef<Keops_Dialect, "Value"> {
  let mnemonic = "value";
  let summary = "a vector of a fixed dimension, placed on p, i, j or ij";
  let description = [{
    `!keops.value<3xf32, ij>` has three components of type `f32` for each pair `(i, j)`. The placement of a result
    is the join of its operands' placements, so it is inferred and never chosen.
  }];
  let parameters = (ins "int64_t":$dim, "::mlir::Type":$elementType, "::keops::Placement":$placement);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // KEOPS_TYPES_TD
