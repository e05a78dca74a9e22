// The rule of Races.h, cell by cell. Blocks run one after another and their phases ascend, which
// the rule relies on; in which order the threads of a phase run does not matter to it.
#include "Races.h"

#include <algorithm>

using namespace keops::emulator;

void Shadow::clear() {
  pages.clear();
  lastPage = nullptr;
}

void Shadow::Page::split() {
  std::vector<Cell> parts;
  for (const Cell &cell : cells)
    parts.insert(parts.end(), word, cell);
  cells = std::move(parts);
}

Shadow::Page &Shadow::getPage(uintptr_t number) {
  if (!lastPage || number != lastNumber) {
    lastPage = &pages[number];
    lastNumber = number;
  }
  return *lastPage;
}

void Shadow::Cell::addReader(const Actor &actor) {
  if (reader == actor)
    return;
  if (reader.isSet() && !reader.isSameBlock(actor))
    otherReader = reader;
  if (!reader.isSamePhase(actor))
    reader = actor;
  else if (!otherReader.isSet() || otherReader.isSameBlock(actor))
    otherReader = actor;
}

bool Shadow::Cell::enter(const Actor &actor, bool isWrite, Conflict &conflict) {
  if (writer.isConcurrent(actor))
    conflict = {0, writer, true};
  else if (isWrite && reader.isConcurrent(actor))
    conflict = {0, reader, false};
  else if (isWrite && otherReader.isConcurrent(actor))
    conflict = {0, otherReader, false};
  else if (isWrite)
    writer = actor;
  else
    addReader(actor);
  return conflict.earlier.isSet();
}

bool Shadow::noteInPage(const Actor &actor, uintptr_t address, uintptr_t end, bool isWrite,
                        Conflict &conflict) {
  Page &page = getPage(address / Page::bytes);
  if (page.getStep() > 1 && (address % Page::word || end % Page::word))
    page.split();
  uintptr_t step = page.getStep();
  for (; address != end; address += step)
    if (page.cells[address % Page::bytes / step].enter(actor, isWrite, conflict)) {
      conflict.address = address;
      return true;
    }
  return false;
}

bool Shadow::note(const Actor &actor, uintptr_t address, uintptr_t bytes, bool isWrite,
                  Conflict &conflict) {
  for (uintptr_t end = address + bytes, stop; address != end; address = stop) {
    stop = std::min(end, (address / Page::bytes + 1) * Page::bytes);
    if (noteInPage(actor, address, stop, isWrite, conflict))
      return true;
  }
  return false;
}
