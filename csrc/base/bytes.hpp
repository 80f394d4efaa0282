// Little-endian loads and stores. Freestanding: instruction-set folders include it.
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

}  // namespace heflow
