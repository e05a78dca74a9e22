// The arguments of a formula: position, name, dimension, placement; and the syntax that declares
// them, which aliases
// ("x=Vi(3)") and formulas ("Var(0,3,0)") share.
#ifndef KEOPS_LIB_FRONTEND_VARIABLES_H
#define KEOPS_LIB_FRONTEND_VARIABLES_H

#include "TokenStream.h"
#include "keops/IR/Keops.h"

#include "llvm/ADT/StringMap.h"

#include <map>
#include <optional>
#include <string>

namespace keops {

struct Variable {
  int64_t position;
  int64_t dim;
  Placement placement;
  std::string name; ///< empty when the formula calls it Var(...)
};

class VariableTable {
public:
  /// Adds a variable, or gives a further name to one that is already there with the same shape.
  mlir::LogicalResult declare(mlir::Location loc, const Variable &variable);
  const Variable *find(llvm::StringRef name) const;
  const Variable &get(int64_t position) const { return variables.at(position); }
  /// One more than the largest position.
  int64_t getNextPosition() const { return variables.empty() ? 0 : variables.rbegin()->first + 1; }
  /// Positions must be 0, 1, 2, ... without holes.
  mlir::LogicalResult checkComplete(mlir::Location loc) const;
  const std::map<int64_t, Variable> &getVariables() const { return variables; }
  llvm::SmallVector<llvm::StringRef> getNames() const;

private:
  std::map<int64_t, Variable> variables;
  llvm::StringMap<int64_t> positions;
};

/// How formulas write a placement: "Vi", "Vj" or "Pm".
llvm::StringRef getCategoryName(Placement placement);
/// The number of a placement in Var(k,D,category): 0, 1 or 2.
int64_t getCategory(Placement placement);
/// Whether the name declares variables: Vi, Vj, Pm, Var, Vx, Vy.
bool isVariableKeyword(llvm::StringRef name);

/// Parses "Vi(3)", "Vi(0,3)" or "Var(0,3,0)"; the next token is the keyword. Without an implicit
/// position, only the forms that state one are accepted.
mlir::FailureOr<Variable> parseVariable(TokenStream &tokens,
                                        std::optional<int64_t> implicitPosition);

/// Parses alias number `index` of the list into the table.
mlir::LogicalResult parseAlias(mlir::MLIRContext *context, llvm::StringRef text, int64_t index,
                               VariableTable &table);

} // namespace keops

#endif // KEOPS_LIB_FRONTEND_VARIABLES_H
