// Subnormal results as zero, where a program may have them so. Translate.cpp calls it.
#ifndef KEOPS_LIB_TARGET_SUBNORMALS_H
#define KEOPS_LIB_TARGET_SUBNORMALS_H

#include "llvm/IR/Module.h"

namespace keops {

/// In each function that starts loops and whose attribute "denormal-fp-math" lets it, the processor
/// writes zero for subnormal results; the caller's mode comes back at its end. Only on x86, where a
/// subnormal result costs a hundred times what another does.
void flushSubnormals(llvm::Module &module,
                     llvm::function_ref<bool(const llvm::Function &)> startsLoops);

} // namespace keops

#endif // KEOPS_LIB_TARGET_SUBNORMALS_H
