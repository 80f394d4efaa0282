#include "checksum.hpp"

#include "../base/bytes.hpp"
#include "../base/isa.hpp"
#include "kernels.hpp"

namespace heflow {
namespace {

constexpr int kSlices = 16;  // bytes a step

struct Tables {
  std::uint64_t of[kSlices][256];
};

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables.of[0][byte] = crc;
  }
  for (int slice = 1; slice < kSlices; ++slice) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = tables.of[slice - 1][byte];
      tables.of[slice][byte] = (before >> 8) ^ tables.of[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint64_t fold_word(std::uint64_t word, int first_slice) {
  std::uint64_t crc = 0;
  for (int i = 0; i < 8; ++i) crc ^= kTables.of[first_slice - i][(word >> (8 * i)) & 0xff];
  return crc;
}

}  // namespace

std::uint64_t checksum(const std::uint8_t* data, std::size_t bytes, std::uint64_t crc) noexcept {
  crc = ~crc;
#if defined(HEFLOW_HAVE_AVX2)
  if (bytes >= 256 && widest_isa() >= Isa::avx2) {
    std::uint8_t folded[kSlices];
    const auto fold = widest_isa() >= Isa::avx512ifma ? &fold_checksum_avx512 : &fold_checksum;
    const std::size_t done = fold(folded, data, bytes, crc);
    crc = fold_word(load64_le(folded), kSlices - 1) ^ fold_word(load64_le(folded + 8), 7);
    data += done, bytes -= done;
  }
#endif
  for (; bytes >= kSlices; bytes -= kSlices, data += kSlices) {
    crc = fold_word(load64_le(data) ^ crc, kSlices - 1) ^ fold_word(load64_le(data + 8), 7);
  }
  for (; bytes > 0; --bytes, ++data) crc = (crc >> 8) ^ kTables.of[0][(crc ^ *data) & 0xff];
  return ~crc;
}

}  // namespace heflow
