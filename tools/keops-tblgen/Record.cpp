// Reads operation records into OpRecord and lists them; incomplete records are reported at their
// place in the .td.
#include "Record.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/TableGen/Error.h"

#include <algorithm>

using namespace llvm;

static char kindOf(const Record &type, const Record &op) {
  char kind = StringSwitch<char>(type.getName())
                  .Case("Keops_Value", 'v')
                  .Case("I64Attr", 'n')
                  .Case("DenseI64ArrayAttr", 'l')
                  .Case("Keops_OptionalIntegers", 'o')
                  .Default(0);
  if (!kind)
    PrintFatalError(op.getLoc(), "record '" + op.getName() + "': '" + type.getName() +
                                     "' is neither a value nor integers");
  return kind;
}

std::string getter(StringRef operand) {
  return "get" + operand.substr(0, 1).upper() + operand.drop_front().str() + "()";
}

OpRecord::OpRecord(const Record &record) : def(record) {
  const DagInit *args = record.getValueAsDag("arguments");
  for (unsigned i = 0; i < args->getNumArgs(); ++i) {
    const auto *type = dyn_cast<DefInit>(args->getArg(i));
    if (!type)
      PrintFatalError(record.getLoc(), "argument " + Twine(i) + " is not a definition");
    operands.push_back({args->getArgNameStr(i).str(), kindOf(*type->getDef(), record)});
  }
}

std::string OpRecord::className() const {
  return def.getName().drop_front(def.getName().find('_') + 1).str();
}

const char *OpRecord::kind() const {
  return isElementwise() ? "elementwise" : isComposite() ? "composite" : "structural";
}

SmallVector<StringRef> OpRecord::valueOperands() const {
  SmallVector<StringRef> names;
  for (const Operand &operand : operands)
    if (operand.isValue())
      names.push_back(operand.name);
  return names;
}

StringRef requiredString(const Record &record, StringRef field) {
  std::optional<StringRef> text = record.getValueAsOptionalString(field);
  if (!text || text->empty())
    PrintFatalError(record.getLoc(),
                    "record '" + record.getName() + "' lacks the field '" + field + "'");
  return *text;
}

static void checkLinearity(const OpRecord &op) {
  bool known = StringSwitch<bool>(op.linearity())
                   .Cases({"all", "each", "first"}, true)
                   .Cases({"none", "own"}, op.isStructural())
                   .Case("", !op.isStructural())
                   .Default(false);
  if (!known)
    PrintFatalError(op.def.getLoc(), "record '" + op.def.getName() + "': linearity '" +
                                         op.linearity() + "' has no meaning here");
}

static void checkComplete(const OpRecord &op) {
  requiredString(op.def, "summary");
  requiredString(op.def, "reference");
  requiredString(op.def, "inferDims");
  checkLinearity(op);
  if (op.isStructural())
    requiredString(op.def, "derivativeText");
  if (!op.isElementwise())
    return;
  if (!isa<DagInit>(op.def.getValueInit("value")))
    PrintFatalError(op.def.getLoc(), "record '" + op.def.getName() + "' lacks the field 'value'");
  if (!isa<ListInit>(op.def.getValueInit("derivatives")))
    PrintFatalError(op.def.getLoc(),
                    "record '" + op.def.getName() + "' lacks the field 'derivatives'");
  if (op.def.getValueAsListInit("derivatives")->size() != op.valueOperands().size())
    PrintFatalError(op.def.getLoc(),
                    "record '" + op.def.getName() + "' needs one derivative per operand");
}

/// Formulas find operations by name, so a second one of the same name would never be found.
static void checkUnique(const OpRecord &op, StringSet<> &names) {
  if (!names.insert(op.formulaName()).second)
    PrintFatalError(op.def.getLoc(), "'" + op.formulaName() + "' is the name of another operation");
}

std::vector<OpRecord> formulaOperations(const RecordKeeper &records) {
  std::vector<const Record *> defs(records.getAllDerivedDefinitions("Keops_Op"));
  std::sort(defs.begin(), defs.end(),
            [](const Record *a, const Record *b) { return a->getID() < b->getID(); });
  std::vector<OpRecord> ops;
  ops.reserve(defs.size());
  StringSet<> names;
  for (const Record *def : defs) {
    ops.emplace_back(*def);
    checkComplete(ops.back());
    checkUnique(ops.back(), names);
  }
  return ops;
}

std::vector<const Record *> reductions(const RecordKeeper &records) {
  std::vector<const Record *> list(records.getAllDerivedDefinitions("Keops_Reduction"));
  std::sort(list.begin(), list.end(), [](const Record *a, const Record *b) {
    return a->getValueAsInt("value") < b->getValueAsInt("value");
  });
  return list;
}
