// The rule of Races.h, byte by byte. Blocks run one after another and their phases ascend, which
// the rule relies on; in which order the threads of a phase run does not matter to it.
#include "Races.h"

using namespace keops::emulator;

void Shadow::clear() {
  pages.clear();
  lastCells = nullptr;
}

Shadow::Cell &Shadow::getCell(uintptr_t address) {
  uintptr_t page = address / pageBytes;
  if (!lastCells || page != lastPage) {
    std::unique_ptr<Cell[]> &cells = pages[page];
    if (!cells)
      cells = std::make_unique<Cell[]>(pageBytes);
    lastCells = cells.get();
    lastPage = page;
  }
  return lastCells[address % pageBytes];
}

void Shadow::Cell::addReader(const Actor &actor) {
  if (reader == actor)
    return;
  bool wasOfOtherBlock = reader.isSet() && reader.block() != actor.block();
  if (wasOfOtherBlock)
    otherReader = reader;
  if (!reader.isSet() || !reader.isSamePhase(actor))
    reader = actor;
  else if (!otherReader.isSet() || otherReader.block() == actor.block())
    otherReader = actor;
}

bool Shadow::note(const Actor &actor, const char *address, int64_t bytes, bool isWrite,
                  Conflict &conflict) {
  for (const char *at = address; at != address + bytes; ++at) {
    Cell &cell = getCell(reinterpret_cast<uintptr_t>(at));
    if (cell.writer.isConcurrent(actor))
      conflict = {at, cell.writer, true};
    else if (isWrite && cell.reader.isConcurrent(actor))
      conflict = {at, cell.reader, false};
    else if (isWrite && cell.otherReader.isConcurrent(actor))
      conflict = {at, cell.otherReader, false};
    if (conflict.address)
      return true;
    if (isWrite)
      cell.writer = actor;
    else
      cell.addReader(actor);
  }
  return false;
}
