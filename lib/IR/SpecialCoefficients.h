// Coefficients of the polynomials of SpecialFunctions.cpp, written by coefficients.py of
// lib/Conversion/ApproximateMath: do not edit.
// clang-format off
#ifndef KEOPS_LIB_IR_SPECIALCOEFFICIENTS_H
#define KEOPS_LIB_IR_SPECIALCOEFFICIENTS_H

namespace keops {

/// log(gamma(2 + e)) / e for |e| <= 1/2; error 2^-56.2.
inline constexpr double kLogGamma[] = {
    0x1.b0ee6072093cep-2,
    0x1.4a34cc4a60fa6p-2,
    -0x1.13e001a55757dp-4,
    0x1.51322ac7d7beap-6,
    -0x1.e404fc21caa79p-8,
    0x1.7add6eaf43160p-9,
    -0x1.38ac5c03dfccbp-10,
    0x1.0b36aebfe6112p-11,
    -0x1.d3fd67457a196p-13,
    0x1.a1281403c72d7p-14,
    -0x1.78d9648e2d7c2p-15,
    0x1.57ffd876e8ffcp-16,
    -0x1.3d452e39f63cbp-17,
    0x1.26bf7b4cc8943p-18,
    -0x1.094691adec3bdp-19,
    0x1.e48de4b8bfbf4p-21,
    -0x1.36de19d240fe5p-21,
    0x1.3d786ac87b30cp-22};

/// (log(gamma(x)) - (x - 1/2) log(x) + x - log(2 pi)/2) x in w = 1/x^2, x >= 6; error 2^-63.6.
inline constexpr double kStirling[] = {
    0x1.5555555555555p-4,
    -0x1.6c16c16c10f43p-9,
    0x1.a01a016d50690p-11,
    -0x1.381351198f9a9p-11,
    0x1.b939eb225c44ap-11,
    -0x1.f342528c7d734p-10,
    0x1.7fc7404506795p-8,
    -0x1.06501adbedaa5p-6};

/// (log(x) - 1/(2x) - digamma(x)) x^2 in w = 1/x^2, x >= 6; error 2^-63.2.
inline constexpr double kDigamma[] = {
    0x1.555555555553cp-4,
    -0x1.11111110d62b8p-7,
    0x1.0410404856758p-8,
    -0x1.11107f9a82816p-8,
    0x1.f03d27ceb1f24p-8,
    -0x1.558a6d67dda67p-6,
    0x1.2d495cbc6508dp-4,
    -0x1.b76f700f1f0e2p-3};

/// (sin(pi f) / (pi f) - 1) / f^2 in z = f^2, |f| <= 1/2; error 2^-63.5.
inline constexpr double kSinPi[] = {
    -0x1.a51a6625307d3p+0,
    0x1.9f9cb402bc44ap-1,
    -0x1.86a8e4720c448p-3,
    0x1.ac6805ce42b86p-6,
    -0x1.33816a4c2729ap-9,
    0x1.3746f45e75d5dp-13,
    -0x1.d411e2c72c512p-18,
    0x1.0d4202e402271p-22,
    -0x1.5f0431365402cp-28};

/// pi f cot(pi f) in z = f^2, |f| <= 1/2; error 2^-54.7.
inline constexpr double kCotPi[] = {
    0x1.0000000000000p+0,
    -0x1.a51a66253077ep+1,
    -0x1.151322ac84ed5p+1,
    -0x1.047098486c754p+1,
    -0x1.010b37931cf6ap+1,
    -0x1.00410d0c22e3fp+1,
    -0x1.00133ee73e063p+1,
    -0x1.ffa1f657e53b1p+0,
    -0x1.024a1c745e9cap+1,
    -0x1.dabe54cbaf98ep+0,
    -0x1.6c0b32cd3aeddp+1,
    0x1.6ed7537d79588p+0,
    -0x1.6de62a86b67c3p+3,
    0x1.c53eb27dbb8dcp+3,
    -0x1.01a61970519ccp+4};


} // namespace keops

#endif // KEOPS_LIB_IR_SPECIALCOEFFICIENTS_H
