// The functions of large formulas: made on first use, private and never inlined again.
#include "Functions.h"

#include "keops/Transforms/CostModel.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

func::FuncOp Functions::create(Operation *op, ValueRange operands, Emitter::Body body) {
  OpBuilder b = OpBuilder::atBlockBegin(&symbolTable->getRegion(0).front());
  Type type = operands.front().getType();
  std::string name = ("keops_" + op->getName().stripDialect() + "_" + Twine(known.size())).str();
  auto function =
      func::FuncOp::create(b, op->getLoc(), name, b.getFunctionType(operands.getTypes(), {type}));
  function.setPrivate();
  // Two compiled formulas that are linked together may both hold this function.
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(b.getContext(), LLVM::Linkage::Internal));
  function->setAttr("passthrough", b.getStrArrayAttr({"noinline", "hot"}));
  b.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(b, op->getLoc(), body(b, function.getArguments()));
  return function;
}

Value Functions::call(OpBuilder &b, Operation *op, ValueRange operands, Emitter::Body body) {
  Key key(op->getName(), op->getAttrDictionary(), operands.front().getType());
  func::FuncOp &function = known[key];
  if (!function)
    function = create(op, operands, body);
  return func::CallOp::create(b, op->getLoc(), function, operands).getResult(0);
}

Emitter::Call loops::callsTo(Frame &frame) {
  return [&frame](Operation *op, ValueRange operands, Emitter::Body body) {
    return isWorthCalling(op) ? frame.functions.call(frame.b, op, operands, body) : Value();
  };
}
