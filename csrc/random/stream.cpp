#include "stream.hpp"

#include <cstring>

#include "../base/wipe.hpp"
#include "chacha20.hpp"
#include "entropy.hpp"

namespace heflow {

Seed Seed::fresh() {
  Seed seed;
  fill_entropy(seed.bytes_, kBytes);
  return seed;
}

Seed Seed::from_bytes(const std::uint8_t* bytes) {
  Seed seed;
  std::memcpy(seed.bytes_, bytes, kBytes);
  return seed;
}

Seed::Seed(Seed&& other) noexcept { std::memcpy(bytes_, other.bytes_, kBytes); }

Seed::~Seed() { wipe(bytes_, kBytes); }

Stream::~Stream() { wipe(block_, kBlock); }

void Stream::fill(std::uint8_t* out, std::size_t bytes) noexcept {
  while (bytes > 0) {
    if (used_ == kBlock && bytes >= kBlock) {  // whole blocks go where they belong
      const std::size_t blocks = bytes / kBlock;
      chacha20(out, seed_.bytes(), substream_, counter_, blocks);
      counter_ += blocks, out += blocks * kBlock, bytes -= blocks * kBlock;
      continue;
    }
    if (used_ == kBlock) {
      chacha20(block_, seed_.bytes(), substream_, counter_++, 1);
      used_ = 0;
    }
    const std::size_t part = bytes < kBlock - used_ ? bytes : kBlock - used_;
    std::memcpy(out, block_ + used_, part);
    used_ += part, out += part, bytes -= part;
  }
}

}  // namespace heflow
