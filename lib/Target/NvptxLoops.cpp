// Chooses unroll counts: the counter and the branch of a loop over pairs cost as much as a third
// of a Gaussian, and a load takes longer than the arithmetic of one pair. Other loops stay as short
// as they are.
#include "NvptxPasses.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/LoopUtils.h"

using namespace llvm;
using namespace keops;

/// Instructions that a thread runs for `instruction`: one for each element of a vector.
static unsigned getCost(const Instruction &instruction) {
  if (isa<PHINode, InsertElementInst, ExtractElementInst, ShuffleVectorInst>(instruction))
    return 0;
  auto *vector = dyn_cast<FixedVectorType>(instruction.getType());
  return vector && !isa<LoadInst>(instruction) ? vector->getNumElements() : 1;
}

static unsigned getSize(const Loop &loop) {
  unsigned size = 0;
  for (const BasicBlock *block : loop.blocks())
    for (const Instruction &instruction : *block)
      size += getCost(instruction);
  return size;
}

/// More instructions of one loop do not pay, and cost registers and time of the assembler.
static constexpr unsigned mostInstructions = 400;

/// As many copies as that allows.
static unsigned chooseCount(unsigned size) {
  constexpr unsigned mostCopies = 8;
  unsigned count = mostCopies;
  while (count > 1 && count * size > mostInstructions)
    count /= 2;
  return count;
}

/// Threads must not meet at a barrier in copies of a loop that others do not run.
static bool hasConvergentCall(const Loop &loop) {
  for (const BasicBlock *block : loop.blocks())
    for (const Instruction &instruction : *block)
      if (auto *call = dyn_cast<CallBase>(&instruction); call && call->isConvergent())
        return true;
  return false;
}

/// Asynchronous copies do not wait for each other, so that nothing is gained by more of them in a
/// turn.
static bool beginsCopies(const Loop &loop) {
  for (const BasicBlock *block : loop.blocks())
    for (const Instruction &instruction : *block)
      if (auto *call = dyn_cast<IntrinsicInst>(&instruction))
        if (call->getCalledFunction()->getName().starts_with("llvm.nvvm.cp.async."))
          return true;
  return false;
}

/// Whether a loop of known length becomes straight code.
static bool disappears(Loop &loop, ScalarEvolution &evolution, unsigned size) {
  unsigned length = evolution.getSmallConstantTripCount(&loop);
  return length && length <= mostInstructions / std::max(size, 1u);
}

/// Loops over pairs, components or pieces carry what they add up. One that fills or copies memory
/// does not, and copies of it gain nothing: each has the test of the end, and its load does not go
/// before the store of the one ahead. They would be half of a kernel.
static bool addsUp(const Loop &loop) {
  return any_of(loop.getHeader()->phis(),
                [](const PHINode &phi) { return phi.getType()->isFPOrFPVectorTy(); });
}

PreservedAnalyses ChooseUnrollCounts::run(Function &function, FunctionAnalysisManager &analyses) {
  ScalarEvolution &evolution = analyses.getResult<ScalarEvolutionAnalysis>(function);
  for (Loop *loop : analyses.getResult<LoopAnalysis>(function).getLoopsInPreorder()) {
    if (!loop->isInnermost() || hasConvergentCall(*loop))
      continue;
    unsigned size = getSize(*loop), count = chooseCount(size);
    if (beginsCopies(*loop))
      addStringMetadataToLoop(loop, "llvm.loop.unroll.disable", 1);
    else if (disappears(*loop, evolution, size))
      addStringMetadataToLoop(loop, "llvm.loop.unroll.full");
    else if (!addsUp(*loop))
      addStringMetadataToLoop(loop, "llvm.loop.unroll.disable", 1);
    else if (count > 1)
      addStringMetadataToLoop(loop, "llvm.loop.unroll.count", count);
  }
  return PreservedAnalyses::all();
}
