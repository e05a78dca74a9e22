// Chooses unroll counts: the counter and the branch of a loop over pairs cost as much as a third
// of a Gaussian, and a load takes longer than the arithmetic of one pair.
#include "NvptxPasses.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/Instructions.h"
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

/// As many copies as fill about 400 instructions: more do not pay, and cost registers and time of
/// the assembler.
static unsigned chooseCount(unsigned size) {
  constexpr unsigned mostCopies = 8, mostInstructions = 400;
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

PreservedAnalyses ChooseUnrollCounts::run(Function &function, FunctionAnalysisManager &analyses) {
  ScalarEvolution &evolution = analyses.getResult<ScalarEvolutionAnalysis>(function);
  for (Loop *loop : analyses.getResult<LoopAnalysis>(function).getLoopsInPreorder()) {
    if (!loop->isInnermost() || hasConvergentCall(*loop) ||
        evolution.getSmallConstantTripCount(loop))
      continue;
    unsigned count = chooseCount(getSize(*loop));
    if (count > 1)
      addStringMetadataToLoop(loop, "llvm.loop.unroll.count", count);
  }
  return PreservedAnalyses::all();
}
