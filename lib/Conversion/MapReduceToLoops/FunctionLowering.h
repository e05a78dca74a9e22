// The lowering of whole functions of formulas, for the passes MapReduceToCPU and MapReduceToGPU.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_FUNCTIONLOWERING_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_FUNCTIONLOWERING_H

#include "Functions.h"
#include "Machine.h"

namespace keops::loops {

/// The functions of a module that compute keops values.
llvm::SmallVector<mlir::func::FuncOp> findFormulas(mlir::ModuleOp module);

/// Replaces one of them by loops of `machine` and gives the module its manifest.
mlir::LogicalResult lowerFunction(mlir::func::FuncOp source, Machine &machine,
                                  Functions &functions);

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_FUNCTIONLOWERING_H
