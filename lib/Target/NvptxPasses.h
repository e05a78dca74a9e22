// Passes on the LLVM IR of kernels that LLVM does not have. NvptxCode.cpp says when they run.
#ifndef KEOPS_LIB_TARGET_NVPTXPASSES_H
#define KEOPS_LIB_TARGET_NVPTXPASSES_H

#include "llvm/IR/PassManager.h"

namespace keops {

/// Tells LLVM's unroller how many copies to make of each innermost loop. Its own estimate leaves
/// loops alone whose length is known only when they run.
struct ChooseUnrollCounts : llvm::PassInfoMixin<ChooseUnrollCounts> {
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
};

/// Writes the order that atomic updates ask for as fences around them. The code generator of LLVM
/// 22 drops it: its instructions are relaxed ones.
struct OrderAtomics : llvm::PassInfoMixin<OrderAtomics> {
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
};

/// Copies at once what is to be copied asynchronously. For chips without such instructions.
struct CopyAtOnce : llvm::PassInfoMixin<CopyAtOnce> {
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
};

} // namespace keops

#endif // KEOPS_LIB_TARGET_NVPTXPASSES_H
