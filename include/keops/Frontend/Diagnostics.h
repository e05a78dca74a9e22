// Turns MLIR diagnostics into messages for people who wrote a formula: the sentence, the formula, a
// caret under it. Used by every door: the tools and the C interface of libkeops-compiler.
#ifndef KEOPS_FRONTEND_DIAGNOSTICS_H
#define KEOPS_FRONTEND_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

#include <string>

namespace keops {

/// While alive, collects all diagnostics of a context instead of letting them go to the error
/// stream.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);

  bool hasErrors() const { return errors != 0; }
  /// All errors and their notes, rendered one after another; ends with a newline unless empty.
  const std::string &getErrors() const { return errorText; }
  /// The same for warnings and remarks.
  const std::string &getWarnings() const { return warningText; }

private:
  void collect(mlir::Diagnostic &diagnostic);

  std::string errorText, warningText;
  unsigned errors = 0;
  mlir::ScopedDiagnosticHandler handler;
};

/// One diagnostic with its notes:
///
///     error: SqDist: operands must have equal dimensions or dimension 1, got 3 and 2
///       Exp(-SqDist(x,y)*g)*b
///            ^~~~~~~~~~~
///
/// Of a long formula only a window around the place is shown.
std::string renderDiagnostic(mlir::Diagnostic &diagnostic);

} // namespace keops

#endif // KEOPS_FRONTEND_DIAGNOSTICS_H
