// All names of the formula language, for the parser's look-up and for suggestions.
#ifndef KEOPS_LIB_FRONTEND_NAMES_H
#define KEOPS_LIB_FRONTEND_NAMES_H

#include "keops/IR/Keops.h"

#include <string>

namespace keops {

/// The end of every reduction's name in formulas: "Sum_Reduction".
inline constexpr llvm::StringLiteral reductionSuffix = "_Reduction";

/// The record of the function with this name, or null.
const FormulaInfo *findFormula(llvm::StringRef name);

/// "; did you mean 'Exp'?" with the nearest of all functions, reductions and `aliases`, or the
/// empty string when nothing is near.
std::string suggestName(llvm::StringRef misspelt, llvm::ArrayRef<llvm::StringRef> aliases);

} // namespace keops

#endif // KEOPS_LIB_FRONTEND_NAMES_H
