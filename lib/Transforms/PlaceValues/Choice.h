// Which subformulas leave the loop over pairs. PlaceValues.cpp moves them.
#ifndef KEOPS_LIB_TRANSFORMS_PLACEVALUES_H
#define KEOPS_LIB_TRANSFORMS_PLACEVALUES_H

#include "keops/IR/Keops.h"

namespace keops {

/// The formulas of `block` that are worth computing once per row of `placement` (p, i or j), in
/// order: the largest ones with arithmetic at their root. Of very many, only the costly ones.
llvm::SmallVector<mlir::Value> chooseHoisted(mlir::Block &block, Placement placement);

} // namespace keops

#endif // KEOPS_LIB_TRANSFORMS_PLACEVALUES_H
