// The translations that keops-translate offers; one file each.
#ifndef KEOPS_TOOLS_KEOPSTRANSLATE_TRANSLATIONS_H
#define KEOPS_TOOLS_KEOPSTRANSLATE_TRANSLATIONS_H

namespace keops {

void registerImportFormula();
void registerExportFormula();
void registerMachineCode();

} // namespace keops

#endif // KEOPS_TOOLS_KEOPSTRANSLATE_TRANSLATIONS_H
