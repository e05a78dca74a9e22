// The door through which formula text enters the compiler: text and aliases in, a module of the
// keops dialect out. Counterpart: Printer.h. Errors are MLIR diagnostics located in the text;
// Diagnostics.h renders them.
#ifndef KEOPS_FRONTEND_PARSER_H
#define KEOPS_FRONTEND_PARSER_H

#include "keops/IR/Keops.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace keops {

/// Parses a reduction such as "Sum_Reduction(Exp(-SqDist(x,y))*b,0)" with aliases such as "x=Vi(3)"
/// into a module that holds one function `symbol`. The function has one argument per position,
/// unused ones included, and returns the results of the reductions in order. Every operation
/// carries a location inside the formula (see getFormulaLoc). After a failure exactly one error has
/// been emitted. `storage` is the element type of all arrays: f32 and f64 are computed in
/// themselves, f16 and bf16 in f32. `sums` may be null; a program without any sum refuses another.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
parseFormula(llvm::StringRef formula, llvm::ArrayRef<llvm::StringRef> aliases, mlir::Type storage,
             llvm::StringRef symbol, Precision precision, mlir::MLIRContext *context,
             SumsAttr sums = {});

/// The element type that `dtype` names: f32, f64, f16 or bf16. On failure `error` names the option,
/// what was expected and what came; so it does in readSums.
mlir::FailureOr<mlir::Type> readDType(llvm::StringRef dtype, mlir::MLIRContext *context,
                                      std::string &error);

/// What is asked of sums: a scheme, and the type of accumulators (auto, f32 or f64) for terms of
/// arrays of type `storage`; null where both are auto.
mlir::FailureOr<SumsAttr> readSums(llvm::StringRef scheme, llvm::StringRef accumulator,
                                   mlir::Type storage, std::string &error);

/// The location of the bytes [begin, end) of `text`: a range on line 1 of a "file" whose name is
/// the text itself.
mlir::Location getFormulaLoc(mlir::MLIRContext *context, llvm::StringRef text, size_t begin,
                             size_t end);

} // namespace keops

#endif // KEOPS_FRONTEND_PARSER_H
