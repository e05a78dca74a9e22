// From request to program: sources, concurrency, damage, failures and forks.
#include "keops/Runtime/Cache.h"
#include "TestSupport.h"
#include "keops/Runtime/Compiler.h"
#include "keops/Runtime/Launch.h"

#include <algorithm>
#include <sys/wait.h>
#include <thread>

using namespace keops;
using namespace keops::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t large = int64_t(1) << 30;

class ProgramCacheTest : public ::testing::Test {
protected:
  ProgramCacheTest() { ::setenv("KEOPS_FAKE_LOG", (folder / "compilations").c_str(), 1); }
  ~ProgramCacheTest() override { ::unsetenv("KEOPS_FAKE_LOG"); }

  ptrdiff_t countCompilations() const {
    std::string log = readFile(folder / "compilations");
    return std::count(log.begin(), log.end(), '\n');
  }
  ProgramCache makeCache(size_t capacity = 16) const { return {capacity, folder / "cache", large}; }

  TemporaryFolder folder;
};

/// Ends a child process with the outcome of `body`, without running the parent's exit handlers.
template <typename Body>
bool succeedsInChild(Body body) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

TEST_F(ProgramCacheTest, compilesThenRemembersThenReads) {
  ProgramCache cache = makeCache();
  EXPECT_EQ(cache.get(makeRequest()).source, ProgramSource::Compiled);
  EXPECT_EQ(cache.get(makeRequest()).source, ProgramSource::Memory);
  cache.clearMemory();
  EXPECT_EQ(cache.get(makeRequest()).source, ProgramSource::Disk);
  EXPECT_EQ(countCompilations(), 1);
  CacheCounts counts = cache.getCounts();
  EXPECT_EQ(counts.compilations, 1);
  EXPECT_EQ(counts.diskHits, 1);
  EXPECT_EQ(counts.memoryHits, 1);
  EXPECT_EQ(counts.programsInMemory, 1);
}

TEST_F(ProgramCacheTest, aFaultOfAProgramIsToldInFull) {
  CachedProgram found = makeCache().get(makeRequest("Broken(x,y)", {"x=Vi(1)", "y=Vj(1)"}));
  float value = 0;
  int64_t shape[] = {1, 1};
  Tensor tensor{&value, DType::F32, 2, shape, nullptr};
  float result = 0;
  Tensor output{&result, DType::F32, 2, shape, nullptr};
  std::vector<std::string> names = {"x", "y"};
  std::string message = getErrorMessage(
      [&] {
        Launcher(*found.program, names).run(std::vector{tensor, tensor}, std::vector{output}, {});
      },
      ErrorKind::Internal);
  EXPECT_NE(message.find("a data race that was planted"), std::string::npos) << message;
}

TEST_F(ProgramCacheTest, otherNamesShareTheProgram) {
  ProgramCache cache = makeCache();
  auto first = cache.get(makeRequest());
  auto second = cache.get(
      makeRequest("Sum_Reduction(Exp(-SqDist(p,q)) * w, 0)", {"p=Vi(3)", "q=Vj(3)", "w=Vj(1)"}));
  EXPECT_EQ(first.program, second.program);
}

TEST_F(ProgramCacheTest, manyThreadsCompileOnce) {
  ProgramCache cache = makeCache();
  std::vector<std::thread> threads;
  std::vector<std::shared_ptr<const Program>> programs(8);
  threads.reserve(programs.size());
  for (auto &program : programs)
    threads.emplace_back([&] { program = cache.get(makeRequest("slow(x,y,b)")).program; });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(countCompilations(), 1);
  for (auto &program : programs)
    EXPECT_EQ(program, programs[0]);
}

TEST_F(ProgramCacheTest, failuresAreNotKeptAndEveryCallerIsTold) {
  ProgramCache cache = makeCache();
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      std::string message = getErrorMessage([&] { cache.get(makeRequest("bad slow")); });
      EXPECT_EQ(message, "unknown name 'bad'\n  bad slow\n  ^");
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(cache.getCounts().programsInMemory, 0);
  std::string message =
      getErrorMessage([&] { cache.get(makeRequest("fault")); }, ErrorKind::Internal);
  EXPECT_NE(message.find("please report it: no rule for this operation"), std::string::npos);
}

