// Manifests that are read, and those that must be refused.
#include "keops/Runtime/Manifest.h"
#include "TestSupport.h"

using namespace keops;
using namespace keops::test;

static const std::string whole = "keops-program 3\n"
                                 "symbol keops_1\n"
                                 "input i 3 f32 x\n"
                                 "input p 1 f32 -\n"
                                 "output i f32 values 4 3\n"
                                 "output i i64 indices 4\n"
                                 "workspace 64 1000 2 8 16 32 128\n"
                                 "pieces i 48 2048 64 100\n"
                                 "kernel keops_1_0 128\n"
                                 "cost 12.5\n";

TEST(Manifest, readsEveryItem) {
  Manifest manifest = Manifest::parse(whole);
  EXPECT_EQ(manifest.symbol, "keops_1");
  ASSERT_EQ(manifest.inputs.size(), 2u);
  EXPECT_EQ(manifest.inputs[0].category, Category::I);
  EXPECT_EQ(manifest.inputs[0].dimension, 3);
  EXPECT_EQ(manifest.inputs[0].name, "x");
  EXPECT_EQ(manifest.inputs[1].name, "");
  ASSERT_EQ(manifest.outputs.size(), 2u);
  EXPECT_EQ(manifest.outputs[0].dimensions, (std::vector<int64_t>{4, 3}));
  EXPECT_EQ(manifest.outputs[0].getRowElements(), 12);
  EXPECT_EQ(manifest.outputs[1].dtype, DType::I64);
  EXPECT_EQ(manifest.costPerPair, 12.5);
  ASSERT_EQ(manifest.kernels.size(), 1u);
  EXPECT_EQ(manifest.kernels[0].name, "keops_1_0");
  EXPECT_EQ(manifest.kernels[0].threads, 128);
  EXPECT_EQ(manifest.text, whole);
}

TEST(Manifest, readsEveryElementType) {
  auto read = [](const std::string &name) {
    return Manifest::parse("keops-program 3\nsymbol f\ninput p 1 " + name + " -\noutput i " + name +
                           " Sum 1\n");
  };
  struct {
    const char *name;
    DType dtype;
    int64_t bytes;
  } const types[] = {{"f32", DType::F32, 4},
                     {"f64", DType::F64, 8},
                     {"f16", DType::F16, 2},
                     {"bf16", DType::BF16, 2}};
  for (auto [name, dtype, bytes] : types) {
    EXPECT_EQ(read(name).inputs[0].dtype, dtype);
    EXPECT_EQ(read(name).outputs[0].dtype, dtype);
    EXPECT_EQ(getByteSize(dtype), bytes);
    EXPECT_EQ(getPart(dtype), dtype);
  }
  EXPECT_EQ(getName(DType::BF16), "bfloat16");
  EXPECT_EQ(getName(DType::C128), "complex128");
  EXPECT_EQ(getPart(DType::C64), DType::F32);
  EXPECT_EQ(getPart(DType::C128), DType::F64);
  EXPECT_EQ(getByteSize(DType::C64), 8);
  EXPECT_EQ(getByteSize(DType::C128), 16);
}

TEST(Manifest, workspaceCountsItemsRowsAndBlocks) {
  ManifestWorkspace workspace = Manifest::parse(whole).workspace;
  EXPECT_EQ(workspace.getBytes({{0, 0}, {0, 0}, {0, 0}}, 1, 0), 64 + 2);
  EXPECT_EQ(workspace.getBytes({{0, 0}, {0, 0}, {0, 0}}, 1, 3), 64 + 3000 + 2);
  ProgramExtent extent{{5, 17}, {2, 3}, {17, 5}};
  int64_t item = 2 + 8 * 5 + 16 * 17 + 32 * 2 + 128 * 3 + 2 * 100;
  EXPECT_EQ(workspace.getItemBytes(extent), item);
  EXPECT_EQ(workspace.getBytes(extent, 7, 1), 64 + 1000 + 7 * item);
  EXPECT_EQ(
      getErrorMessage([&] { workspace.getBytes({{int64_t(1) << 62, 1}, {1, 1}, {1, 1}}, 1, 1); }),
      "the arrays are too large: M = 4611686018427387904, N = 1");
  EXPECT_EQ(getErrorMessage([&] { workspace.getBytes(extent, int64_t(1) << 60, 1); }),
            "the arrays are too large: M = 5, N = 17");
}

