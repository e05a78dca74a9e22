// Atomic updates of kernels, with their order as fences.
#include "NvptxPasses.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;
using namespace keops;

/// The narrowest scope that sees the memory: threads of other devices touch none of it.
static SyncScope::ID getScope(const AtomicRMWInst &update) {
  constexpr unsigned workgroup = 3;
  return update.getContext().getOrInsertSyncScopeID(
      update.getPointerAddressSpace() == workgroup ? "block" : "device");
}

static void order(AtomicRMWInst &update) {
  AtomicOrdering ordering = update.getOrdering();
  SyncScope::ID scope = getScope(update);
  IRBuilder<> before(&update), after(update.getNextNode());
  if (isReleaseOrStronger(ordering))
    before.CreateFence(AtomicOrdering::Release, scope);
  if (isAcquireOrStronger(ordering))
    after.CreateFence(AtomicOrdering::Acquire, scope);
  update.setOrdering(AtomicOrdering::Monotonic);
  update.setSyncScopeID(scope);
}

PreservedAnalyses OrderAtomics::run(Function &function, FunctionAnalysisManager &) {
  for (Instruction &instruction : instructions(function))
    if (auto *update = dyn_cast<AtomicRMWInst>(&instruction))
      order(*update);
  return PreservedAnalyses::none();
}
