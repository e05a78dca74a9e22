// One file per program: header, key text, manifest, object. The rules, each with its reason:
//  - the folder must belong to the user and be closed to others' writing: its objects run with the
//  user's rights;
//  - a file appears under its name by rename only: a reader sees a whole entry or none, even after
//  a crash;
//  - the checksum covers everything: a damaged disk must not become wrong numbers;
//  - the key text is compared in full: two requests never share a program by accident;
//  - wrong *content* is removed and made anew, an I/O error never removes anything: it may be the
//  network;
//  - a folder that cannot be written is reported once and then left alone.
#include "keops/Runtime/DiskCache.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/Log.h"
#include "keops/Runtime/Sha256.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace keops {

namespace {

constexpr std::string_view entrySuffix = ".program";
constexpr std::string_view temporaryPrefix = "tmp-";
/// No process needs an hour to write one file.
constexpr int64_t temporaryLifetime = 3600 * int64_t(1000000000);
constexpr int64_t maxEntryBytes = int64_t(1) << 30;

struct EntryHeader {
  char magic[8];
  uint32_t formatVersion;
  uint32_t headerBytes;
  uint64_t keyBytes;
  uint64_t manifestBytes;
  uint64_t objectBytes;
  Digest checksum; ///< of the sizes above and of everything behind the header
};
static_assert(sizeof(EntryHeader) == 72, "the header is written as it lies in memory");

constexpr char entryMagic[8] = {'K', 'E', 'O', 'P', 'S', 'P', 'R', 'G'};
constexpr uint32_t entryFormatVersion = 1;

class Descriptor {
public:
  explicit Descriptor(int number) : number(number) {}
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() {
    if (number >= 0)
      ::close(number);
  }
  int get() const { return number; }
  explicit operator bool() const { return number >= 0; }

private:
  int number;
};

std::string getEntryName(std::string_view keyText) {
  return toHex(getSha256(keyText)) + std::string(entrySuffix);
}

Digest getChecksum(const EntryHeader &header, std::string_view payload) {
  const uint64_t sizes[] = {header.keyBytes, header.manifestBytes, header.objectBytes};
  return Sha256()
      .update({reinterpret_cast<const char *>(sizes), sizeof(sizes)})
      .update(payload)
      .finish();
}

std::string encode(std::string_view keyText, const DiskEntry &entry) {
  std::string payload = concat(keyText, entry.manifest, entry.object);
  EntryHeader header{};
  std::memcpy(header.magic, entryMagic, sizeof(entryMagic));
  header.formatVersion = entryFormatVersion;
  header.headerBytes = sizeof(header);
  header.keyBytes = keyText.size();
  header.manifestBytes = entry.manifest.size();
  header.objectBytes = entry.object.size();
  header.checksum = getChecksum(header, payload);
  return std::string(reinterpret_cast<const char *>(&header), sizeof(header)) + payload;
}

bool isHeaderRight(const EntryHeader &header, size_t payloadBytes) {
  if (std::memcmp(header.magic, entryMagic, sizeof(entryMagic)) != 0 ||
      header.formatVersion != entryFormatVersion || header.headerBytes != sizeof(header))
    return false;
  // Each size is bounded before they are added, so that the sum cannot wrap.
  return header.keyBytes <= payloadBytes && header.manifestBytes <= payloadBytes &&
         header.objectBytes <= payloadBytes &&
         header.keyBytes + header.manifestBytes + header.objectBytes == payloadBytes;
}

std::optional<DiskEntry> decode(std::string_view bytes, std::string_view keyText) {
  EntryHeader header;
  if (bytes.size() < sizeof(header))
    return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  std::string_view payload = bytes.substr(sizeof(header));
  if (!isHeaderRight(header, payload.size()) || getChecksum(header, payload) != header.checksum ||
      payload.substr(0, header.keyBytes) != keyText)
    return std::nullopt;
  return DiskEntry{std::string(payload.substr(header.keyBytes, header.manifestBytes)),
                   std::string(payload.substr(header.keyBytes + header.manifestBytes))};
}

/// Reads the whole file; nothing on an I/O error.
std::optional<std::string> readAll(int descriptor, int64_t size) {
  std::string bytes(static_cast<size_t>(size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = ::read(descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return std::nullopt;
    if (count == 0)
      break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

bool writeAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

/// mkdir -p, private from the first moment on.
bool createFolders(const std::string &path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    ::mkdir(path.substr(0, slash).c_str(), 0700);
  return ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST;
}

struct File {
  std::string name;
  int64_t bytes = 0;
  int64_t time = 0; ///< of the last write or use, in nanoseconds
  bool isTemporary = false;
};

int64_t toNanoseconds(const timespec &time) {
  return time.tv_sec * int64_t(1000000000) + time.tv_nsec;
}

bool endsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

/// Our files in the folder, and no others: a user may point the variable at a folder with other
/// content.
std::vector<File> listFiles(int folderDescriptor) {
  std::vector<File> files;
  int copy = ::openat(folderDescriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy < 0 ? nullptr : ::fdopendir(copy);
  if (!stream)
    return files;
  while (dirent *item = ::readdir(stream)) {
    std::string_view name = item->d_name;
    bool isTemporary = name.substr(0, temporaryPrefix.size()) == temporaryPrefix;
    struct stat status;
    if ((isTemporary || endsWith(name, entrySuffix)) &&
        ::fstatat(folderDescriptor, item->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode))
      files.push_back(
          {std::string(name), status.st_size, toNanoseconds(status.st_mtim), isTemporary});
  }
  ::closedir(stream);
  return files;
}

/// Why the folder must not be trusted; nothing when all is well.
std::string findFault(int descriptor) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    return std::strerror(errno);
  if (status.st_uid != ::geteuid())
    return concat("it belongs to user ", status.st_uid, ", not to ", ::geteuid());
  if (status.st_mode & (S_IWGRP | S_IWOTH))
    return "others may write into it (chmod go-w would help)";
  return {};
}

} // namespace

DiskCache::DiskCache(std::string folder, int64_t maxBytes)
    : folder(std::move(folder)), maxBytes(maxBytes),
      enabled(!this->folder.empty() && maxBytes > 0) {}

void DiskCache::disable(const std::string &reason) {
  if (enabled.exchange(false))
    log(LogLevel::Warning, "no programs are kept on disk, because the cache folder '", folder,
        "' cannot be used: ", reason);
}

int DiskCache::openFolder(bool create) {
  if (!enabled)
    return -1;
  int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT && create && createFolders(folder))
    descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    if (create || errno != ENOENT)
      disable(std::strerror(errno));
    return -1;
  }
  std::string fault = findFault(descriptor);
  if (fault.empty())
    return descriptor;
  ::close(descriptor);
  disable(fault);
  return -1;
}

std::optional<DiskEntry> DiskCache::load(std::string_view keyText) {
  Descriptor directory(openFolder(/*create=*/false));
  if (!directory)
    return std::nullopt;
  std::string name = getEntryName(keyText);
  Descriptor file(
      ::openat(directory.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status;
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_uid != ::geteuid() || status.st_size > maxEntryBytes)
    return std::nullopt;
  auto bytes = readAll(file.get(), status.st_size);
  if (!bytes)
    return std::nullopt;
  auto entry = decode(*bytes, keyText);
  if (entry)
    ::futimens(file.get(), nullptr); // eviction takes what was not used for longest
  else if (::unlinkat(directory.get(), name.c_str(), 0) == 0)
    log(LogLevel::Info, "removed a damaged entry of the cache: ", name);
  return entry;
}

/// A file of this call alone, and its name. Another process, another machine on the same file
/// system or a second copy of this library may be writing too, so nothing but O_EXCL tells whether
/// a name is free.
static int createTemporary(int folderDescriptor, std::string &name) {
  static std::atomic<uint64_t> count{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    name = concat(temporaryPrefix, ::getpid(), '-', now.tv_nsec, '-', ++count);
    int descriptor = ::openat(folderDescriptor, name.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor >= 0 || errno != EEXIST)
      return descriptor;
  }
  return -1;
}

/// Writes the file under a temporary name, then gives it its own. On failure errno says why.
static bool publish(int folderDescriptor, const std::string &name, const std::string &bytes) {
  std::string temporary;
  bool written = false;
  {
    Descriptor file(createTemporary(folderDescriptor, temporary));
    if (!file)
      return false;
    written = writeAll(file.get(), bytes);
  }
  if (written &&
      ::renameat(folderDescriptor, temporary.c_str(), folderDescriptor, name.c_str()) == 0)
    return true;
  int cause = errno;
  ::unlinkat(folderDescriptor, temporary.c_str(), 0);
  errno = cause;
  return false;
}

void DiskCache::store(std::string_view keyText, const DiskEntry &entry) {
  Descriptor directory(openFolder(/*create=*/true));
  if (!directory)
    return;
  std::string bytes = encode(keyText, entry);
  if (static_cast<int64_t>(bytes.size()) > std::min(maxBytes, maxEntryBytes))
    return;
  if (!publish(directory.get(), getEntryName(keyText), bytes))
    return disable(std::strerror(errno));
  // Listing a large folder costs milliseconds, so it is done once and then whenever the bound may
  // have been passed.
  if (estimatedBytes < 0 ||
      estimatedBytes.fetch_add(bytes.size()) + int64_t(bytes.size()) > maxBytes)
    evict(directory.get());
}

void DiskCache::evict(int folderDescriptor) {
  std::vector<File> files = listFiles(folderDescriptor);
  std::sort(files.begin(), files.end(),
            [](const File &a, const File &b) { return a.time < b.time; });
  int64_t total = 0;
  for (const File &file : files)
    total += file.bytes;
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  // Going somewhat below the bound keeps the next writes from listing the folder again.
  int64_t goal = total > maxBytes ? maxBytes - maxBytes / 10 : maxBytes;
  for (const File &file : files) {
    bool isStale = file.isTemporary && toNanoseconds(now) - file.time > temporaryLifetime;
    if (!isStale && (total <= goal || file.isTemporary))
      continue;
    if (::unlinkat(folderDescriptor, file.name.c_str(), 0) == 0)
      total -= file.bytes;
  }
  estimatedBytes = total;
}

int64_t DiskCache::clear() {
  Descriptor directory(openFolder(/*create=*/false));
  if (!directory)
    return 0;
  int64_t removed = 0;
  for (const File &file : listFiles(directory.get()))
    removed += ::unlinkat(directory.get(), file.name.c_str(), 0) == 0 && !file.isTemporary;
  estimatedBytes = -1;
  return removed;
}

DiskCache::Usage DiskCache::getUsage() {
  Usage usage;
  Descriptor directory(openFolder(/*create=*/false));
  if (!directory)
    return usage;
  for (const File &file : listFiles(directory.get())) {
    usage.entries += !file.isTemporary;
    usage.bytes += file.bytes;
  }
  return usage;
}

} // namespace keops
