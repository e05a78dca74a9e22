// Formula text from operations. Every value becomes a piece of text with the strength of its
// outermost operator; operations are visited in order, so that nothing recurses.
#include "keops/Frontend/Printer.h"

#include "FormulaBuilder.h"
#include "Names.h"
#include "keops/Frontend/Lexer.h"
#include "keops/Frontend/Limits.h"
#include "keops/IR/Reduction.h"
#include "keops/IR/StorageTypes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include <charconv>

using namespace mlir;
using namespace keops;

namespace {

/// How strongly the outermost operator of a text binds, as in the grammar.
enum Strength { Comparison, ScalarProduct, Sum, Product, Sign, Power, Atom };

struct Text {
  std::string text;
  Strength strength = Atom;
};

struct InfixForm {
  StringLiteral function, token;
  Strength strength;
};

constexpr InfixForm infixForms[] = {
    {"LessThan", "<", Comparison},    {"LessOrEqual", "<=", Comparison},
    {"Equal", "==", Comparison},      {"NotEqual", "!=", Comparison},
    {"Scalprod", "|", ScalarProduct}, {"Add", "+", Sum},
    {"Subtract", "-", Sum},           {"Mult", "*", Product},
    {"Divide", "/", Product}};

class FormulaPrinter {
public:
  FailureOr<FormulaText> print(func::FuncOp function);

private:
  LogicalResult printBlock(Block &block);
  LogicalResult printOp(Operation *op);
  LogicalResult printRegionOp(Operation *op, Block &block);
  LogicalResult printReductions(MapReduceOp op);
  LogicalResult printDerivative(StringRef name, Operation *op);
  LogicalResult printFunction(Operation *op);
  LogicalResult printConstant(ConstantOp op);
  LogicalResult printResults(Operation *op, std::string &formula);

  Text printInfix(const InfixForm &form, Operation *op);
  Text printPower(Operation *op, StringRef exponent);
  Text printMinus(Operation *op);
  Text printCall(const FormulaInfo &info, Operation *op);

  LogicalResult define(Value value, Text text);
  /// The text of `value`, in parentheses where it binds more weakly than `needed`.
  std::string use(Value value, Strength needed);

  llvm::DenseMap<Value, Text> texts;
  llvm::DenseMap<Value, int64_t> usesLeft;
  /// The results of one reduction, whose text belongs to the first of them.
  llvm::DenseMap<Value, unsigned> groupSize;
};

} // namespace

//===-- Bookkeeping -------------------------------------------------------------------------===//

static int64_t countUses(Value value) { return std::distance(value.use_begin(), value.use_end()); }

LogicalResult FormulaPrinter::define(Value value, Text text) {
  if (static_cast<int64_t>(text.text.size()) > maxFormulaLength)
    return emitError(value.getLoc()) << "written as a formula, the program has more than "
                                     << maxFormulaLength << " characters, which is the limit";
  texts[value] = std::move(text);
  usesLeft[value] = countUses(value);
  return success();
}

std::string FormulaPrinter::use(Value value, Strength needed) {
  Text &text = texts[value];
  bool parentheses = text.strength < needed;
  // The last use takes the text away, so that long chains of operators cost linear time.
  std::string taken = --usesLeft[value] <= 0 ? std::move(text.text) : text.text;
  return parentheses ? "(" + std::move(taken) + ")" : taken;
}

//===-- Formulas ----------------------------------------------------------------------------===//

static std::string printFloat(double number) {
  char digits[32];
  auto *end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  std::string text(digits, end);
  bool looksLikeInteger = text.find_first_of(".e") == std::string::npos;
  return looksLikeInteger ? text + ".0" : text;
}

