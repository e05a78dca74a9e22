// What every formula operation can do. Consumers: FormulaToScalar (emission), Differentiate, ExpandComposites.
#ifndef KEOPS_INTERFACES_TD
#define KEOPS_INTERFACES_TD

include "Keops/Dialect.td"

def Keops_FormulaOpInterface : OpInterface<"FormulaOpInterface"> {
  let cppNamespace = "::keops";
  let description = [{
    A formula operation produces one vector from vectors. It is lowered by pull: a consumer asks for component `k`,
    and the operation asks its operands in turn. It is differentiated by push: given the adjoint of its result it
    builds the contribution to the adjoint of one operand, in formula operations, so that the result can be
    differentiated again. Forward mode goes the other way, from tangents of the operands to that of the result.
  }];
  let methods = [
    InterfaceMethod<"Emits component `k` of the result; `k` is a constant or a run-time index.",
      "::mlir::Value", "emitComponent", (ins "::keops::Emitter &":$emitter, "::mlir::OpFoldResult":$k)>,
    InterfaceMethod<[{
        Builds the contribution of this operation to the adjoint of operand `operand`, where `adjoint` is the adjoint
        of the result. The null value means that there is none.}],
      "::mlir::Value", "buildAdjoint",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$adjoint, "unsigned":$operand)>,
    InterfaceMethod<[{
        Builds the derivative of the result along `tangents`, one per operand; a null tangent is zero. The null value
        means that the derivative is zero.}],
      "::mlir::Value", "buildTangent", (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$tangents)>
  ];
}

def Keops_ScratchOpInterface : OpInterface<"ScratchOpInterface"> {
  let cppNamespace = "::keops";
  let description = [{
    A formula operation that runs through a table keeps it in scratch memory, which the lowering sets aside for each
    lane.
  }];
  let methods = [
    InterfaceMethod<"How many numbers per lane the operation keeps.", "int64_t", "getScratchSize">,
    InterfaceMethod<"Fills the memory from which components are read, in front of loops that read them.",
      "void", "prepare", (ins "::keops::Emitter &":$emitter)>
  ];
}

def Keops_CompositeOpInterface : OpInterface<"CompositeOpInterface"> {
  let cppNamespace = "::keops";
  let description = [{
    A composite is another spelling of a formula. It is replaced by that formula before anything else happens, so it
    needs neither emission nor derivative.
  }];
  let methods = [
    InterfaceMethod<"Builds the formula that this operation stands for.",
      "::mlir::Value", "expand", (ins "::mlir::OpBuilder &":$builder)>
  ];
}

#endif // KEOPS_INTERFACES_TD
