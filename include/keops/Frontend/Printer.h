// The way back from the keops dialect to formula text. Counterpart: Parser.h.
#ifndef KEOPS_FRONTEND_PRINTER_H
#define KEOPS_FRONTEND_PRINTER_H

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace keops {

/// A formula as a user would write it.
struct FormulaText {
  std::string formula;
  std::vector<std::string> aliases; ///< "x=Vi(3)", one per argument, in order
  std::string dtype;                ///< of all arrays: "f32", "f64", "f16" or "bf16"
};

/// Prints the only function of `module` with as few parentheses as possible. Parsing the result
/// gives the module back, as long as no pass has changed it; a module changed by passes is printed
/// if it still is a list of reductions. Failures (operations that have no spelling, a text beyond
/// the length limit) are emitted as diagnostics.
mlir::FailureOr<FormulaText> printFormula(mlir::ModuleOp module);

} // namespace keops

#endif // KEOPS_FRONTEND_PRINTER_H
