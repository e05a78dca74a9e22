// Generates the C++ interface methods of table operations: type inference, emission, partial
// derivatives, expansion.
#include "Generators.h"
#include "Record.h"

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
  PrintFatalError(op.def.getLoc(), "value of '" + op.def.getName() +
                                       "' uses the unknown operand '$" + node->getArgNameStr(i) +
                                       "'");
}

std::string ScalarWriter::write(const DagInit *node) {
  const Record &head = *cast<DefInit>(node->getOperator())->getDef();
  if (head.isSubClassOf("NumF"))
    return fresh("createSplat(b, getLoc(), operands[0].getType(), " +
                 head.getValueAsString("literal").str() + ")");
  std::vector<std::string> args;
  for (unsigned i = 0; i < node->getNumArgs(); ++i)
    args.push_back(argument(node, i));
  std::string list;
  for (const std::string &arg : args)
    list += ", " + arg;
  if (head.isSubClassOf("CmpF"))
    return fresh("::mlir::arith::CmpFOp::create(b, getLoc(), ::mlir::arith::CmpFPredicate::" +
                 head.getValueAsString("predicate").str() + list + ")");
  if (head.isSubClassOf("PowI"))
    return fresh("createIntegerPower(b, getLoc()" + list + ", " +
                 head.getValueAsString("exponent").str() + ")");
  if (!head.isSubClassOf("Keops_ScalarNode"))
    PrintFatalError(op.def.getLoc(), "value of '" + op.def.getName() + "': '" + head.getName() +
                                         "' is no scalar node");
  return fresh(head.getValueAsString("cppOp").str() + "::create(b, getLoc()" + list + ")");
}

static void emitPartial(const OpRecord &op, const RecordKeeper &records, raw_ostream &os) {
  os << "::mlir::Value " << op.className()
     << "::buildPartial(::mlir::OpBuilder &b, unsigned operand) {\n"
     << "  switch (operand) {\n";
  const ListInit *list = op.def.getValueAsListInit("derivatives");
  for (unsigned i = 0; i < list->size(); ++i) {
    const auto *node = cast<DagInit>(list->getElement(i));
    const Record &head = *cast<DefInit>(node->getOperator())->getDef();
    os << "  case " << i << ": {\n";
    if (head.isSubClassOf("Rational") && head.getValueAsInt("numerator") == 0)
      os << "    return {};\n  }\n";
    else {
      FormulaBuilder builder(op, records, os);
      std::string result = builder.build(node);
      os << "    return " << result << ";\n  }\n";
    }
  }
  os << "  }\n  return {};\n}\n";
}

/// Type inference by `rule`, a function of lib/IR/Elementwise.cpp.
static void emitInferReturnTypes(const OpRecord &op, StringRef rule, raw_ostream &os) {
  os << "::mlir::LogicalResult " << op.className()
     << "::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location> loc, "
        "::mlir::ValueRange operands, "
        "::mlir::DictionaryAttr, ::mlir::OpaqueProperties, ::mlir::RegionRange, "
        "::llvm::SmallVectorImpl<::mlir::Type> &types) {\n"
     << "  return " << rule << "(\"" << op.formulaName() << "\", loc, operands, types);\n}\n";
}

static void emitElementwise(const OpRecord &op, const RecordKeeper &records, raw_ostream &os) {
  std::string name = op.className();
  emitInferReturnTypes(op, "inferElementwise", os);
  os << "::mlir::Value " << name
     << "::emitScalar(::mlir::OpBuilder &b, ::mlir::ValueRange operands) {\n";
  ScalarWriter writer(op, os);
  std::string result = writer.write(op.def.getValueAsDag("value"));
  os << "  return " << result << ";\n}\n";
  os << "::mlir::Value " << name
     << "::emitComponent(::keops::Emitter &emitter, ::mlir::OpFoldResult k) {\n"
     << "  return emitScalar(emitter.builder(), emitter.components((*this)->getOperands(), "
        "k));\n}\n";
  emitPartial(op, records, os);
  os << "::mlir::Value " << name
     << "::buildAdjoint(::mlir::OpBuilder &b, ::mlir::Value adjoint, unsigned operand) {\n"
     << "  return applyPartial(b, *this, buildPartial(b, operand), adjoint, operand);\n}\n\n";
}

static void emitComposite(const OpRecord &op, const RecordKeeper &records, raw_ostream &os) {
  std::string name = op.className();
  emitInferReturnTypes(op, "inferScalarComposite", os);
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
  }
}
