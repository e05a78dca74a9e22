// Compiled programs on disk, shared by the processes of one user. It never throws: whatever goes
// wrong, the caller compiles as if the entry were absent.
#ifndef KEOPS_RUNTIME_DISKCACHE_H
#define KEOPS_RUNTIME_DISKCACHE_H

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keops {

struct DiskEntry {
  std::string manifest;
  std::string object;
};

class DiskCache {
public:
  /// An empty folder name or a bound of 0 gives a cache that holds nothing.
  DiskCache(std::string folder, int64_t maxBytes);

  /// The entry of a key, if there is a whole one whose key text is exactly `keyText`.
  std::optional<DiskEntry> load(std::string_view keyText);
  /// Publishes an entry at once or not at all; then removes the oldest entries beyond the bound.
  void store(std::string_view keyText, const DiskEntry &entry);
  /// Removes all entries; returns how many.
  int64_t clear();

  struct Usage {
    int64_t entries = 0;
    int64_t bytes = 0;
  };
  Usage getUsage();
  const std::string &getFolder() const { return folder; }

private:
  int openFolder(bool create);
  void disable(const std::string &reason);
  void evict(int folderDescriptor);

  std::string folder;
  int64_t maxBytes;
  std::atomic<bool> enabled;
  /// Bytes in the folder as last seen plus what was written since; negative when never looked at.
  std::atomic<int64_t> estimatedBytes{-1};
};

} // namespace keops

#endif // KEOPS_RUNTIME_DISKCACHE_H
