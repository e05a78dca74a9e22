// Sets and restores the bit of the control register MXCSR.
#include "Subnormals.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicsX86.h"

using namespace llvm;

/// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, 10.2.3: flush to zero.
static constexpr uint32_t flushToZero = 1 << 15;

static bool mayFlush(const Function &function) {
  return function.getFnAttribute("denormal-fp-math")
      .getValueAsString()
      .starts_with("preserve-sign");
}

static void flushIn(Function &function) {
  IRBuilder<> b(&*function.getEntryBlock().getFirstInsertionPt());
  Value *callers = b.CreateAlloca(b.getInt32Ty()), *own = b.CreateAlloca(b.getInt32Ty());
  b.CreateIntrinsic(b.getVoidTy(), Intrinsic::x86_sse_stmxcsr, {callers});
  b.CreateStore(b.CreateOr(b.CreateLoad(b.getInt32Ty(), callers), flushToZero), own);
  b.CreateIntrinsic(b.getVoidTy(), Intrinsic::x86_sse_ldmxcsr, {own});
  for (BasicBlock &block : function)
    if (auto *end = dyn_cast<ReturnInst>(block.getTerminator())) {
      b.SetInsertPoint(end);
      b.CreateIntrinsic(b.getVoidTy(), Intrinsic::x86_sse_ldmxcsr, {callers});
    }
}

void keops::flushSubnormals(Module &module, function_ref<bool(const Function &)> startsLoops) {
  if (!module.getTargetTriple().isX86())
    return;
  for (Function &function : module)
    if (!function.isDeclaration() && mayFlush(function) && startsLoops(function))
      flushIn(function);
}
