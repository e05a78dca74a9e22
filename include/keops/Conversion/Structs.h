// Fields of C structures through an LLVM pointer: those of keops-c/program.h, which the bodies of
// programs read (MapReduceToCPU) and the function on plain arrays fills (EmitEntryPoint).
#ifndef KEOPS_CONVERSION_STRUCTS_H
#define KEOPS_CONVERSION_STRUCTS_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace keops {

/// Reads and writes fields, each named by its offset in bytes.
class Structs {
public:
  Structs(mlir::OpBuilder &b, mlir::Location loc)
      : b(b), loc(loc), pointer(mlir::LLVM::LLVMPointerType::get(b.getContext())) {}
  mlir::Value read(mlir::Type type, mlir::Value base, int64_t offset) {
    return mlir::LLVM::LoadOp::create(b, loc, type, address(base, offset));
  }
  mlir::Value readPointer(mlir::Value base, int64_t offset) { return read(pointer, base, offset); }
  mlir::Value readI64(mlir::Value base, int64_t offset) {
    return read(b.getI64Type(), base, offset);
  }
  void write(mlir::Value value, mlir::Value base, int64_t offset) {
    mlir::LLVM::StoreOp::create(b, loc, value, address(base, offset));
  }
  /// Room for a structure on the stack.
  mlir::Value allocate(int64_t bytes) {
    return mlir::LLVM::AllocaOp::create(b, loc, pointer, b.getI8Type(), i64(bytes),
                                        /*alignment=*/8);
  }
  mlir::Value i64(int64_t k) { return mlir::LLVM::ConstantOp::create(b, loc, b.getI64Type(), k); }

private:
  mlir::Value address(mlir::Value base, int64_t offset) {
    return mlir::LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base,
                                     mlir::LLVM::GEPArg(static_cast<int32_t>(offset)));
  }

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type pointer;
};

} // namespace keops

#endif // KEOPS_CONVERSION_STRUCTS_H
