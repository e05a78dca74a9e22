// Code that somebody else compiled, and code that comes from the cache on disk.
#include "Probing.h"
#include "TestSupport.h"
#include "keops/Runtime/CompilerInterface.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>

using namespace keops;
using namespace keops::test;

namespace {

struct Compiled {
  std::string code, manifest, error;
};

/// A Gaussian sum for the emulated driver, by the compiler library alone.
Compiled compileGauss() {
  void *library = dlopen(KEOPS_COMPILER, RTLD_NOW | RTLD_LOCAL);
  auto *table =
      static_cast<const KeopsCompilerInterface *>(dlsym(library, "keopsCompilerInterface"));
  const char *aliases[] = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"};
  KeopsCompileRequest request = {gaussFormula,   aliases, 3,      "f32",  "default", "none",
                                 "gpu-emulator", "",      "auto", "auto", "gauss"};
  Compiled result;
  table->compile(
      &request,
      [](const char *data, size_t size, void *user) {
        static_cast<Compiled *>(user)->code.assign(data, size);
      },
      [](const char *data, size_t size, void *user) {
        static_cast<Compiled *>(user)->manifest.assign(data, size);
      },
      [](const char *data, size_t size, void *user) {
        static_cast<Compiled *>(user)->error.assign(data, size);
      },
      &result);
  EXPECT_EQ(result.error, "");
  return result;
}

class Kernels : public ::testing::Test {
protected:
  ~Kernels() override { keopsProgramDestroy(program); }

  keopsStatus create(const std::string &code) {
    return keopsProgramCreateFromKernels(compiled.manifest.c_str(), code.data(), code.size(), 0,
                                         &program);
  }
  keopsStatus run(const GaussCase &arrays) {
    keopsTensor inputs[3];
    std::vector<Tensor> tensors = arrays.inputs();
    Tensor out = arrays.out.get();
    for (size_t k = 0; k < 3; ++k)
      inputs[k] = tensors[k].get();
    keopsTensor output = out.get();
    return keopsProgramRun(program, inputs, 3, &output, 1, nullptr);
  }

  Compiled compiled = compileGauss();
  keopsProgram program = nullptr;
};

} // namespace

TEST_F(Kernels, compiledAheadOfTimeRun) {
  ASSERT_EQ(create(compiled.code), KEOPS_OK) << keopsGetLastError();
  keopsCompileInfo info;
  ASSERT_EQ(keopsProgramGetCompileInfo(program, &info), KEOPS_OK);
  EXPECT_EQ(info.source, KEOPS_AHEAD_OF_TIME);
  GaussCase arrays(200, 300);
  ASSERT_EQ(run(arrays), KEOPS_OK) << keopsGetLastError();
  arrays.check();
}

TEST_F(Kernels, areTakenAsABinaryWhereThatRuns) {
  ASSERT_EQ(create("text that is never read" + std::string(1, '\0') + compiled.code), KEOPS_OK)
      << keopsGetLastError();
  GaussCase arrays(200, 300);
  ASSERT_EQ(run(arrays), KEOPS_OK) << keopsGetLastError();
  arrays.check();
}

TEST_F(Kernels, areTakenAsTextWhereTheBinaryDoesNotRun) {
  std::string text = ".version 7.8\n.target sm_90\n";
  for (const char *name : {"gauss_0", "gauss_1", "gauss_2"})
    text += ".visible .entry " + std::string(name) + "(\n)\n";
  EXPECT_EQ(create(text + std::string(1, '\0') + "no binary"), KEOPS_OK) << keopsGetLastError();
  EXPECT_EQ(create("no text" + std::string(1, '\0') + "no binary"), KEOPS_DEVICE_FAILED);
}

static std::string makeFolder() {
  std::string folder = (std::filesystem::temp_directory_path() / "keops-cuda-test-XXXXXX").string();
  return mkdtemp(folder.data()) ? folder : "";
}

/// What one process leaves in the folder, another one runs that has no compiler.
TEST_F(Kernels, comeFromAFolderOfPrograms) {
  std::string folder = makeFolder(), programs = "KEOPS_CACHE_SIZE_MB=0 KEOPS_PROGRAMS=" + folder;
  std::string bare = " KEOPS_COMPILER_LIBRARY=/nonexistent";
  auto isThere = [](const std::string &text) {
    return text.find("5 x 6 = 30\n") != std::string::npos;
  };
  EXPECT_FALSE(isThere(probe(programs + bare, "run")));
  EXPECT_TRUE(isThere(probe(programs, "run")));
  std::string text = probe(programs + bare, "run");
  EXPECT_TRUE(isThere(text)) << text;
  std::filesystem::remove_all(folder);
}

TEST_F(Kernels, comeFromDisk) {
  std::string folder = makeFolder();
  ASSERT_EQ(keopsCacheSetFolder(folder.c_str()), KEOPS_OK);
  const keopsSource sources[] = {KEOPS_COMPILED, KEOPS_FROM_DISK};
  for (keopsSource source : sources) {
    ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_MEMORY), KEOPS_OK);
    Program gauss = test::compile(gaussFormula, gaussAliases);
    EXPECT_EQ(gauss.getCompileInfo().source, source);
    GaussCase arrays(200, 300);
    arrays.run(gauss);
    arrays.check();
  }
  ASSERT_EQ(keopsCacheSetFolder(nullptr), KEOPS_OK);
  std::filesystem::remove_all(folder);
}
