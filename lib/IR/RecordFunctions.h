// The C++ functions that records name: dimension rules (Dimensions.cpp), expansions of composites
// (Expansions.cpp) and values of one component (Scalars.cpp). The generated methods, which
// Elementwise.cpp includes, call them.
#ifndef KEOPS_LIB_IR_RECORDFUNCTIONS_H
#define KEOPS_LIB_IR_RECORDFUNCTIONS_H

#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"
#include "keops/IR/SpecialFunctions.h"

namespace keops {

using Where = std::optional<mlir::Location>;
using Types = llvm::SmallVectorImpl<mlir::Type>;

//===-- Dimension rules ---------------------------------------------------------------------===//

/// Appends a result of dimension `dim`, placed where any of the operands is; fails when their
/// element types differ.
mlir::LogicalResult inferResult(llvm::StringRef name, Where loc, mlir::ValueRange operands,
                                int64_t dim, Types &types);
/// The common dimension of operands whose dimensions are equal or 1.
mlir::FailureOr<int64_t> inferCommonDim(llvm::StringRef name, Where loc, mlir::ValueRange operands);
mlir::LogicalResult inferBroadcast(llvm::StringRef name, Where loc, mlir::ValueRange operands,
                                   Types &types);
mlir::LogicalResult inferScalarOf(llvm::StringRef name, Where loc, mlir::ValueRange operands,
                                  Types &types);
mlir::LogicalResult inferWeightedNorm(llvm::StringRef name, Where loc, mlir::ValueRange operands,
                                      Types &types);
mlir::LogicalResult inferComplexVectors(llvm::StringRef name, Where loc, mlir::ValueRange operands,
                                        Types &types);
mlir::LogicalResult checkBetween(llvm::StringRef name, Where loc, llvm::StringRef what,
                                 int64_t value, int64_t low, int64_t high);
/// Cells of a table of soft dynamic time warping. Its derivatives read up to six such matrices.
inline constexpr int64_t maxCells = 65536;
/// Checks that `dims` are positive and that their product is `dim`, the dimension of an operand.
mlir::LogicalResult checkShape(llvm::StringRef name, Where loc, llvm::StringRef which,
                               llvm::ArrayRef<int64_t> dims, int64_t dim);
mlir::LogicalResult inferPart(llvm::StringRef name, Where loc, mlir::Value x, Types &types);

/// Rules that look at operands alone fit any adaptor.
template <typename Adaptor>
mlir::LogicalResult inferElementwise(llvm::StringRef name, Where loc, Adaptor adaptor,
                                     Types &types) {
  return inferBroadcast(name, loc, adaptor.getOperands(), types);
}
template <typename Adaptor>
mlir::LogicalResult inferScalar(llvm::StringRef name, Where loc, Adaptor adaptor, Types &types) {
  return inferScalarOf(name, loc, adaptor.getOperands(), types);
}
template <typename Adaptor>
mlir::LogicalResult inferWeighted(llvm::StringRef name, Where loc, Adaptor adaptor, Types &types) {
  return inferWeightedNorm(name, loc, adaptor.getOperands(), types);
}
template <typename Adaptor>
mlir::LogicalResult inferComplex(llvm::StringRef name, Where loc, Adaptor adaptor, Types &types) {
  return inferComplexVectors(name, loc, adaptor.getOperands(), types);
}
template <typename Adaptor>
mlir::LogicalResult inferComplexPart(llvm::StringRef name, Where loc, Adaptor adaptor,
                                     Types &types) {
  return inferPart(name, loc, adaptor.getX(), types);
}
template <typename Adaptor>
mlir::LogicalResult inferRealToComplex(llvm::StringRef name, Where loc, Adaptor adaptor,
                                       Types &types) {
  return inferResult(name, loc, adaptor.getOperands(), 2 * getDim(adaptor.getX()), types);
}
/// One operand and an order: of a derivative, of a Bessel function. Users may ask for half of it,
/// so that derivatives have room.
template <typename Adaptor>
mlir::LogicalResult inferOrder(llvm::StringRef name, Where loc, Adaptor adaptor, Types &types) {
  if (failed(checkBetween(name, loc, "order", adaptor.getOrder(), 0, maxPolygammaOrder)))
    return mlir::failure();
  return inferBroadcast(name, loc, adaptor.getOperands(), types);
}
mlir::LogicalResult inferSumT(llvm::StringRef name, Where loc, SumTOp::Adaptor adaptor,
                              Types &types);
mlir::LogicalResult inferElem(llvm::StringRef name, Where loc, ElemOp::Adaptor adaptor,
                              Types &types);
mlir::LogicalResult inferElemT(llvm::StringRef name, Where loc, ElemTOp::Adaptor adaptor,
                               Types &types);
mlir::LogicalResult inferExtract(llvm::StringRef name, Where loc, ExtractOp::Adaptor adaptor,
                                 Types &types);
mlir::LogicalResult inferExtractT(llvm::StringRef name, Where loc, ExtractTOp::Adaptor adaptor,
                                  Types &types);
mlir::LogicalResult inferConcat(llvm::StringRef name, Where loc, ConcatOp::Adaptor adaptor,
                                Types &types);
mlir::LogicalResult inferGather(llvm::StringRef name, Where loc, GatherOp::Adaptor adaptor,
                                Types &types);
mlir::LogicalResult inferOneHot(llvm::StringRef name, Where loc, OneHotOp::Adaptor adaptor,
                                Types &types);
mlir::LogicalResult inferTensorDot(llvm::StringRef name, Where loc, TensorDotOp::Adaptor adaptor,
                                   Types &types);
mlir::LogicalResult inferInterleaved(llvm::StringRef name, Where loc, ComplexOp::Adaptor adaptor,
                                     Types &types);
mlir::LogicalResult inferRound(llvm::StringRef name, Where loc, RoundOp::Adaptor adaptor,
                               Types &types);
mlir::LogicalResult inferSqNormIso(llvm::StringRef name, Where loc, SqNormIsoOp::Adaptor adaptor,
                                   Types &types);
mlir::LogicalResult inferSqNormDiag(llvm::StringRef name, Where loc, SqNormDiagOp::Adaptor adaptor,
                                    Types &types);
mlir::LogicalResult inferSymSqNorm(llvm::StringRef name, Where loc, SymSqNormOp::Adaptor adaptor,
                                   Types &types);
mlir::LogicalResult inferBSpline(llvm::StringRef name, Where loc, BSplineOp::Adaptor adaptor,
                                 Types &types);
mlir::LogicalResult inferWarping(llvm::StringRef name, Where loc, SoftDTWOp::Adaptor adaptor,
                                 Types &types);
mlir::LogicalResult inferWarpingPlan(llvm::StringRef name, Where loc,
                                     SoftDTWPlanOp::Adaptor adaptor, Types &types);
mlir::LogicalResult inferSoftDTW(llvm::StringRef name, Where loc, SoftDTW_SqDistOp::Adaptor adaptor,
                                 Types &types);
mlir::LogicalResult inferMatVecMult(llvm::StringRef name, Where loc, MatVecMultOp::Adaptor adaptor,
                                    Types &types);
mlir::LogicalResult inferVecMatMult(llvm::StringRef name, Where loc, VecMatMultOp::Adaptor adaptor,
                                    Types &types);
mlir::LogicalResult inferTensorProd(llvm::StringRef name, Where loc, TensorProdOp::Adaptor adaptor,
                                    Types &types);
mlir::LogicalResult inferKron(llvm::StringRef name, Where loc, KronOp::Adaptor adaptor,
                              Types &types);
mlir::LogicalResult inferComplexScal(llvm::StringRef name, Where loc,
                                     ComplexScalOp::Adaptor adaptor, Types &types);
mlir::LogicalResult inferComplexRealScal(llvm::StringRef name, Where loc,
                                         ComplexRealScalOp::Adaptor adaptor, Types &types);
mlir::LogicalResult inferComplexSum(llvm::StringRef name, Where loc, ComplexSumOp::Adaptor adaptor,
                                    Types &types);
mlir::LogicalResult inferComplexSumT(llvm::StringRef name, Where loc,
                                     ComplexSumTOp::Adaptor adaptor, Types &types);

//===-- Expansions and derivatives ----------------------------------------------------------===//

using Dims = llvm::ArrayRef<int64_t>;

mlir::Value expandWeightedSqNorm(mlir::OpBuilder &b, mlir::Location loc, mlir::Value s,
                                 mlir::Value x);
mlir::Value expandBSpline(mlir::OpBuilder &b, mlir::Location loc, mlir::Value knots, mlir::Value x,
                          int64_t order);
mlir::Value expandSoftDTW(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y,
                          mlir::Value gamma);
mlir::Value expandMatVecMult(mlir::OpBuilder &b, mlir::Location loc, mlir::Value matrix,
                             mlir::Value vector);
mlir::Value expandVecMatMult(mlir::OpBuilder &b, mlir::Location loc, mlir::Value vector,
                             mlir::Value matrix);
mlir::Value expandTensorProd(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y);
mlir::Value expandKron(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y,
                       Dims dimsx, Dims dimsy);
mlir::Value expandComplexRealScal(mlir::OpBuilder &b, mlir::Location loc, mlir::Value s,
                                  mlir::Value x);
mlir::Value buildSphericalBesselPartial(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
                                        int64_t order);

//===-- One component -----------------------------------------------------------------------===//

/// The number `value` in the type of `x`.
mlir::Value emitInteger(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, int64_t value);
mlir::Value emitRound(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, int64_t digits);
mlir::Value emitHypot(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y);
mlir::Value emitSphericalBessel(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
                                int64_t order);

} // namespace keops

#endif // KEOPS_LIB_IR_RECORDFUNCTIONS_H