TEST(Manifest, piecesAreTilesOrCutTiles) {
  ManifestPieces pieces{Category::I, 48, 2048, 64, 100};
  auto count = [&](int64_t rows, int64_t blocks, int64_t terms) {
    return pieces.count({{rows, 1}, {blocks, 1}, {terms, 1}});
  };
  EXPECT_EQ(count(0, 1, 0), 1);
  EXPECT_EQ(count(47, 1, 100), 1);
  EXPECT_EQ(count(48, 1, 100), 2);
  EXPECT_EQ(count(47, 1, 2049), 2);
  EXPECT_EQ(count(47, 1, 1000000), 64);
  EXPECT_EQ(count(4800, 1, 1000000), 101);
  EXPECT_EQ(count(480, 5, 2 * 2048), 30);
  EXPECT_EQ(count(480, 5, int64_t(1) << 62), 64);
}

TEST(Manifest, refusesLinesItDoesNotKnow) {
  auto refuse = [](const std::string &line) {
    std::string message =
        getErrorMessage([&] { Manifest::parse(whole + line); }, ErrorKind::Internal);
    EXPECT_NE(message.find("cannot read: '" + line + "'"), std::string::npos) << message;
  };
  for (const char *line : {"guard radius",
                           "input k 3 f32 x",
                           "input i 0 f32 x",
                           "input i 3 f8 x",
                           "input i 3 c64 x",
                           "input i 3 f32",
                           "input i 3 i64 x",
                           "input i 3 f32 x y",
                           "output p f32 Sum 1",
                           "output i f32 Sum -1",
                           "output i f32",
                           "workspace 1 2 3",
                           "workspace -1 0 0 0 0 0 0",
                           "workspace 0 0 0 0 0 0 0 0",
                           "pieces p 1 1 1 1",
                           "pieces i 0 1 1 1",
                           "pieces i 1 0 1 1",
                           "pieces i 1 1 1",
                           "kernel f_0",
                           "kernel f_0 0",
                           "kernel f_0 1025",
                           "cost nan",
                           "cost -1",
                           "cost",
                           "kernel",
                           "kernel f_0",
                           "kernel f_0 0",
                           "kernel f_0 2048",
                           "kernel f_0 128 1",
                           "symbol",
                           "input i 99999999999999999999 f32 x",
                           "output i f32 Sum 1048576 1048576 1048576",
                           "keops-program 3"})
    refuse(line);
}

TEST(Manifest, refusesOtherVersionsAndTruncation) {
  auto message = [](const std::string &text) {
    return getErrorMessage([&] { Manifest::parse(text); }, ErrorKind::Internal);
  };
  EXPECT_NE(message("keops-program 1\nsymbol f\noutput i f32 Sum 1\n").find("'keops-program 1'"),
            std::string::npos);
  EXPECT_NE(message("").find("incomplete"), std::string::npos);
  EXPECT_NE(message("keops-program 3\nsymbol f\n").find("incomplete"), std::string::npos);
}

TEST(Manifest, anyDamageIsReadOrRefused) {
  for (size_t place = 0; place < whole.size(); ++place)
    for (char byte : {'\0', ' ', '\n', '-', '9', 'z', '\xff'}) {
      std::string damaged = whole;
      damaged[place] = byte;
      try {
        EXPECT_FALSE(Manifest::parse(damaged).outputs.empty());
      } catch (const Error &error) {
        EXPECT_EQ(error.getKind(), ErrorKind::Internal);
      }
    }
}
