// The analyses that LLVM's optimisation passes ask for, of any target. Translate.cpp and
// NvptxCode.cpp run their pipelines with them.
#ifndef KEOPS_LIB_TARGET_ANALYSES_H
#define KEOPS_LIB_TARGET_ANALYSES_H

#include "llvm/Passes/PassBuilder.h"

namespace keops {

struct Analyses {
  explicit Analyses(llvm::PassBuilder &builder) {
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(callGraph);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, callGraph, modules);
  }

  // In this order: each manager is destroyed before those that its analyses refer to.
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
};

} // namespace keops

#endif // KEOPS_LIB_TARGET_ANALYSES_H
