// Numbered substreams of one fresh seed. A seed is drawn for each call and never kept, so that neither
// threads nor forked processes can share one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow {

class Seed {
 public:
  static constexpr std::size_t kBytes = 32;
  static Seed fresh();  // from the operating system
  static Seed from_bytes(const std::uint8_t* bytes);
  Seed(Seed&& other) noexcept;
  Seed(const Seed&) = delete;
  Seed& operator=(const Seed&) = delete;
  ~Seed();
  const std::uint8_t* bytes() const noexcept { return bytes_; }

 private:
  Seed() = default;
  std::uint8_t bytes_[kBytes];
};

// ChaCha20 key stream with the substream's number as nonce.
class Stream {
 public:
  Stream(const Seed& seed, std::uint64_t substream) noexcept : seed_(seed), substream_(substream) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();
  void fill(std::uint8_t* out, std::size_t bytes) noexcept;

 private:
  static constexpr std::size_t kBlock = 64;
  const Seed& seed_;
  std::uint64_t substream_, counter_ = 0;
  std::uint8_t block_[kBlock];
  std::size_t used_ = kBlock;
};

}  // namespace heflow
