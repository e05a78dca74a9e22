// Builds formula operations for the parser: by name, with type inference, within the limits, and
// with variables passed into each region once and in order of position.
#ifndef KEOPS_LIB_FRONTEND_FORMULABUILDER_H
#define KEOPS_LIB_FRONTEND_FORMULABUILDER_H

#include "Variables.h"
#include "keops/IR/Keops.h"

#include <map>
#include <memory>
#include <optional>

namespace keops {

/// A block under construction. It has one argument per variable used in it, sorted by position.
struct FormulaScope {
  std::unique_ptr<mlir::Block> block = std::make_unique<mlir::Block>();
  std::map<int64_t, mlir::BlockArgument> arguments;
};

/// All functions return the null value (or failure) after having emitted an error.
class FormulaBuilder {
public:
  FormulaBuilder(mlir::MLIRContext *context, mlir::Type elementType);

  /// Operations are appended to the innermost open scope.
  class ScopeGuard {
  public:
    ScopeGuard(FormulaBuilder &parent, FormulaScope &scope);
    ~ScopeGuard();

  private:
    FormulaBuilder &parent;
    FormulaScope *outer;
  };

  mlir::Value createVariable(mlir::Location loc, const Variable &variable);
  mlir::Value createInteger(mlir::Location loc, int64_t number) {
    return createRational(loc, number, 1);
  }
  mlir::Value createRational(mlir::Location loc, int64_t numerator, int64_t denominator);
  /// Whether a number is finite in the computing type.
  bool isFinite(double number) const;
  mlir::Value createFloat(mlir::Location loc, double number);
  mlir::Value createZero(mlir::Location loc, int64_t dim);
  /// The function `info` of its operands, in the order of the record.
  mlir::Value create(mlir::Location loc, const FormulaInfo &info, mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::Attribute> attributes = {});
  mlir::Value create(mlir::Location loc, llvm::StringRef name, mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::Attribute> attributes = {});
  mlir::Value createGrad(mlir::Location loc, mlir::Value formula, mlir::Value variable,
                         mlir::Value adjoint);
  mlir::Value createDiff(mlir::Location loc, mlir::Value formula, mlir::Value variable,
                         mlir::Value tangent);
  /// A map or map_reduce whose region is `scope`; its inputs are the scope's variables in the
  /// current scope.
  mlir::Operation *createRegionOp(mlir::OperationState &state, FormulaScope scope,
                                  mlir::TypeRange results);
  void createYield(mlir::Location loc, mlir::ValueRange values);
  void createReturn(mlir::Location loc, mlir::ValueRange values);

  /// The integer of a constant that is `number` exactly, 0 for a zero of dimension 1.
  static std::optional<int64_t> getInteger(mlir::Value value);
  /// Removes an unused constant, after its number went into an attribute.
  void eraseConstant(mlir::Value value);

  mlir::OpBuilder &builder() { return b; }
  FormulaScope &scope() { return *current; }

private:
  mlir::Operation *createInferred(mlir::OperationState &state);
  mlir::Value createDerivative(mlir::Location loc, llvm::StringRef op, mlir::ValueRange operands);
  bool countOperation(mlir::Location loc);

  mlir::OpBuilder b;
  mlir::Type elementType;
  FormulaScope *current = nullptr;
  int64_t operations = 0;
};

} // namespace keops

#endif // KEOPS_LIB_FRONTEND_FORMULABUILDER_H
