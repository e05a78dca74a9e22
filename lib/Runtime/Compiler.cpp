// dlopen of the compiler library, its checks, and the build ids of both libraries.
#include "keops/Runtime/Compiler.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/ForkSafety.h"
#include "keops/Runtime/Log.h"
#include "keops/Runtime/Settings.h"
#include "keops/Runtime/Sha256.h"

#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <mutex>
#include <sys/stat.h>

namespace keops {

namespace {

constexpr const char *libraryName = "libkeops-compiler.so";

std::string getFileOf(const void *address) {
  Dl_info info;
  return dladdr(address, &info) && info.dli_fname ? info.dli_fname : "";
}

std::string findLibrary() {
  const std::string &chosen = getSettings().compilerLibrary;
  if (!chosen.empty())
    return chosen;
  std::string own = getFileOf(reinterpret_cast<const void *>(&getRuntimeBuildId));
  size_t slash = own.rfind('/');
  return slash == std::string::npos ? libraryName : own.substr(0, slash + 1) + libraryName;
}

/// RTLD_LOCAL keeps LLVM's symbols away from other LLVMs of the process.
void *openLibrary(const std::string &path) {
  if (void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    return library;
  const char *reason = dlerror();
  raiseUserError("cannot load the compiler library '", path, "': ", reason ? reason : "no reason",
                 "; KEOPS_COMPILER_LIBRARY may hold its path");
}

const KeopsCompilerInterface *findTable(void *library, const std::string &path) {
  auto *table =
      static_cast<const KeopsCompilerInterface *>(dlsym(library, "keopsCompilerInterface"));
  if (!table)
    raiseUserError("'", path, "' is not a compiler library of keops");
  if (table->version != KEOPS_COMPILER_INTERFACE_VERSION)
    raiseUserError("the compiler library '", path, "' has interface version ", table->version,
                   ", expected ", KEOPS_COMPILER_INTERFACE_VERSION,
                   "; libkeops and its compiler must be of one version");
  return table;
}

Compiler load() {
  Compiler compiler;
  compiler.path = findLibrary();
  compiler.table = findTable(openLibrary(compiler.path), compiler.path);
  compiler.identity =
      concat("runtime ", getRuntimeBuildId(), "\ncompiler ", getBuildId(compiler.table), "\nllvm ",
             compiler.table->llvmVersion, "\nhost ", compiler.table->hostTarget, '\n');
  log(LogLevel::Info, "loaded ", compiler.path, ", LLVM ", compiler.table->llvmVersion);
  return compiler;
}

struct NoteSearch {
  const void *address;
  std::string id;
};

/// The build id inside one segment of notes.
std::string readBuildIdNote(const char *notes, size_t size) {
  auto align = [](size_t bytes) { return (bytes + 3) & ~size_t(3); };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes, sizeof(header));
    size_t length = sizeof(header) + align(header.n_namesz) + align(header.n_descsz);
    if (length > size)
      break;
    const char *name = notes + sizeof(header);
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && !std::memcmp(name, "GNU", 4))
      return std::string(name + 4, header.n_descsz);
    notes += length;
    size -= length;
  }
  return {};
}

bool containsAddress(const dl_phdr_info &info, const void *address) {
  auto target = reinterpret_cast<ElfW(Addr)>(address);
  for (int k = 0; k < info.dlpi_phnum; ++k) {
    const ElfW(Phdr) &segment = info.dlpi_phdr[k];
    if (segment.p_type == PT_LOAD && target >= info.dlpi_addr + segment.p_vaddr &&
        target < info.dlpi_addr + segment.p_vaddr + segment.p_memsz)
      return true;
  }
  return false;
}

int visitObject(dl_phdr_info *info, size_t, void *user) {
  auto *search = static_cast<NoteSearch *>(user);
  if (!containsAddress(*info, search->address))
    return 0;
  for (int k = 0; k < info->dlpi_phnum && search->id.empty(); ++k) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[k];
    if (segment.p_type == PT_NOTE)
      search->id = readBuildIdNote(
          reinterpret_cast<const char *>(info->dlpi_addr + segment.p_vaddr), segment.p_memsz);
  }
  return 1;
}

std::string describeFile(const std::string &path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0)
    return path;
  return concat(path, ' ', status.st_size, ' ', status.st_mtim.tv_sec, ' ', status.st_mtim.tv_nsec);
}

} // namespace

std::string getBuildId(const void *address) {
  NoteSearch search{address, {}};
  dl_iterate_phdr(visitObject, &search);
  if (search.id.empty())
    search.id = describeFile(getFileOf(address));
  return toHex(getSha256(search.id)).substr(0, 40);
}

const std::string &getRuntimeBuildId() {
  static const auto *id =
      new std::string(getBuildId(reinterpret_cast<const void *>(&getRuntimeBuildId)));
  return *id;
}

const Compiler &getCompiler() {
  // Leaked on purpose, like the library itself: compiled programs may run while the process ends.
  static std::mutex &mutex = createForkSafeMutex();
  static auto *compiler = new Compiler;
  std::lock_guard lock(mutex);
  if (!compiler->table)
    *compiler = load();
  return *compiler;
}

} // namespace keops
