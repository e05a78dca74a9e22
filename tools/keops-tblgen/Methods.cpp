// Generates the C++ interface methods of table operations: type inference, emission, partial
// derivatives, expansion.
#include "Generators.h"
#include "Record.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TableGen/Error.h"

using namespace llvm;

namespace {
/// Writes the statements that compute a `value` DAG from `operands` and returns the variable of the
/// result.
class ScalarWriter {
public:
  ScalarWriter(const OpRecord &op, raw_ostream &os) : op(op), os(os) {}
  std::string write(const DagInit *node);

private:
  std::string argument(const DagInit *node, unsigned i);
  std::string fresh(const std::string &expression) {
    std::string name = "v" + std::to_string(counter++);
    os << "  ::mlir::Value " << name << " = " << expression << ";\n";
    return name;
  }
  const OpRecord &op;
  raw_ostream &os;
  unsigned counter = 0;
};
} // namespace

std::string ScalarWriter::argument(const DagInit *node, unsigned i) {
  if (const auto *inner = dyn_cast<DagInit>(node->getArg(i)))
    return write(inner);
  SmallVector<StringRef> values = op.valueOperands();
  for (unsigned k = 0; k < values.size(); ++k)
    if (values[k] == node->getArgNameStr(i))
      return "operands[" + std::to_string(k) + "]";
  for (const Operand &operand : op.operands)
    if (operand.name == node->getArgNameStr(i))
      return getter(operand.name);
  PrintFatalError(op.def.getLoc(), "value of '" + op.def.getName() +
                                       "' uses the unknown operand '$" + node->getArgNameStr(i) +
                                       "'");
}

std::string ScalarWriter::write(const DagInit *node) {
  const Record &head = *cast<DefInit>(node->getOperator())->getDef();
  if (head.isSubClassOf("NumF"))
    return fresh("createSplat(b, getLoc(), operands[0].getType(), " +
                 head.getValueAsString("literal").str() + ")");
  std::string list;
  for (unsigned i = 0; i < node->getNumArgs(); ++i)
    list += ", " + argument(node, i);
  if (head.isSubClassOf("CmpF"))
    return fresh("::mlir::arith::CmpFOp::create(b, getLoc(), ::mlir::arith::CmpFPredicate::" +
                 head.getValueAsString("predicate").str() + list + ")");
  if (head.isSubClassOf("CppF"))
    return fresh(head.getValueAsString("cppFunction").str() + "(b, getLoc()" + list + ")");
  if (!head.isSubClassOf("Keops_ScalarNode"))
    PrintFatalError(op.def.getLoc(), "value of '" + op.def.getName() + "': '" + head.getName() +
                                         "' is no scalar node");
  return fresh(head.getValueAsString("cppOp").str() + "::create(b, getLoc()" + list + ")");
}

static void emitPartial(const OpRecord &op, const RecordKeeper &records, raw_ostream &os) {
  os << "::keops::Partial " << op.className()
     << "::buildPartial(::mlir::OpBuilder &b, unsigned operand) {\n"
     << "  switch (operand) {\n";
  const ListInit *list = op.def.getValueAsListInit("derivatives");
  for (unsigned i = 0; i < list->size(); ++i) {
    const auto *node = cast<DagInit>(list->getElement(i));
    const Record &head = *cast<DefInit>(node->getOperator())->getDef();
    os << "  case " << i << ": {\n";
    if (head.isSubClassOf("Rational") && head.getValueAsInt("numerator") == 0) {
      os << "    return {};\n  }\n";
      continue;
    }
    bool isCondition = head.getName() == "Where1";
    FormulaBuilder builder(op, records, os);
    std::string result = builder.build(isCondition ? cast<DagInit>(node->getArg(0)) : node);
    os << "    return {" << result << ", " << (isCondition ? "true" : "false") << "};\n  }\n";
  }
  os << "  }\n  return {};\n}\n";
}

/// Type inference by the record's rule, which reads operands and attributes from the adaptor.
static void emitInferReturnTypes(const OpRecord &op, raw_ostream &os) {
  os << "::mlir::LogicalResult " << op.className()
     << "::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location> loc, "
        "::mlir::ValueRange operands, "
        "::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties, "
        "::mlir::RegionRange regions, ::llvm::SmallVectorImpl<::mlir::Type> &types) {\n"
     << "  return " << requiredString(op.def, "inferDims") << "(\"" << op.formulaName()
     << "\", loc, Adaptor(operands, attributes, properties, regions), types);\n}\n";
}

static void emitElementwise(const OpRecord &op, const RecordKeeper &records, raw_ostream &os) {
  std::string name = op.className();
  emitInferReturnTypes(op, os);
  os << "::mlir::Value " << name
     << "::emitScalar(::mlir::OpBuilder &b, ::mlir::ValueRange operands) {\n";
  ScalarWriter writer(op, os);
  std::string result = writer.write(op.def.getValueAsDag("value"));
  os << "  return " << result << ";\n}\n";
  os << "::mlir::Value " << name
     << "::emitComponent(::keops::Emitter &emitter, ::mlir::OpFoldResult k) {\n"
     << "  return emitter.apply(*this, k, [this](::mlir::OpBuilder &b, ::mlir::ValueRange x) "
        "{ return emitScalar(b, x); });\n}\n";
  emitPartial(op, records, os);
  os << "::mlir::Value " << name
     << "::buildAdjoint(::mlir::OpBuilder &b, ::mlir::Value adjoint, unsigned operand) {\n"
     << "  return applyPartial(b, *this, buildPartial(b, operand), adjoint, operand);\n}\n"
     << "::mlir::Value " << name
     << "::buildTangent(::mlir::OpBuilder &b, ::mlir::ValueRange tangents) {\n"
     << "  return applyPartials(b, *this, tangents, [&](unsigned operand) { return "
        "buildPartial(b, operand); });\n}\n\n";
}

/// Forward mode of a structural operation follows from its linearity.
static void emitStructural(const OpRecord &op, raw_ostream &os) {
  emitInferReturnTypes(op, os);
  if (op.linearity() == "own")
    return;
  os << "::mlir::Value " << op.className()
     << "::buildTangent(::mlir::OpBuilder &b, ::mlir::ValueRange tangents) {\n  return "
     << StringSwitch<std::string>(op.linearity())
            .Case("all", "applyToTangents(b, *this, tangents)")
            .Case("each", "applyToEachTangent(b, *this, tangents)")
            .Case("first", "applyToEachTangent(b, *this, tangents.take_front())")
            .Default("::mlir::Value()")
     << ";\n}\n\n";
}

static void emitComposite(const OpRecord &op, const RecordKeeper &records, raw_ostream &os) {
  std::string name = op.className();
  emitInferReturnTypes(op, os);
  os << "::mlir::Value " << name << "::expand(::mlir::OpBuilder &b) {\n";
  FormulaBuilder builder(op, records, os);
  std::string result = builder.build(op.def.getValueAsDag("expansion"));
  os << "  return " << result << ";\n}\n\n";
}

void emitOpMethods(const RecordKeeper &records, raw_ostream &os) {
  os << "// Interface methods of the table operations, generated by keops-tblgen from the records. "
        "Do not edit.\n";
  for (const OpRecord &op : formulaOperations(records)) {
    if (op.isElementwise())
      emitElementwise(op, records, os);
    else if (op.isComposite())
      emitComposite(op, records, os);
    else
      emitStructural(op, os);
  }
}
