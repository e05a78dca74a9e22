// Opens libkeops-compiler.so when it is first needed. The only file that knows how the two
// libraries find each other.
#ifndef KEOPS_RUNTIME_COMPILER_H
#define KEOPS_RUNTIME_COMPILER_H

#include "keops/Runtime/CompilerInterface.h"

#include <string>

namespace keops {

struct Compiler {
  const KeopsCompilerInterface *table = nullptr;
  std::string path;
  /// What distinguishes the code that this pair of libraries makes from that of any other pair:
  /// build ids, LLVM version, host processor. Part of every key on disk.
  std::string identity;
};

/// Loads the library, once. Throws a user error naming the path when that fails; a later call tries
/// again.
const Compiler &getCompiler();

/// The build id of the library or program that contains `address`, as hexadecimal text; made from
/// size and time of the file where the linker wrote no id.
std::string getBuildId(const void *address);

/// The build id of libkeops itself.
const std::string &getRuntimeBuildId();

} // namespace keops

#endif // KEOPS_RUNTIME_COMPILER_H
