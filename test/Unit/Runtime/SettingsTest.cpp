// Environment variables: defaults, order, and values that make no sense.
#include "keops/Runtime/Settings.h"
#include "TestSupport.h"

#include <map>

using namespace keops;
using namespace keops::test;

namespace {

using Environment = std::map<std::string, std::string>;

struct Reading {
  Settings settings;
  std::vector<std::string> problems;

  explicit Reading(std::map<std::string, std::string> environment) {
    settings = readSettings(
        [&](const char *name) {
          auto found = environment.find(name);
          return found == environment.end() ? nullptr : found->second.c_str();
        },
        problems);
  }
};

} // namespace

TEST(Settings, haveDefaults) {
  Reading reading({});
  EXPECT_TRUE(reading.problems.empty());
  EXPECT_EQ(reading.settings.numThreads, 0);
  EXPECT_EQ(reading.settings.cacheSizeMb, 512);
  EXPECT_EQ(reading.settings.logLevel, 2);
  EXPECT_EQ(reading.settings.cacheDir, "");
  EXPECT_EQ(reading.settings.target, "native");
  EXPECT_EQ(Reading({{"KEOPS_TARGET", "gpu-emulator"}}).settings.target, "gpu-emulator");
  EXPECT_EQ(Reading({{"KEOPS_CUDA_DRIVER", "/d.so"}}).settings.cudaDriver, "/d.so");
  EXPECT_EQ(reading.settings.gpuBlocks, 0);
  EXPECT_EQ(Reading({{"KEOPS_GPU_BLOCKS", "7"}}).settings.gpuBlocks, 7);
  EXPECT_EQ(Reading({{"KEOPS_PROGRAMS", "/p"}}).settings.programsDir, "/p");
}

TEST(Settings, cacheFolderIsTheFirstThatIsSet) {
  std::map<std::string, std::string> environment = {{"KEOPS_CACHE_DIR", "/a"},
                                                    {"KEOPS_CACHE_FOLDER", "/b"},
                                                    {"XDG_CACHE_HOME", "/c"},
                                                    {"HOME", "/d"}};
  for (const char *expected : {"/a", "/b", "/c/keops", "/d/.cache/keops"}) {
    EXPECT_EQ(Reading(environment).settings.cacheDir, expected);
    for (const char *name : {"KEOPS_CACHE_DIR", "KEOPS_CACHE_FOLDER", "XDG_CACHE_HOME", "HOME"})
      if (environment.erase(name))
        break;
  }
  EXPECT_EQ(Reading({{"XDG_CACHE_HOME", "relative"}, {"HOME", "/d"}}).settings.cacheDir,
            "/d/.cache/keops");
  EXPECT_EQ(Reading({{"KEOPS_CACHE_DIR", ""}, {"HOME", "/d"}}).settings.cacheDir,
            "/d/.cache/keops");
}

TEST(Settings, threadsFollowOpenMPUnlessSet) {
  EXPECT_EQ(Reading(Environment{{"OMP_NUM_THREADS", "3"}}).settings.numThreads, 3);
  EXPECT_EQ(Reading(Environment{{"OMP_NUM_THREADS", "4,2"}}).settings.numThreads, 4);
  EXPECT_EQ(Reading(Environment{{"OMP_NUM_THREADS", "many"}}).settings.numThreads, 0);
  EXPECT_EQ(Reading({{"OMP_NUM_THREADS", "3"}, {"KEOPS_NUM_THREADS", "2"}}).settings.numThreads, 2);
}

TEST(Settings, reportWhatCannotBeRead) {
  Reading reading({{"KEOPS_NUM_THREADS", "two"},
                   {"KEOPS_CACHE_SIZE_MB", "-5"},
                   {"KEOPS_LOG", "loud"},
                   {"KEOPS_CACHE_PROGRAMS", "10x"}});
  ASSERT_EQ(reading.problems.size(), 4u);
  EXPECT_EQ(reading.problems[0],
            "KEOPS_NUM_THREADS is 'two', expected an integer from 0 to 4096; the default is used: "
            "OMP_NUM_THREADS, else all processors");
  EXPECT_EQ(reading.settings.cacheSizeMb, 512);
  EXPECT_EQ(reading.settings.logLevel, 2);
  EXPECT_EQ(reading.settings.programsInMemory, 256);
}

TEST(Settings, everyVariableIsDocumented) {
  int count = 0;
  forEachSetting([&](const char *name, const char *standard, const char *text) {
    EXPECT_TRUE(*name && *standard && *text) << name;
    ++count;
  });
  EXPECT_GE(count, 8);
}
