// CRC-64/XZ by carry-less multiplication.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

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
