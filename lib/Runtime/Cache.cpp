// The memory cache: least recently used out first, one compilation per key at a time, and the calls
// into the compiler.
#include "keops/Runtime/Cache.h"
#include "keops/Runtime/Compiler.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/ForkSafety.h"
#include "keops/Runtime/Log.h"
#include "keops/Runtime/Settings.h"
#include "keops/Runtime/Sha256.h"

#include <condition_variable>
#include <ctime>

namespace keops {

namespace {

double readClock(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return double(time.tv_sec) * 1e3 + double(time.tv_nsec) * 1e-6;
}

/// Milliseconds since construction, of the wall and of this thread.
class Stopwatch {
public:
  double getCpu() const { return readClock(CLOCK_THREAD_CPUTIME_ID) - cpu; }
  double getWall() const { return readClock(CLOCK_MONOTONIC) - wall; }

private:
  double cpu = readClock(CLOCK_THREAD_CPUTIME_ID);
  double wall = readClock(CLOCK_MONOTONIC);
};

/// What the callbacks of the compiler interface fill.
struct CompilerOutput {
  DiskEntry entry;
  std::string text;
  std::string error;
};

template <auto field>
void keep(const char *data, size_t size, void *user) {
  (static_cast<CompilerOutput *>(user)->*field).assign(data, size);
}
void keepObject(const char *data, size_t size, void *user) {
  static_cast<CompilerOutput *>(user)->entry.object.assign(data, size);
}
void keepManifest(const char *data, size_t size, void *user) {
  static_cast<CompilerOutput *>(user)->entry.manifest.assign(data, size);
}

/// The C view of a request; lives no longer than the request.
struct RequestView {
  RequestView(const Request &request, std::string name) : symbol(std::move(name)) {
    for (const std::string &alias : request.aliases)
      aliases.push_back(alias.c_str());
    view = {request.formula.c_str(),
            aliases.data(),
            int32_t(aliases.size()),
            request.dtype.c_str(),
            request.precision.c_str(),
            request.threads.c_str(),
            request.target.c_str(),
            request.schedule.c_str(),
            request.sumScheme.c_str(),
            request.accumulator.c_str(),
            symbol.c_str()};
  }
  std::string symbol;
  std::vector<const char *> aliases;
  KeopsCompileRequest view;
};

[[noreturn]] void raiseCompilerError(int32_t status, std::string message) {
  while (!message.empty() && message.back() == '\n')
    message.pop_back();
  if (status == 1)
    throw Error(ErrorKind::User, message);
  raiseInternalError(message.empty() ? "the compiler gave no message" : message);
}

/// Everything that distinguishes an object: the normal form, the libraries and the processor.
std::string getDiskKey(const std::string &form, const Compiler &compiler) {
  return concat(form, compiler.identity, "sanitize ", getSettings().sanitizeGenerated, '\n');
}

/// Programs that were compiled elsewhere, by any compiler of this version.
DiskCache &getShelf() {
  constexpr int64_t unbounded = INT64_MAX;
  static auto *shelf = new DiskCache(getSettings().programsDir, unbounded);
  return *shelf;
}

std::string getShelfKey(const std::string &form) { return concat(form, "shelf 1\n"); }

/// Null where there is none; never asks the compiler library.
std::shared_ptr<const Program> takeFromShelf(const Request &request, const std::string &form) {
  if (!request.isForDevice)
    return nullptr;
  std::optional<DiskEntry> entry = getShelf().load(getShelfKey(form));
  if (!entry)
    return nullptr;
  return std::make_shared<const Program>(Manifest::parse(entry->manifest), entry->object);
}

void putOnShelf(const Request &request, const std::string &form, const DiskEntry &entry) {
  if (request.isForDevice)
    getShelf().store(getShelfKey(form), entry);
}

std::string getSymbol(const std::string &keyText) {
  return "keops_" + toHex(getSha256(keyText)).substr(0, 16);
}

std::shared_ptr<const Program> makeProgram(const Request &request, const DiskEntry &entry,
                                           const Compiler &compiler) {
  if (request.isForDevice)
    return std::make_shared<const Program>(Manifest::parse(entry.manifest), entry.object);
  return Program::link(Manifest::parse(entry.manifest), entry.object, *compiler.table);
}

const char *getSourceName(ProgramSource source) {
  return source == ProgramSource::Disk ? "loaded from disk" : "compiled";
}

} // namespace

DiskEntry compileRequest(const Request &request, const std::string &symbol,
                         const KeopsCompilerInterface &compiler) {
  RequestView view(request, symbol);
  CompilerOutput output;
  int32_t status =
      compiler.compile(&view.view, keepObject, keepManifest, keep<&CompilerOutput::error>, &output);
  if (status != 0)
    raiseCompilerError(status, output.error);
  if (!output.error.empty())
    log(LogLevel::Warning, output.error);
  return std::move(output.entry);
}

std::string dumpRequest(const Request &request, const std::string &stage) {
  request.validate();
  RequestView view(request, "keops_program");
  CompilerOutput output;
  int32_t status = getCompiler().table->dump(&view.view, stage.c_str(), keep<&CompilerOutput::text>,
                                             keep<&CompilerOutput::error>, &output);
  if (status != 0)
    raiseCompilerError(status, output.error);
  return std::move(output.text);
}

/// A program, or the promise of one. All fields are guarded by the mutex of the cache.
struct ProgramCache::Slot {
  std::string form;
  std::shared_ptr<const Program> program;
  bool isFinished = false;
  uint64_t generation = getForkGeneration();
  std::condition_variable finished;
};

ProgramCache::ProgramCache(size_t capacity, std::string folder, int64_t maxDiskBytes)
    : mutex(createForkSafeMutex()), capacity(capacity), maxDiskBytes(maxDiskBytes) {
  setFolder(std::move(folder));
}

void ProgramCache::setFolder(std::string folder) {
  std::lock_guard lock(mutex);
  disk = &disks.emplace_back(std::move(folder), maxDiskBytes);
}

ProgramCache &ProgramCache::get() {
  // Leaked on purpose: threads may still run programs while the process ends.
  static auto *cache = new ProgramCache(size_t(getSettings().programsInMemory),
                                        getSettings().cacheDir, getSettings().cacheSizeMb << 20);
  return *cache;
}

ProgramCache::SlotPtr ProgramCache::findOrClaim(const std::string &form, bool &isOwner) {
  std::unique_lock lock(mutex);
  while (true) {
    auto found = slots.find(form);
    // The thread that promised this program may have stayed behind in the parent of a fork.
    bool isOrphan = found != slots.end() && !(*found->second)->isFinished &&
                    (*found->second)->generation != getForkGeneration();
    if (isOrphan) {
      order.erase(found->second);
      slots.erase(found);
      continue;
    }
    isOwner = found == slots.end();
    if (isOwner) {
      auto slot = std::make_shared<Slot>();
      slot->form = form;
      order.push_front(slot);
      slots.emplace(form, order.begin());
      return slot;
    }
    SlotPtr slot = *found->second;
    slot->finished.wait(lock, [&] { return slot->isFinished; });
    if (!slot->program)
      continue; // its compilation failed; this caller gets its own message
    if (auto again = slots.find(form); again != slots.end())
      order.splice(order.begin(), order, again->second);
    ++counts.memoryHits;
    return slot;
  }
}

std::shared_ptr<const Program> ProgramCache::build(const Request &request, const std::string &form,
                                                   ProgramSource &source) {
  const Compiler &compiler = getCompiler();
  std::string key = getDiskKey(form, compiler);
  DiskCache &disk = getDisk();
  source = ProgramSource::Disk;
  if (auto entry = disk.load(key)) {
    try {
      auto program = makeProgram(request, *entry, compiler);
      putOnShelf(request, form, *entry);
      return program;
    } catch (const Error &error) {
      log(LogLevel::Warning, "a cached program cannot be used and is made anew: ", error.what());
    }
  }
  source = ProgramSource::Compiled;
  DiskEntry entry = compileRequest(request, getSymbol(key), *compiler.table);
  auto program = makeProgram(request, entry, compiler);
  disk.store(key, entry);
  putOnShelf(request, form, entry);
  return program;
}

void ProgramCache::trim(std::list<SlotPtr> &dropped) {
  auto last = order.end();
  while (slots.size() > capacity && last != order.begin()) {
    --last;
    if (!(*last)->isFinished)
      continue;
    slots.erase((*last)->form);
    auto victim = last++;
    dropped.splice(dropped.begin(), order, victim);
  }
}

void ProgramCache::finish(const SlotPtr &slot, std::shared_ptr<const Program> program,
                          ProgramSource source) {
  // Programs pushed out are destroyed after the lock is released: unlinking takes its time.
  std::list<SlotPtr> dropped;
  std::lock_guard lock(mutex);
  slot->program = std::move(program);
  slot->isFinished = true;
  auto found = slots.find(slot->form);
  bool isStillThere = found != slots.end() && *found->second == slot;
  if (slot->program) {
    ++(source == ProgramSource::Disk ? counts.diskHits : counts.compilations);
    trim(dropped);
  } else if (isStillThere) {
    dropped.splice(dropped.begin(), order, found->second);
    slots.erase(found);
  }
  slot->finished.notify_all();
}

CachedProgram ProgramCache::get(const Request &request) {
  Stopwatch watch;
  request.validate();
  std::string form = request.getNormalForm();
  // Text that the lexer refuses has no key; the compiler says what is wrong with it.
  if (form.empty()) {
    compileRequest(request, "keops_program", *getCompiler().table);
    raiseInternalError("the compiler accepts a formula that the lexer refuses");
  }
  bool isOwner = false;
  SlotPtr slot = findOrClaim(form, isOwner);
  CachedProgram result;
  if (isOwner) {
    try {
      result.source = ProgramSource::Disk;
      auto program = takeFromShelf(request, form);
      if (!program) {
        // Loading the compiler library is paid once by the process, so it is no part of this
        // program's time.
        getCompiler();
        watch = {};
        program = build(request, form, result.source);
      }
      finish(slot, std::move(program), result.source);
    } catch (...) {
      finish(slot, nullptr, result.source);
      throw;
    }
  }
  result.program = slot->program;
  result.cpuMilliseconds = watch.getCpu();
  result.wallMilliseconds = watch.getWall();
  if (isOwner)
    log(LogLevel::Info, getSourceName(result.source), " in ", result.cpuMilliseconds,
        " ms of CPU time: ", request.formula.substr(0, 200));
  return result;
}

void ProgramCache::clearMemory() {
  std::list<SlotPtr> dropped;
  std::lock_guard lock(mutex);
  for (auto slot = order.begin(); slot != order.end();) {
    auto following = std::next(slot);
    if ((*slot)->isFinished) {
      slots.erase((*slot)->form);
      dropped.splice(dropped.begin(), order, slot);
    }
    slot = following;
  }
}

CacheCounts ProgramCache::getCounts() {
  std::lock_guard lock(mutex);
  counts.programsInMemory = int64_t(slots.size());
  return counts;
}

} // namespace keops
