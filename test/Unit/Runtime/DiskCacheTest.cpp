// The rules of the disk cache, one test each: what it keeps, what it refuses, and that it never
// disturbs the caller.
#include "keops/Runtime/DiskCache.h"
#include "TestSupport.h"
#include "keops/Runtime/Log.h"

#include <sys/stat.h>
#include <thread>

using namespace keops;
using namespace keops::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t large = int64_t(1) << 30;

/// Collects what is logged while it lives.
class LogCapture {
public:
  LogCapture() {
    setLogCallback([](int32_t, const char *message,
                      void *user) { static_cast<LogCapture *>(user)->lines.emplace_back(message); },
                   this);
  }
  ~LogCapture() { setLogCallback(nullptr, nullptr); }
  std::vector<std::string> lines;
};

std::string getOnlyFile(const std::string &folder) {
  std::vector<std::string> files;
  for (const auto &item : fs::directory_iterator(folder))
    files.push_back(item.path().string());
  EXPECT_EQ(files.size(), 1u);
  return files.empty() ? "" : files.front();
}

const DiskEntry sample{"manifest", std::string("ob\0ject", 7)};

bool canRead(DiskCache &cache, const std::string &key) {
  auto entry = cache.load(key);
  return entry && entry->manifest == sample.manifest && entry->object == sample.object;
}

} // namespace

TEST(DiskCache, givesBackWhatWasStored) {
  TemporaryFolder folder;
  DiskCache cache(folder / "a/b/cache", large);
  EXPECT_FALSE(cache.load("key"));
  cache.store("key", sample);
  EXPECT_TRUE(canRead(cache, "key"));
  EXPECT_FALSE(cache.load("other"));
  DiskCache again(folder / "a/b/cache", large);
  EXPECT_TRUE(canRead(again, "key"));
}

