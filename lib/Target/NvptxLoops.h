// How often loops of kernels are unrolled. Part of the pipeline in NvptxCode.cpp.
#ifndef KEOPS_LIB_TARGET_NVPTXLOOPS_H
#define KEOPS_LIB_TARGET_NVPTXLOOPS_H

#include "llvm/IR/PassManager.h"

namespace keops {

/// Tells LLVM's unroller how many copies to make of each innermost loop whose length is known only
/// when it runs; the unroller's own estimate leaves such loops alone.
struct ChooseUnrollCounts : llvm::PassInfoMixin<ChooseUnrollCounts> {
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
};

} // namespace keops

#endif // KEOPS_LIB_TARGET_NVPTXLOOPS_H
