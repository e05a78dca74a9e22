// A compiled program, ready to run: linked into this process, or kernels that a device loads.
#ifndef KEOPS_RUNTIME_PROGRAM_H
#define KEOPS_RUNTIME_PROGRAM_H

#include "keops-c/program.h"
#include "keops/Runtime/CompilerInterface.h"
#include "keops/Runtime/Cuda.h"
#include "keops/Runtime/Manifest.h"

#include <memory>
#include <string>

namespace keops {

using ProgramEntry = int32_t (*)(const keops_args *);

class Program {
public:
  /// A program whose code outlives it: linked ahead of time.
  Program(Manifest manifest, ProgramEntry entry) : manifest(std::move(manifest)), entry(entry) {}
  /// A program of kernels.
  Program(Manifest manifest, std::string code)
      : manifest(std::move(manifest)), image(std::make_unique<cuda::Image>(std::move(code))) {}
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  /// Links an object; throws an internal error when that fails.
  static std::shared_ptr<const Program> link(Manifest manifest, const std::string &object,
                                             const KeopsCompilerInterface &compiler);

  const Manifest &getManifest() const { return manifest; }
  ProgramEntry getEntry() const { return entry; }
  /// The kernels; null where there is an entry.
  const cuda::Image *getImage() const { return image.get(); }
  /// What is wrong, after the entry has returned KEOPS_STEP_FAULT to this thread.
  std::string getFault() const { return fault ? fault() : "unknown"; }

private:
  Manifest manifest;
  ProgramEntry entry = nullptr;
  std::unique_ptr<const cuda::Image> image;
  void *linked = nullptr;
  KeopsUnlinkFn unlink = nullptr;
  KeopsGetFaultFn fault = nullptr;
};

} // namespace keops

#endif // KEOPS_RUNTIME_PROGRAM_H
