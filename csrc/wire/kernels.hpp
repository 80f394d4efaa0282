// CRC-64/XZ by carry-less multiplication.
//
// Bytes in order, least significant bit first, are the coefficients of a polynomial from the highest power down. A
// register R = low x^64 + high moves on by 128 bits as low x^192 + high x^128; products of reflected numbers come
// out multiplied by x, so the constants are x^191 and x^127 modulo P (Gopal et al. 2009, Intel white paper 323102).
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

constexpr std::uint64_t kPolynomial = 0xC96C5795D7870F42;  // reflected ECMA-182

// x^n mod P, reflected: bit 63 - k stands for x^k.
static constexpr std::uint64_t power(int n) {
  std::uint64_t r = std::uint64_t{1} << 63;
  for (int i = 0; i < n; ++i) r = (r >> 1) ^ ((r & 1) != 0 ? kPolynomial : 0);
  return r;
}

#if defined(HEFLOW_HAVE_AVX2)
// Folds the first 64 n >= 64 bytes, with `crc` (inverted, as on the way) put in front, into 16 bytes that have the
// same remainder. Returns how many bytes were folded. Needs PCLMULQDQ.
std::size_t fold_checksum(std::uint8_t* folded, const std::uint8_t* data, std::size_t bytes, std::uint64_t crc) noexcept;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
// The same for 64 n >= 256 bytes. Needs VPCLMULQDQ.
std::size_t fold_checksum_avx512(std::uint8_t* folded, const std::uint8_t* data, std::size_t bytes, std::uint64_t crc) noexcept;
#endif

}  // namespace heflow