LogicalResult FormulaPrinter::printConstant(ConstantOp op) {
  if (auto rational = dyn_cast<RationalAttr>(op.getValue()))
    return define(op, {("RatCst(" + Twine(rational.getNumerator()) + "," +
                        Twine(rational.getDenominator()) + ")")
                           .str(),
                       Atom});
  std::string text;
  if (auto integer = dyn_cast<IntegerAttr>(op.getValue()))
    text = std::to_string(integer.getInt());
  else if (auto real = cast<FloatAttr>(op.getValue()).getValue(); real.isFinite())
    text = printFloat(real.convertToDouble());
  else
    return op.emitError("an infinite or undefined constant has no spelling in formulas");
  return define(op, {text, text.front() == '-' ? Sign : Atom});
}

static const InfixForm *findInfix(StringRef function) {
  const auto *form =
      llvm::find_if(infixForms, [&](const auto &row) { return row.function == function; });
  return form == std::end(infixForms) ? nullptr : form;
}

/// f > g is g < f, with f computed first.
static bool wasSwapped(Operation *op) {
  Operation *left = op->getOperand(0).getDefiningOp(), *right = op->getOperand(1).getDefiningOp();
  return isa<LessThanOp, LessOrEqualOp>(op) && left && right && right->isBeforeInBlock(left);
}

Text FormulaPrinter::printInfix(const InfixForm &form, Operation *op) {
  // Comparisons do not chain; all others group to the left.
  Strength left = form.strength == Comparison ? ScalarProduct : form.strength;
  Strength right = static_cast<Strength>(form.strength + 1);
  bool swapped = wasSwapped(op);
  std::string text = use(op->getOperand(swapped ? 1 : 0), left);
  text +=
      swapped ? (isa<LessThanOp>(op) ? StringRef(">") : StringRef(">=")) : StringRef(form.token);
  text += use(op->getOperand(swapped ? 0 : 1), right);
  return {std::move(text), form.strength};
}

Text FormulaPrinter::printPower(Operation *op, StringRef exponent) {
  return {use(op->getOperand(0), Atom) + "**" + exponent.str(), Power};
}

Text FormulaPrinter::printMinus(Operation *op) {
  // -3 is a number and -(3) is an operation on one.
  auto constant = op->getOperand(0).getDefiningOp<ConstantOp>();
  bool isNumber = constant && !isa<RationalAttr>(constant.getValue());
  std::string operand = use(op->getOperand(0), Sign);
  bool signable = isNumber || isZero(op->getOperand(0));
  return {signable && operand.front() != '-' ? "-(" + operand + ")" : "-" + operand, Sign};
}

/// An optional list that is empty is left out.
static bool isWritten(char kind, Attribute attribute) {
  return kind != 'o' || (attribute && !cast<DenseI64ArrayAttr>(attribute).empty());
}

/// 3 or [2,3].
static std::string printIntegers(Attribute attribute) {
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return std::to_string(number.getInt());
  std::string text;
  for (int64_t number : cast<DenseI64ArrayAttr>(attribute).asArrayRef())
    text += (text.empty() ? "" : ",") + std::to_string(number);
  return "[" + text + "]";
}

Text FormulaPrinter::printCall(const FormulaInfo &info, Operation *op) {
  SmallVector<StringRef> names;
  info.operandNames.split(names, ',');
  SmallVector<std::string> arguments;
  unsigned operand = 0;
  for (auto [name, kind] : llvm::zip(names, info.operands)) {
    if (kind == 'v')
      arguments.push_back(use(op->getOperand(operand++), Comparison));
    else if (Attribute attribute = op->getAttr(name); isWritten(kind, attribute))
      arguments.push_back(printIntegers(attribute));
  }
  return {info.name.str() + "(" + llvm::join(arguments, ",") + ")", Atom};
}

/// x**2 and 1/x are read as Square(x) and Inv(x), so Powf(x,2) and Divide(1,x) need the form of a
/// call.
static bool needsCall(Operation *op) {
  if (isa<PowfOp>(op))
    return FormulaBuilder::getInteger(op->getOperand(1)).has_value();
  return isa<DivideOp>(op) && FormulaBuilder::getInteger(op->getOperand(0)) == 1;
}

