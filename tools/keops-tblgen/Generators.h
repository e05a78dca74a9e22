// The generators of keops-tblgen, one file each; Main.cpp chooses between them.
#ifndef KEOPS_TBLGEN_GENERATORS_H
#define KEOPS_TBLGEN_GENERATORS_H

#include "llvm/Support/raw_ostream.h"

namespace llvm {
class RecordKeeper;
} // namespace llvm

/// C++ bodies of the interface methods of table operations.
void emitOpMethods(const llvm::RecordKeeper &records, llvm::raw_ostream &os);
/// The parser's table: formula name, mnemonic, operands.
void emitFormulaTable(const llvm::RecordKeeper &records, llvm::raw_ostream &os);
/// The table of reductions: names, shapes, families.
void emitReductionTable(const llvm::RecordKeeper &records, llvm::raw_ostream &os);
/// Everything a test or a Python program may want to know, as JSON.
void emitJson(const llvm::RecordKeeper &records, llvm::raw_ostream &os);
/// The operations page, as Markdown.
void emitDocs(const llvm::RecordKeeper &records, llvm::raw_ostream &os);

#endif // KEOPS_TBLGEN_GENERATORS_H
