// Asynchronous copies for chips that have none.
#include "NvptxPasses.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"

using namespace llvm;
using namespace keops;

static void copyAtOnce(IntrinsicInst &copy, unsigned bytes) {
  IRBuilder<> b(&copy);
  Type *words = FixedVectorType::get(b.getInt32Ty(), bytes / 4);
  Value *loaded = b.CreateAlignedLoad(words, copy.getArgOperand(1), Align(bytes));
  b.CreateAlignedStore(loaded, copy.getArgOperand(0), Align(bytes));
}

/// Whether nothing of it is left to do.
static bool expand(IntrinsicInst &intrinsic) {
  switch (intrinsic.getIntrinsicID()) {
  case Intrinsic::nvvm_cp_async_ca_shared_global_4:
    copyAtOnce(intrinsic, 4);
    return true;
  case Intrinsic::nvvm_cp_async_ca_shared_global_8:
    copyAtOnce(intrinsic, 8);
    return true;
  case Intrinsic::nvvm_cp_async_ca_shared_global_16:
    copyAtOnce(intrinsic, 16);
    return true;
  case Intrinsic::nvvm_cp_async_commit_group:
  case Intrinsic::nvvm_cp_async_wait_group:
    return true;
  default:
    return false;
  }
}

PreservedAnalyses CopyAtOnce::run(Function &function, FunctionAnalysisManager &) {
  for (Instruction &instruction : make_early_inc_range(instructions(function)))
    if (auto *intrinsic = dyn_cast<IntrinsicInst>(&instruction); intrinsic && expand(*intrinsic))
      intrinsic->eraseFromParent();
  return PreservedAnalyses::none();
}
