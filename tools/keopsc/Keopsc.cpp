// keopsc compiles one formula ahead of time. This file reads the command line and writes the files.
#include "Compile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace keops;

static int fail(const llvm::Twine &message) {
  llvm::errs() << "keopsc: error: " << message << "\n";
  return 1;
}

/// Opens `name`, or says why it cannot be written. The file disappears again unless it is kept.
static std::unique_ptr<llvm::ToolOutputFile> open(const std::string &name) {
  std::error_code code;
  auto file = std::make_unique<llvm::ToolOutputFile>(name, code, llvm::sys::fs::OF_None);
  if (!code)
    return file;
  fail("cannot write '" + name + "': " + code.message());
  return nullptr;
}

/// Writes a file completely or says why not.
static bool write(llvm::ToolOutputFile &file, const std::string &name, const std::string &bytes) {
  file.os() << bytes;
  file.os().close();
  if (!file.os().has_error()) {
    file.keep();
    return true;
  }
  fail("cannot write '" + name + "': " + file.os().error().message());
  file.os().clear_error();
  return false;
}

int main(int argc, char **argv) {
  llvm::Expected<KeopscOptions> options = parseCommandLine(argc, argv);
  if (!options)
    return fail(llvm::toString(options.takeError()));
  mlir::FailureOr<KeopscResult> result = compileProgram(*options, llvm::errs());
  if (mlir::failed(result))
    return 1;
  std::unique_ptr<llvm::ToolOutputFile> output = open(options->output), header;
  if (!output || (!options->header.empty() && !(header = open(options->header))))
    return 1;
  bool written = write(*output, options->output, result->output) &&
                 (!header || write(*header, options->header, result->header));
  return written ? 0 : 1;
}
