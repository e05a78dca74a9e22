// Elementwise functions that a large formula calls instead of repeating their code. Tile.cpp and
// Pack.cpp hand them to the emitter of formulas; the cost model says where they are used.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_FUNCTIONS_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_FUNCTIONS_H

#include "Storage.h"

#include "keops/IR/Emitter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace keops::loops {

/// One private function for each operation, its attributes and the type of a component, made on
/// first use.
class Functions {
public:
  explicit Functions(mlir::Operation *symbolTable) : symbolTable(symbolTable) {}
  mlir::Value call(mlir::OpBuilder &b, mlir::Operation *op, mlir::ValueRange operands,
                   Emitter::Body body);

private:
  mlir::func::FuncOp create(mlir::Operation *op, mlir::ValueRange operands, Emitter::Body body);

  mlir::Operation *symbolTable;
  using Key = std::tuple<mlir::OperationName, mlir::DictionaryAttr, mlir::Type>;
  llvm::DenseMap<Key, mlir::func::FuncOp> known;
};

/// What an emitter is given where functions are called.
Emitter::Call callsTo(Frame &frame);

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_FUNCTIONS_H
