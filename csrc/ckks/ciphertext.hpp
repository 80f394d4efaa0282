// A batch of ciphertexts (c0, c1), m = c0 + c1 s, over the first `primes` data primes, in NTT order; immutable
// once filled. Storage: [count][2][primes][N].
#pragma once

#include <array>
#include <optional>

#include "../base/buffer.hpp"
#include "../random/stream.hpp"
#include "context.hpp"

namespace heflow::ckks {

using SeedBytes = std::array<std::uint8_t, Seed::kBytes>;

class Batch {
 public:
  Batch(ContextPtr context, std::size_t count, std::size_t primes)
      : context_(std::move(context)), count_(count), primes_(primes), storage_(count * 2 * primes * context_->degree()) {}

  const Context& context() const { return *context_; }
  const ContextPtr& context_ptr() const { return context_; }
  std::size_t size() const { return count_; }
  std::size_t primes() const { return primes_; }
  bool alike(const Batch& other) const { return count_ == other.count_ && primes_ == other.primes_; }
  std::size_t bytes() const { return storage_.size() * sizeof(Word); }
  Word* limb(std::size_t item, std::size_t part, std::size_t prime) {
    return storage_.data() + ((item * 2 + part) * primes_ + prime) * context_->degree();
  }
  const Word* limb(std::size_t item, std::size_t part, std::size_t prime) const {
    return storage_.data() + ((item * 2 + part) * primes_ + prime) * context_->degree();
  }
  // From which every c1 was expanded, while nothing was computed: half the bytes on the wire.
  std::optional<SeedBytes> seed;

 private:
  ContextPtr context_;
  std::size_t count_, primes_;
  Buffer storage_;
};

using BatchPtr = std::shared_ptr<const Batch>;

}  // namespace heflow::ckks
