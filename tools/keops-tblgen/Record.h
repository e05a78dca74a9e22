// A typed view of one operation record, shared by all generators.
#ifndef KEOPS_TBLGEN_RECORD_H
#define KEOPS_TBLGEN_RECORD_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TableGen/Record.h"

#include <string>
#include <vector>

/// One argument of an operation: a value or an attribute.
struct Operand {
  std::string name;
  /// 'v' a value, 'n' an integer, 'l' a list of integers, 'o' a list that may be left out.
  char kind;
  bool isValue() const { return kind == 'v'; }
};

/// The C++ expression that reads an operand or attribute of an operation: "getStart()".
std::string getter(llvm::StringRef operand);

/// An operation that has a name in formulas.
class OpRecord {
public:
  explicit OpRecord(const llvm::Record &record);
  OpRecord(const OpRecord &) = default;

  const llvm::Record &def;
  std::vector<Operand> operands;

  llvm::StringRef formulaName() const { return def.getValueAsString("formulaName"); }
  llvm::StringRef summary() const { return def.getValueAsString("summary"); }
  std::string className() const;
  std::string mnemonic() const { return def.getValueAsString("opName").str(); }
  bool isElementwise() const { return def.isSubClassOf("Keops_Elementwise"); }
  bool isComposite() const { return def.isSubClassOf("Keops_Composite"); }
  bool isStructural() const { return def.isSubClassOf("Keops_Structural"); }
  const char *kind() const;
  llvm::StringRef linearity() const { return def.getValueAsString("linearity"); }
  llvm::SmallVector<llvm::StringRef> valueOperands() const;
};

/// All formula operations, in the order of their definition.
std::vector<OpRecord> formulaOperations(const llvm::RecordKeeper &records);
/// All reductions, in the order of their numbers.
std::vector<const llvm::Record *> reductions(const llvm::RecordKeeper &records);
/// A field that a record must fill in; reports the record's place when it is missing.
llvm::StringRef requiredString(const llvm::Record &record, llvm::StringRef field);

/// The derivative with respect to each operand, as formula text; composites print their expansion.
std::vector<std::string> derivativeTexts(const OpRecord &op, const llvm::RecordKeeper &records);
std::string expansionText(const OpRecord &op, const llvm::RecordKeeper &records);

/// C++ that builds the formula `node`; operands are the C++ expressions `operandExpr[name]`.
/// Returns the name of the variable that holds the result. Statements go to `os`.
class FormulaBuilder {
public:
  FormulaBuilder(const OpRecord &op, const llvm::RecordKeeper &records, llvm::raw_ostream &os);
  std::string build(const llvm::DagInit *node);

private:
  std::string buildCall(const OpRecord &callee, const llvm::DagInit *node);
  std::string argument(const llvm::Init *arg, llvm::StringRef name, bool asValue,
                       const llvm::Record &at);
  std::string fresh(const std::string &expression);

  const OpRecord &op;
  std::vector<OpRecord> all;
  llvm::raw_ostream &os;
  unsigned counter = 0;
};

#endif // KEOPS_TBLGEN_RECORD_H
