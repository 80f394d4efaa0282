// Little-endian loads and stores, of words and of rows of bytes. Freestanding: instruction-set folders include it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

static inline std::uint64_t load64_le(const std::uint8_t* p) {
  std::uint64_t x;
  __builtin_memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  return x;
}

static inline void store64_le(std::uint8_t* p, std::uint64_t x) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  __builtin_memcpy(p, &x, sizeof x);
}

static inline std::uint32_t load32_le(const std::uint8_t* p) {
  std::uint32_t x;
  __builtin_memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap32(x);
#endif
  return x;
}

static inline void store32_le(std::uint8_t* p, std::uint32_t x) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap32(x);
#endif
  __builtin_memcpy(p, &x, sizeof x);
}

// `count` bytes to `words` words (8 words >= count), zero above.
static inline void read_words(std::uint64_t* row, std::size_t words, const std::uint8_t* bytes, std::size_t count) {
  for (std::size_t k = 0; k < words; ++k) row[k] = 8 * k + 8 <= count ? load64_le(bytes + 8 * k) : 0;
  for (std::size_t i = count / 8 * 8; i < count; ++i) row[i / 8] |= static_cast<std::uint64_t>(bytes[i]) << (8 * (i % 8));
}

// The lowest `count` bytes of a row of words.
static inline void write_words(std::uint8_t* bytes, std::size_t count, const std::uint64_t* row) {
  for (std::size_t i = 0; i + 8 <= count; i += 8) store64_le(bytes + i, row[i / 8]);
  for (std::size_t i = count / 8 * 8; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(row[i / 8] >> (8 * (i % 8)));
}

}  // namespace heflow
