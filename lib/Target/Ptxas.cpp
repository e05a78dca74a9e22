// Machine code of PTX, by NVIDIA's assembler in a process of its own. Users need not have it: a
// driver assembles PTX too.
#include "keops/Target/Nvptx.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace keops;
namespace sys = llvm::sys;

/// Where toolkits are: in the variables that their users set, then where they install themselves.
static SmallVector<std::string> getToolkitFolders() {
  SmallVector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"})
    if (std::optional<std::string> root = sys::Process::GetEnv(variable); root && !root->empty())
      folders.push_back(*root + "/bin");
  folders.push_back("/usr/local/cuda/bin");
  return folders;
}

static llvm::ErrorOr<std::string> findAssembler() {
  if (llvm::ErrorOr<std::string> found = sys::findProgramByName("ptxas"))
    return found;
  SmallVector<std::string> folders = getToolkitFolders();
  return sys::findProgramByName("ptxas", SmallVector<StringRef>(folders.begin(), folders.end()));
}

namespace {
/// A file that only this user can read, and that goes away with this object.
class TemporaryFile {
public:
  TemporaryFile(StringRef suffix, StringRef content, std::string &error) {
    int descriptor;
    if (std::error_code code = sys::fs::createTemporaryFile("keops", suffix, descriptor, file)) {
      error = "cannot create a temporary file: " + code.message();
      return;
    }
    remover.setFile(file);
    llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
    os << content;
    os.close();
    if (os.has_error())
      error = ("cannot write '" + file + "': " + os.error().message()).str();
    os.clear_error();
  }
  StringRef path() const { return file; }
  std::string read() const {
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
        llvm::MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

private:
  SmallString<128> file;
  llvm::FileRemover remover;
};
} // namespace

FailureOr<std::string> keops::assemblePTX(StringRef ptx, const NvptxTarget &target,
                                          std::string &error) {
  llvm::ErrorOr<std::string> assembler = findAssembler();
  if (!assembler) {
    error = "a cubin needs NVIDIA's assembler 'ptxas', which was not found in PATH, CUDA_HOME, "
            "CUDA_PATH, CUDA_ROOT or /usr/local/cuda; PTX needs none: the driver assembles it";
    return failure();
  }
  TemporaryFile source("ptx", ptx, error), binary("cubin", "", error), messages("txt", "", error);
  if (!error.empty())
    return failure();
  std::string chip = "-arch=" + target.chip, reason;
  std::optional<StringRef> redirects[] = {StringRef(), messages.path(), messages.path()};
  int status =
      sys::ExecuteAndWait(*assembler, {*assembler, chip, source.path(), "-o", binary.path()},
                          std::nullopt, redirects, 0, 0, &reason);
  if (status == 0)
    return binary.read();
  error = "'" + *assembler + " " + chip +
          "' failed: " + (reason.empty() ? StringRef(messages.read()).trim().str() : reason);
  return failure();
}
