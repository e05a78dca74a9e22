// Turns formula DAGs (derivatives, expansions) into C++ builder calls and into formula text.
#include "Record.h"

#include "llvm/Support/raw_ostream.h"
#include "llvm/TableGen/Error.h"

using namespace llvm;

static const Record &operatorOf(const DagInit *node) {
  return *cast<DefInit>(node->getOperator())->getDef();
}

static const OpRecord &findFunction(const std::vector<OpRecord> &all, const Record &node,
                                    const Record &at) {
  StringRef name = node.getValueAsString("function");
  for (const OpRecord &op : all)
    if (op.formulaName() == name)
      return op;
  PrintFatalError(at.getLoc(),
                  "record '" + at.getName() + "' names the unknown operation '" + name + "'");
}

//===-- Builder calls -----------------------------------------------------------------------===//

FormulaBuilder::FormulaBuilder(const OpRecord &op, const RecordKeeper &records, raw_ostream &os)
    : op(op), all(formulaOperations(records)), os(os) {}

std::string FormulaBuilder::fresh(const std::string &expression) {
  std::string name = "v" + std::to_string(counter++);
  os << "    ::mlir::Value " << name << " = " << expression << ";\n";
  return name;
}

std::string FormulaBuilder::argument(const Init *arg, StringRef name, bool asValue,
                                     const Record &at) {
  if (const auto *number = dyn_cast<IntInit>(arg))
    return std::to_string(number->getValue());
  if (const auto *node = dyn_cast<DagInit>(arg)) {
    const Record &head = operatorOf(node);
    if (!asValue && head.isSubClassOf("IntOf"))
      return head.getValueAsString("expression").str();
    return build(node);
  }
  for (const Operand &operand : op.operands)
    if (operand.name == name)
      return getter(name);
  PrintFatalError(at.getLoc(),
                  "record '" + at.getName() + "' uses the unknown operand '$" + name + "'");
}

std::string FormulaBuilder::buildCall(const OpRecord &callee, const DagInit *node) {
  if (node->getNumArgs() != callee.operands.size())
    PrintFatalError(op.def.getLoc(), "record '" + op.def.getName() + "' calls '" +
                                         callee.formulaName() + "' with " +
                                         Twine(node->getNumArgs()) + " arguments, expected " +
                                         Twine(callee.operands.size()));
  std::string call = callee.className() + "::create(b, getLoc()";
  for (unsigned i = 0; i < node->getNumArgs(); ++i)
    call += ", " +
            argument(node->getArg(i), node->getArgNameStr(i), callee.operands[i].isValue(), op.def);
  return fresh(call + ")");
}

std::string FormulaBuilder::build(const DagInit *node) {
  const Record &head = operatorOf(node);
  if (head.isSubClassOf("Rational"))
    return fresh("createRational(b, getLoc(), getElementType(*this), " +
                 std::to_string(head.getValueAsInt("numerator")) + ", " +
                 std::to_string(head.getValueAsInt("denominator")) + ")");
  if (head.isSubClassOf("IntOf"))
    return fresh("createRational(b, getLoc(), getElementType(*this), " +
                 head.getValueAsString("expression").str() + ", 1)");
  if (head.isSubClassOf("Real"))
    return fresh("createReal(b, getLoc(), getElementType(*this), " +
                 head.getValueAsString("literal").str() + ")");
  if (head.isSubClassOf("Cpp")) {
    std::string call = head.getValueAsString("cppFunction").str() + "(b, getLoc()";
    for (unsigned i = 0; i < node->getNumArgs(); ++i)
      call += ", " + argument(node->getArg(i), node->getArgNameStr(i), true, op.def);
    return fresh(call + ")");
  }
  if (!head.isSubClassOf("Fn"))
    PrintFatalError(op.def.getLoc(),
                    "record '" + op.def.getName() + "': '" + head.getName() + "' is not a formula");
  if (head.getValueAsString("function") == "Identity")
    return argument(node->getArg(0), node->getArgNameStr(0), true, op.def);
  return buildCall(findFunction(all, head, op.def), node);
}

//===-- Text --------------------------------------------------------------------------------===//

static std::string text(const DagInit *node, const OpRecord &op);

static std::string argumentText(const DagInit *node, unsigned i, const OpRecord &op) {
  const Init *arg = node->getArg(i);
  if (const auto *number = dyn_cast<IntInit>(arg))
    return std::to_string(number->getValue());
  if (const auto *inner = dyn_cast<DagInit>(arg))
    return text(inner, op);
  return node->getArgNameStr(i).str();
}

static std::string attributeText(StringRef expression) {
  std::string out = expression.str();
  for (size_t at; (at = out.find("get")) != std::string::npos;) {
    size_t end = out.find("()", at);
    out = out.substr(0, at) + StringRef(out).substr(at + 3, end - at - 3).lower() +
          out.substr(end + 2);
  }
  return out;
}

static std::string text(const DagInit *node, const OpRecord &op) {
  const Record &head = operatorOf(node);
  if (head.isSubClassOf("Rational")) {
    int64_t d = head.getValueAsInt("denominator");
    return std::to_string(head.getValueAsInt("numerator")) +
           (d == 1 ? "" : "/" + std::to_string(d));
  }
  if (head.isSubClassOf("IntOf"))
    return attributeText(head.getValueAsString("expression"));
  if (head.isSubClassOf("Real"))
    return head.getValueAsString("literal").str();
  if (head.getName() == "Where1")
    return "1 where " + argumentText(node, 0, op);
  if (head.isSubClassOf("Cpp"))
    return head.getValueAsString("formula").str();
  StringRef name = head.getValueAsString("function");
  if (name == "Identity")
    return argumentText(node, 0, op);
  std::string out = name.str() + "(";
  for (unsigned i = 0; i < node->getNumArgs(); ++i)
    out += (i ? ", " : "") + argumentText(node, i, op);
  return out + ")";
}

std::vector<std::string> derivativeTexts(const OpRecord &op, const RecordKeeper &records) {
  if (op.isStructural())
    return {requiredString(op.def, "derivativeText").str()};
  std::vector<std::string> texts;
  if (op.isElementwise())
    for (const Init *node : *op.def.getValueAsListInit("derivatives"))
      texts.push_back(text(cast<DagInit>(node), op));
  return texts;
}

std::string expansionText(const OpRecord &op, const RecordKeeper &records) {
  return text(op.def.getValueAsDag("expansion"), op);
}
