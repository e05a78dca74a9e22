// From a request to a program: memory, then disk, then the compiler.
#ifndef KEOPS_RUNTIME_CACHE_H
#define KEOPS_RUNTIME_CACHE_H

#include "keops/Runtime/DiskCache.h"
#include "keops/Runtime/Program.h"
#include "keops/Runtime/Request.h"

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace keops {

enum class ProgramSource : uint8_t { Memory, Disk, Compiled };

/// A program and what it took to get it.
struct CachedProgram {
  std::shared_ptr<const Program> program;
  ProgramSource source = ProgramSource::Memory;
  double cpuMilliseconds = 0; ///< of the thread that asked
  double wallMilliseconds = 0;
};

struct CacheCounts {
  int64_t memoryHits = 0;
  int64_t diskHits = 0;
  int64_t compilations = 0;
  int64_t programsInMemory = 0;
};

class ProgramCache {
public:
  ProgramCache(size_t capacity, std::string folder, int64_t maxDiskBytes);

  /// Compiles at most once for one normal form, however many threads ask at the same time. Throws
  /// what the compiler has to say about a wrong request; failures are not kept.
  CachedProgram get(const Request &request);

  void clearMemory();
  DiskCache &getDisk() { return *disk; }
  /// Another folder for programs from now on; whoever is at work finishes in the one before.
  void setFolder(std::string folder);
  CacheCounts getCounts();

  /// The cache of this process, made from the settings.
  static ProgramCache &get();

private:
  struct Slot;
  using SlotPtr = std::shared_ptr<Slot>;

  SlotPtr findOrClaim(const std::string &form, bool &isOwner);
  std::shared_ptr<const Program> build(const Request &request, const std::string &form,
                                       ProgramSource &source);
  void finish(const SlotPtr &slot, std::shared_ptr<const Program> program, ProgramSource source);
  /// Moves the least recently used programs beyond the capacity to `dropped`.
  void trim(std::list<SlotPtr> &dropped);

  std::mutex &mutex;
  size_t capacity;
  int64_t maxDiskBytes;
  std::list<DiskCache> disks; ///< with those of the past, in which other threads may be
  std::atomic<DiskCache *> disk;
  /// Most recently used first.
  std::list<SlotPtr> order;
  std::unordered_map<std::string, std::list<SlotPtr>::iterator> slots;
  CacheCounts counts;
};

/// Compiles a request outside any cache; throws user or internal errors with the compiler's
/// message.
DiskEntry compileRequest(const Request &request, const std::string &symbol,
                         const KeopsCompilerInterface &compiler);

/// The text of a program after a named stage.
std::string dumpRequest(const Request &request, const std::string &stage);

} // namespace keops

#endif // KEOPS_RUNTIME_CACHE_H
