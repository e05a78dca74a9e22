// Linking of objects through the compiler library, and the reverse when the last user of a program
// is gone.
#include "keops/Runtime/Program.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/Threads.h"

namespace keops {

static void keepText(const char *data, size_t size, void *user) {
  static_cast<std::string *>(user)->assign(data, size);
}

Program::~Program() {
  if (linked)
    unlink(linked);
}

std::shared_ptr<const Program> Program::link(Manifest manifest, const std::string &object,
                                             const KeopsCompilerInterface &compiler) {
  std::string problem;
  void *address = nullptr;
  void *handle = compiler.link(object.data(), object.size(), manifest.symbol.c_str(), getOpenMP(),
                               &address, keepText, &problem);
  if (!handle || !address)
    raiseInternalError("an object cannot be linked: ", problem);
  auto program =
      std::make_shared<Program>(std::move(manifest), reinterpret_cast<ProgramEntry>(address));
  program->linked = handle;
  program->unlink = compiler.unlink;
  program->fault = compiler.getFault;
  return program;
}

} // namespace keops
