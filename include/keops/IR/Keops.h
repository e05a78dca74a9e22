// The keops dialect in C++: types, attributes, interfaces and operations, generated from
// dialects/Keops.
#ifndef KEOPS_IR_KEOPS_H
#define KEOPS_IR_KEOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace keops {
class Emitter;

/// A partial derivative: a factor, or a condition that makes it 1 where it is not 0. Null where it
/// is 0 everywhere.
struct Partial {
  mlir::Value value;
  bool isCondition = false;
};
} // namespace keops

#include "keops/IR/KeopsEnums.h.inc"

#include "keops/IR/KeopsDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "keops/IR/KeopsAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "keops/IR/KeopsTypes.h.inc"

#include "keops/IR/KeopsInterfaces.h.inc"

#define GET_OP_CLASSES
#include "keops/IR/KeopsOps.h.inc"

namespace keops {

/// The placement of a value that depends on `a` and on `b`.
inline Placement join(Placement a, Placement b) {
  return static_cast<Placement>(static_cast<uint32_t>(a) | static_cast<uint32_t>(b));
}
/// i for j and j for i.
inline Placement otherIndex(Placement index) {
  return index == Placement::I ? Placement::J : Placement::I;
}

inline ValueType getValueType(mlir::Value value) { return mlir::cast<ValueType>(value.getType()); }
inline int64_t getDim(mlir::Value value) { return getValueType(value).getDim(); }
inline mlir::Type getElementType(mlir::Operation *op) {
  return getValueType(op->getResult(0)).getElementType();
}

/// Whether the value is a `keops.zero`.
bool isZero(mlir::Value value);

/// A constant formula numerator / denominator, reduced to lowest terms.
mlir::Value createRational(mlir::OpBuilder &b, mlir::Location loc, mlir::Type elementType,
                           int64_t numerator, int64_t denominator);
/// The zero vector of dimension `dim`.
mlir::Value createZero(mlir::OpBuilder &b, mlir::Location loc, mlir::Type elementType, int64_t dim);

/// A constant formula that is no quotient of integers.
mlir::Value createReal(mlir::OpBuilder &b, mlir::Location loc, mlir::Type elementType,
                       double number);
/// Infers the result type of a formula operation anew, after its operands changed.
void refreshType(mlir::Operation *op);

/// One function of the formula language. `operands` has 'v' for a value, 'n' for an integer, 'l'
/// for a list of integers and 'o' for a list that may be left out.
struct FormulaInfo {
  llvm::StringRef name;
  llvm::StringRef mnemonic;
  llvm::StringRef operands;
  llvm::StringRef operandNames; ///< separated by commas
  llvm::StringRef runTimeForm;  ///< the function meant when a formula stands for an integer
  llvm::StringRef linearity;    ///< "all", "each", "first", or anything else: not linear
  int64_t cost;                 ///< per component, in additions
};
/// All functions of the formula language, in the order of their records.
llvm::ArrayRef<FormulaInfo> getFormulaTable();
/// The row of an operation, or null if it is none of the table.
const FormulaInfo *getFormulaInfo(mlir::Operation *op);

} // namespace keops

#endif // KEOPS_IR_KEOPS_H