LogicalResult FormulaPrinter::printFunction(Operation *op) {
  const FormulaInfo *info = getFormulaInfo(op);
  if (!info || !isa<KeopsDialect>(op->getDialect()))
    return op->emitError() << "'" << op->getName() << "' has no spelling in formulas";
  auto text = [&]() -> Text {
    if (needsCall(op))
      return printCall(*info, op);
    if (isa<SquareOp>(op))
      return printPower(op, "2");
    if (auto pow = dyn_cast<PowOp>(op); pow && pow.getExponent() != 2)
      return printPower(op, std::to_string(static_cast<int64_t>(pow.getExponent())));
    if (isa<PowfOp>(op))
      return printPower(op, use(op->getOperand(1), Sign));
    if (isa<InvOp>(op))
      return {"1/" + use(op->getOperand(0), Sign), Product};
    if (isa<MinusOp>(op))
      return printMinus(op);
    const InfixForm *form = findInfix(info->name);
    return form ? printInfix(*form, op) : printCall(*info, op);
  }();
  return define(op->getResult(0), std::move(text));
}

/// keops.grad and keops.diff.
LogicalResult FormulaPrinter::printDerivative(StringRef name, Operation *op) {
  std::string text = name.str();
  for (auto [k, operand] : llvm::enumerate(op->getOperands()))
    text += (k ? "," : "(") + use(operand, Comparison);
  return define(op->getResult(0), {text + ")", Atom});
}

//===-- Regions -----------------------------------------------------------------------------===//

LogicalResult FormulaPrinter::printOp(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](ConstantOp constant) { return printConstant(constant); })
      .Case([&](ZeroOp zero) {
        return define(zero, {"Zero(" + std::to_string(getDim(zero)) + ")", Atom});
      })
      .Case([&](GradOp grad) { return printDerivative("Grad", grad); })
      .Case([&](DiffOp diff) { return printDerivative("Diff", diff); })
      .Case([&](MapReduceOp reduce) { return printReductions(reduce); })
      .Case([&](MapOp map) {
        if (failed(printRegionOp(map, map.getBlock())))
          return failure();
        for (auto [result, value] :
             llvm::zip(map.getResults(), map.getBlock().getTerminator()->getOperands())) {
          Strength strength = texts[value].strength;
          if (failed(define(result, {use(value, Comparison), strength})))
            return failure();
        }
        return success();
      })
      .Case<YieldOp, func::ReturnOp>([](Operation *) { return success(); })
      .Default([&](Operation *other) { return printFunction(other); });
}

LogicalResult FormulaPrinter::printBlock(Block &block) {
  for (Operation &op : block)
    if (failed(printOp(&op)))
      return failure();
  return success();
}

LogicalResult FormulaPrinter::printRegionOp(Operation *op, Block &block) {
  for (auto [input, argument] : llvm::zip(op->getOperands(), block.getArguments())) {
    if (input.getDefiningOp<MapReduceOp>())
      return op->emitError("a reduction of another reduction's result has no spelling in formulas");
    Strength strength = texts[input].strength;
    if (failed(define(argument, {use(input, Comparison), strength})))
      return failure();
  }
  return printBlock(block);
}

/// "Sum_Reduction(" for the first formula and ",0)" after it.
LogicalResult FormulaPrinter::printReductions(MapReduceOp op) {
  if (failed(printRegionOp(op, op.getBlock())))
    return failure();
  unsigned result = 0;
  for (auto [r, reduce] : llvm::enumerate(op.getReduceAttrs())) {
    const ReductionInfo &info = getReductionInfo(reduce.getKind());
    SmallVector<Value> formulas = op.getFormulas(r);
    std::string text = (info.name + reductionSuffix + "(").str() + use(formulas[0], Comparison);
    if (info.takesK)
      text += "," + std::to_string(reduce.getBestOf());
    text += "," + std::to_string(getCategory(op.getKept()));
    bool omitted =
        formulas.size() == 2 && info.optionalWeight && FormulaBuilder::getInteger(formulas[1]) == 1;
    if (formulas.size() == 2 && !omitted)
      text += "," + use(formulas[1], Comparison);
    groupSize[op.getResult(result)] = info.results.size();
    if (failed(define(op.getResult(result), {text + ")", Atom})))
      return failure();
    result += info.results.size();
  }
  return success();
}

