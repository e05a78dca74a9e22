// The keops dialect itself. Its types, attributes, interfaces and operations stand in the neighbouring files.
#ifndef KEOPS_DIALECT_TD
#define KEOPS_DIALECT_TD

include "mlir/IR/OpBase.td"

def Keops_Dialect : Dialect {
  let name = "keops";
  let cppNamespace = "::keops";
  let summary = "formulas on small vectors and their reductions over point clouds";
  let description = [{
    A value is a short vector that exists once per computation, once per row `i`, once per row `j`, or once per
    pair `(i, j)`. Formula operations combine values; `keops.map_reduce` reduces a formula over one of the two
    indices without ever storing all pairs.

    Arguments and results of functions of f32 values may be stored as f16 or bf16, which the attribute `keops.storage`
    says: `%x: !keops.value<3xf32, i> {keops.storage = f16}`. They are widened when they are read and rounded once, to
    nearest even, when they are written; nothing else changes.
  }];
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

#endif // KEOPS_DIALECT_TD
