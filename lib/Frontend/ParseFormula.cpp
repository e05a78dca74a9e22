// parseFormula: aliases, then the formula, then the function that holds it.
#include "keops/Frontend/Parser.h"

#include "FormulaParser.h"
#include "Names.h"
#include "keops/Frontend/Limits.h"
#include "keops/IR/StorageTypes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace keops;

static LogicalResult parseAliases(ArrayRef<StringRef> aliases, VariableTable &variables,
                                  MLIRContext *context) {
  if (static_cast<int64_t>(aliases.size()) > maxArguments)
    return emitError(UnknownLoc::get(context))
           << "a formula takes at most " << maxArguments << " arguments, got " << aliases.size();
  for (auto [index, alias] : llvm::enumerate(aliases))
    if (failed(parseAlias(context, alias, index, variables)))
      return failure();
  return success();
}

static func::FuncOp createFunction(Location loc, StringRef symbol, FormulaScope scope,
                                   const VariableTable &variables, TypeRange results) {
  OpBuilder b(loc.getContext());
  FunctionType type = b.getFunctionType(scope.block->getArgumentTypes(), results);
  auto function = func::FuncOp::create(loc, symbol, type);
  function.getBody().push_back(scope.block.release());
  for (const auto &[position, variable] : variables.getVariables())
    if (!variable.name.empty())
      function.setArgAttr(position, "keops.name", b.getStringAttr(variable.name));
  return function;
}

/// Every declared argument becomes an argument of the function, used or not.
static void completeArguments(FormulaBuilder &build, const VariableTable &variables, Location loc) {
  for (const auto &[position, variable] : variables.getVariables())
    build.createVariable(loc, variable);
}

FailureOr<Type> keops::readDType(StringRef dtype, MLIRContext *context, std::string &error) {
  Type type = llvm::StringSwitch<Type>(dtype)
                  .Case("f32", Float32Type::get(context))
                  .Case("f64", Float64Type::get(context))
                  .Case("f16", Float16Type::get(context))
                  .Case("bf16", BFloat16Type::get(context))
                  .Default({});
  if (type)
    return type;
  error = "dtype: expected f32, f64, f16 or bf16, got '" + dtype.str() + "'";
  return failure();
}

FailureOr<SumsAttr> keops::readSums(StringRef scheme, StringRef accumulator, Type storage,
                                    std::string &error) {
  std::optional<SumScheme> how = symbolizeSumScheme(scheme);
  std::optional<Accumulator> type = symbolizeAccumulator(accumulator);
  if (!how)
    error = "sum_scheme: expected auto, direct_sum, block_sum or kahan_scheme, got '" +
            scheme.str() + "'";
  else if (!type)
    error = "dtype_acc: expected auto, f32 or f64, got '" + accumulator.str() + "'";
  else if (storage.isF64() && type == Accumulator::F32)
    error = "dtype_acc: terms of type f64 need an accumulator of type f64, got f32";
  if (!error.empty())
    return failure();
  if (how == SumScheme::Auto && type == Accumulator::Auto)
    return SumsAttr();
  storage.getContext()->loadDialect<KeopsDialect>();
  return SumsAttr::get(storage.getContext(), *how, *type);
}

/// Partial sums, compensation and accumulators of a chosen type are for reductions that sum. One
/// accumulator of the terms' type is what the others have anyway.
static LogicalResult checkSums(Location loc, Block &block, SumsAttr sums) {
  if (sums && sums.getScheme() == SumScheme::DirectSum &&
      sums.getAccumulator() == Accumulator::Auto)
    return success();
  StringRef other;
  for (auto op : block.getOps<MapReduceOp>())
    for (ReduceAttr reduce : op.getReduceAttrs()) {
      const ReductionInfo &info = getReductionInfo(reduce.getKind());
      if (!sums || info.sums)
        return success();
      other = info.name;
    }
  std::string expected;
  for (const ReductionInfo &info : getReductionTable())
    if (info.sums && &info == &getReductionInfo(info.kind))
      expected += (expected.empty() ? "" : ", ") + info.name.str();
  return emitError(loc) << "sum_scheme and dtype_acc are for reductions that sum (" << expected
                        << "), got " << other << reductionSuffix;
}

FailureOr<OwningOpRef<ModuleOp>> keops::parseFormula(StringRef formula, ArrayRef<StringRef> aliases,
                                                     Type storage, StringRef symbol,
                                                     Precision precision, MLIRContext *context,
                                                     SumsAttr sums) {
  context->loadDialect<KeopsDialect, func::FuncDialect>();
  VariableTable variables;
  TokenStream tokens(context, formula, "formula");
  if (failed(tokens.lex()) || failed(parseAliases(aliases, variables, context)))
    return failure();
  FormulaBuilder build(context, getComputeType(storage));
  FormulaScope scope;
  FormulaBuilder::ScopeGuard guard(build, scope);
  FailureOr<FormulaParser::Results> results =
      FormulaParser(tokens, build, variables, precision, sums).parseProgram();
  Location loc = getFormulaLoc(context, formula, 0, formula.size());
  if (failed(results) || failed(variables.checkComplete(loc)) ||
      failed(checkSums(loc, *scope.block, sums)))
    return failure();
  completeArguments(build, variables, loc);
  build.createReturn(loc, *results);
  TypeRange types = TypeRange(ValueRange(*results));
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  func::FuncOp function = createFunction(loc, symbol, std::move(scope), variables, types);
  setStorage(function, storage);
  module->push_back(function);
  if (failed(verify(*module)))
    return emitError(loc) << "internal fault: the parser built an invalid module";
  return module;
}