TEST_F(ProgramCacheTest, textThatTheLexerRefusesReachesTheCompiler) {
  ProgramCache cache = makeCache();
  std::string message = getErrorMessage([&] { cache.get(makeRequest("bad $")); });
  EXPECT_NE(message.find("unknown name"), std::string::npos);
}

TEST_F(ProgramCacheTest, theLeastRecentlyUsedLeavesMemory) {
  ProgramCache cache = makeCache(/*capacity=*/2);
  auto kept = cache.get(makeRequest("a")).program;
  cache.get(makeRequest("b"));
  cache.get(makeRequest("a"));
  cache.get(makeRequest("c"));
  EXPECT_EQ(cache.get(makeRequest("a")).source, ProgramSource::Memory);
  EXPECT_EQ(cache.get(makeRequest("b")).source, ProgramSource::Disk);
  EXPECT_EQ(cache.getCounts().programsInMemory, 2);
  EXPECT_NE(kept->getEntry(), nullptr) << "a program in use stays alive";
}

TEST_F(ProgramCacheTest, damagedEntriesAreCompiledAnew) {
  makeCache().get(makeRequest());
  for (const auto &item : fs::directory_iterator(folder / "cache"))
    writeFile(item.path(), "garbage");
  EXPECT_EQ(makeCache().get(makeRequest()).source, ProgramSource::Compiled);
  EXPECT_EQ(makeCache().get(makeRequest()).source, ProgramSource::Disk);
}

TEST_F(ProgramCacheTest, anEntryThatDoesNotLinkIsCompiledAnew) {
  ProgramCache cache = makeCache();
  cache.get(makeRequest());
  // The same key text, with a checksum that is right and an object that is not.
  std::string key = makeRequest().getNormalForm() + getCompiler().identity + "sanitize \n";
  DiskCache disk(folder / "cache", large);
  ASSERT_TRUE(disk.load(key)) << "the key of this test is out of date";
  disk.store(key, {"keops-program 3\nsymbol f\noutput i f32 Sum 1\n", "garbage"});
  EXPECT_EQ(makeCache().get(makeRequest()).source, ProgramSource::Compiled);
  EXPECT_EQ(makeCache().get(makeRequest()).source, ProgramSource::Disk);
}

TEST_F(ProgramCacheTest, worksWithoutDisk) {
  ProgramCache cache(16, "", large);
  EXPECT_EQ(cache.get(makeRequest()).source, ProgramSource::Compiled);
  EXPECT_EQ(cache.get(makeRequest()).source, ProgramSource::Memory);
}

TEST_F(ProgramCacheTest, aChildOfAForkCanUseIt) {
  ProgramCache cache = makeCache();
  cache.get(makeRequest());
  EXPECT_TRUE(succeedsInChild([&] {
    return cache.get(makeRequest()).source == ProgramSource::Memory &&
           cache.get(makeRequest("new")).source == ProgramSource::Compiled;
  }));
}

TEST_F(ProgramCacheTest, aChildDoesNotWaitForThreadsOfItsParent) {
  ProgramCache cache = makeCache();
  std::thread compiling([&] { cache.get(makeRequest("slow(x,y,b)")); });
  while (countCompilations() == 0)
    std::this_thread::yield();
  EXPECT_TRUE(succeedsInChild(
      [&] { return cache.get(makeRequest("slow(x,y,b)")).source == ProgramSource::Compiled; }));
  compiling.join();
}

TEST_F(ProgramCacheTest, manyThreadsAndManyKeys) {
  ProgramCache cache = makeCache(/*capacity=*/4);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int k = 0; k < 100; ++k) {
        auto found = cache.get(makeRequest("f" + std::to_string((k * 7 + t) % 10)));
        EXPECT_NE(found.program, nullptr);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(countCompilations(), 10);
  EXPECT_LE(cache.getCounts().programsInMemory, 4);
}

TEST(Compiler, buildIdsIdentifyLibraries) {
  EXPECT_EQ(getRuntimeBuildId().size(), 40u);
  EXPECT_NE(getBuildId(getCompiler().table), getRuntimeBuildId());
  EXPECT_NE(getCompiler().identity.find("llvm 0.0-fake\nhost fake processor\n"), std::string::npos);
}