//===-- The whole ---------------------------------------------------------------------------===//

LogicalResult FormulaPrinter::printResults(Operation *op, std::string &formula) {
  SmallVector<std::string> parts;
  for (unsigned k = 0; k < op->getNumOperands();) {
    Value first = op->getOperand(k);
    unsigned size = std::max(1u, groupSize.lookup(first));
    bool isReduced = first.getDefiningOp<MapReduceOp>() && groupSize.contains(first);
    if (!isReduced && !isa_and_nonnull<GradOp, DiffOp>(first.getDefiningOp()))
      return op->emitError("expected reductions as results");
    for (unsigned m = 1; m < size; ++m)
      if (k + m >= op->getNumOperands() ||
          op->getOperand(k + m) !=
              first.getDefiningOp()->getResult(cast<OpResult>(first).getResultNumber() + m))
        return op->emitError("all results of a reduction must be returned, one after another");
    parts.push_back(use(first, Comparison));
    k += size;
  }
  formula = parts.size() == 1 ? parts.front() : "Fused(" + llvm::join(parts, ",") + ")";
  return success();
}

static bool isIdentifier(StringRef name) {
  Lexer lexer(name);
  Token token = lexer.next();
  return token.is(TokenKind::Identifier) && token.text.size() == name.size();
}

/// The type of all arrays of a program, which a formula states once.
static FailureOr<std::string> printDType(func::FuncOp function) {
  llvm::SetVector<Type> types;
  for (unsigned k = 0; k < function.getNumArguments(); ++k)
    types.insert(getArgumentStorage(function, k));
  for (unsigned k = 0; k < function.getNumResults(); ++k)
    if (Type type = getResultStorage(function, k); !type.isInteger())
      types.insert(type);
  if (types.size() > 1)
    return function.emitError("arrays of types ")
           << types[0] << " and " << types[1] << " in one program have no spelling in formulas";
  std::string text = "f32";
  if (!types.empty())
    llvm::raw_string_ostream(text = "") << types.front();
  return text;
}

FailureOr<FormulaText> FormulaPrinter::print(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError("expected a function with one block of keops operations");
  FormulaText result;
  Block &block = function.getBody().front();
  llvm::StringSet<> names;
  for (BlockArgument argument : block.getArguments()) {
    auto type = dyn_cast<ValueType>(argument.getType());
    if (!type || type.getPlacement() == Placement::IJ)
      return function.emitError("expected arguments placed on i, j or p");
    std::string position = std::to_string(argument.getArgNumber()),
                dim = std::to_string(type.getDim());
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "keops.name");
    std::string category = std::to_string(getCategory(type.getPlacement()));
    if (name && !names.insert(name.getValue()).second)
      return function.emitError("two arguments have the name '") << name.getValue() << "'";
    if (name && !isIdentifier(name.getValue()))
      return function.emitError("the argument name '") << name.getValue() << "' is no identifier";
    std::string text = name ? name.str() : "Var(" + position + "," + dim + "," + category + ")";
    result.aliases.push_back((name ? text + "=" : "") + getCategoryName(type.getPlacement()).str() +
                             "(" + dim + ")");
    if (failed(define(argument, {text, Atom})))
      return failure();
  }
  if (failed(printBlock(block)) || failed(printResults(block.getTerminator(), result.formula)))
    return failure();
  FailureOr<std::string> dtype = printDType(function);
  if (failed(dtype))
    return failure();
  result.dtype = *dtype;
  return result;
}

FailureOr<FormulaText> keops::printFormula(ModuleOp module) {
  auto functions = module.getOps<func::FuncOp>();
  if (!llvm::hasSingleElement(functions))
    return module.emitError("expected a module with one function");
  return FormulaPrinter().print(*functions.begin());
}
