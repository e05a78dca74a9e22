// keops-tblgen: reads the records of dialects/ and runs the generator named on the command line.
#include "Generators.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/TableGen/Main.h"
#include "llvm/TableGen/Record.h"

using namespace llvm;

namespace {
using Generator = void (*)(const RecordKeeper &, raw_ostream &);
Generator chosen = nullptr;

struct GeneratorFlag {
  GeneratorFlag(StringRef name, const char *help, Generator generator)
      : option(name, cl::desc(help),
               cl::callback([generator](const bool &) { chosen = generator; })) {}
  cl::opt<bool> option;
};

bool runGenerator(raw_ostream &os, const RecordKeeper &records) {
  if (!chosen) {
    errs() << "keops-tblgen: name a generator, for example -gen-docs\n";
    return true;
  }
  chosen(records, os);
  return false;
}
} // namespace

int main(int argc, char **argv) {
  GeneratorFlag flags[] = {
      {"gen-op-methods", "Interface methods of table operations", emitOpMethods},
      {"gen-formula-table", "The parser's table of formula names", emitFormulaTable},
      {"gen-reduction-table", "The table of reductions", emitReductionTable},
      {"gen-json", "All records as JSON", emitJson},
      {"gen-docs", "The operations page", emitDocs},
      {"gen-python", "The Python methods of LazyTensor", emitPython},
  };
  (void)flags;
  cl::ParseCommandLineOptions(argc, argv, "keops-tblgen: generates code from operation records\n");
  return TableGenMain(argv[0], &runGenerator);
}