TEST(DiskCache, isPrivate) {
  TemporaryFolder folder;
  DiskCache cache(folder / "cache", large);
  cache.store("key", sample);
  struct stat status;
  ASSERT_EQ(::stat((folder / "cache").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(getOnlyFile(folder / "cache").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(DiskCache, everyTruncationIsAMiss) {
  TemporaryFolder folder;
  DiskCache cache(folder / "cache", large);
  cache.store("key", sample);
  std::string path = getOnlyFile(folder / "cache");
  std::string whole = readFile(path);
  for (size_t size = 0; size < whole.size(); ++size) {
    writeFile(path, whole.substr(0, size));
    EXPECT_FALSE(cache.load("key")) << size;
    EXPECT_FALSE(fs::exists(path)) << "a damaged entry is removed";
  }
}

TEST(DiskCache, everyFlippedByteIsAMiss) {
  TemporaryFolder folder;
  DiskCache cache(folder / "cache", large);
  cache.store("key", sample);
  std::string path = getOnlyFile(folder / "cache");
  std::string whole = readFile(path);
  for (size_t place = 0; place < whole.size(); ++place) {
    std::string damaged = whole;
    damaged[place] = char(damaged[place] ^ 0x10);
    writeFile(path, damaged);
    EXPECT_FALSE(cache.load("key")) << place;
  }
  cache.store("key", sample);
  EXPECT_TRUE(canRead(cache, "key")) << "and can be replaced";
}

TEST(DiskCache, comparesTheKeyInFull) {
  TemporaryFolder folder;
  DiskCache cache(folder / "cache", large);
  cache.store("key", sample);
  std::string path = getOnlyFile(folder / "cache");
  std::string content = readFile(path);
  cache.store("other", sample);
  for (const auto &item : fs::directory_iterator(folder / "cache"))
    if (item.path() != path)
      writeFile(item.path(), content);
  EXPECT_FALSE(cache.load("other"));
}

TEST(DiskCache, refusesAFolderThatOthersMayWrite) {
  TemporaryFolder folder;
  fs::create_directory(folder / "cache");
  ASSERT_EQ(::chmod((folder / "cache").c_str(), 0777), 0);
  LogCapture log;
  DiskCache cache(folder / "cache", large);
  cache.store("key", sample);
  EXPECT_FALSE(cache.load("key"));
  ASSERT_EQ(log.lines.size(), 1u) << "one warning, not one for each access";
  EXPECT_NE(log.lines[0].find("others may write into it"), std::string::npos) << log.lines[0];
}

TEST(DiskCache, refusesAFolderOfAnotherUser) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can give a folder away";
  TemporaryFolder folder;
  fs::create_directory(folder / "cache");
  ASSERT_EQ(::chown((folder / "cache").c_str(), 12345, 12345), 0);
  LogCapture log;
  DiskCache cache(folder / "cache", large);
  cache.store("key", sample);
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_NE(log.lines[0].find("it belongs to user 12345"), std::string::npos) << log.lines[0];
}

TEST(DiskCache, worksWithoutAUsableFolder) {
  TemporaryFolder folder;
  writeFile(folder / "file", "no folder");
  for (const std::string &path :
       {folder / "file", folder / "file/below", std::string("/proc/keops")}) {
    LogCapture log;
    DiskCache cache(path, large);
    cache.store("key", sample);
    cache.store("key", sample);
    EXPECT_FALSE(cache.load("key"));
    EXPECT_EQ(log.lines.size(), 1u) << path;
  }
  DiskCache none("", large);
  none.store("key", sample);
  EXPECT_FALSE(none.load("key"));
}

TEST(DiskCache, doesNotFollowLinksNorBlockOnPipes) {
  TemporaryFolder folder;
  DiskCache cache(folder / "cache", large);
  cache.store("key", sample);
  std::string path = getOnlyFile(folder / "cache");
  fs::rename(path, folder / "elsewhere");
  fs::create_symlink(folder / "elsewhere", path);
  EXPECT_FALSE(cache.load("key"));
  fs::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(cache.load("key"));
}

TEST(DiskCache, staysBelowItsBoundAndKeepsTheNewest) {
  TemporaryFolder folder;
  DiskEntry entry{"m", std::string(1000, 'o')};
  DiskCache cache(folder / "cache", 20000);
  for (int k = 0; k < 100; ++k) {
    cache.store("key" + std::to_string(k), entry);
    EXPECT_LE(cache.getUsage().bytes, 20000);
  }
  EXPECT_GE(cache.getUsage().entries, 10);
  EXPECT_TRUE(cache.load("key99"));
}

TEST(DiskCache, evictionTakesTheLeastRecentlyUsed) {
  TemporaryFolder folder;
  DiskEntry entry{"m", std::string(1000, 'o')};
  DiskCache cache(folder / "cache", 5000);
  for (const char *key : {"a", "b", "c", "d"})
    cache.store(key, entry);
  auto past = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (const auto &item : fs::directory_iterator(folder / "cache"))
    fs::last_write_time(item.path(), past);
  EXPECT_TRUE(cache.load("a")) << "a use counts";
  DiskCache later(folder / "cache", 5000);
  later.store("e", entry);
  EXPECT_TRUE(later.load("a"));
  EXPECT_TRUE(later.load("e"));
  EXPECT_LE(later.getUsage().entries, 4);
}

TEST(DiskCache, leavesForeignFilesAlone) {
  TemporaryFolder folder;
  fs::create_directory(folder / "cache");
  fs::permissions(folder / "cache", fs::perms::owner_all);
  writeFile(folder / "cache/precious.txt", std::string(100000, 'x'));
  DiskCache cache(folder / "cache", 2000);
  for (int k = 0; k < 20; ++k)
    cache.store("key" + std::to_string(k), sample);
  EXPECT_GT(cache.clear(), 0);
  EXPECT_EQ(cache.getUsage().entries, 0);
  EXPECT_TRUE(fs::exists(folder / "cache/precious.txt"));
}

TEST(DiskCache, anEntryLargerThanTheBoundIsNotKept) {
  TemporaryFolder folder;
  DiskCache cache(folder / "cache", 50);
  cache.store("key", sample);
  EXPECT_FALSE(cache.load("key"));
}

TEST(DiskCache, writersAndReadersMayRace) {
  TemporaryFolder folder;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      DiskCache cache(folder / "cache", large);
      for (int k = 0; k < 50; ++k) {
        std::string key = "key" + std::to_string(k % 5);
        cache.store(key, sample);
        auto entry = cache.load(key);
        EXPECT_TRUE(entry && entry->object == sample.object);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  DiskCache cache(folder / "cache", large);
  EXPECT_EQ(cache.getUsage().entries, 5);
  EXPECT_EQ(size_t(std::distance(fs::directory_iterator(folder / "cache"), {})), 5u)
      << "no temporary files are left";
}
