// Running sums of updates, without the secret.
#pragma once

#include <vector>

#include "coefficients.hpp"

namespace heflow::ckks {

// Sums of weighted c0 and c1, modulo each prime, in 64-bit words that are not reduced: total weights are below 2^14,
// primes below 2^50. With a shared key c1 is expanded from seeds, as late as possible and for many at once.
class Totals {
 public:
  static constexpr unsigned kWeightBits = 14;

  Totals(std::shared_ptr<const Sums> sums, std::size_t values, bool shared);
  std::size_t values() const { return values_; }
  bool shared() const { return shared_; }
  const Sums& sums() const { return *sums_; }
  std::size_t message_bytes() const { return sums_->bytes(values_, sums_->width(), !shared_); }
  // `in` is as `encrypt` wrote it, in message_bytes() bytes. Error(format) if a coefficient is too large for its prime;
  // then, or if the loop is interrupted, nothing has changed.
  void add(const std::uint8_t* in, const SeedBytes& seed, std::uint64_t weight);

  // Both parts modulo the primes, packed. Totals that were just made take them in.
  std::size_t bytes() const { return sums_->bytes(values_, sums_->context().modulus(0).bits, true); }
  void write(std::uint8_t* out) const;
  void read(const std::uint8_t* in);

 private:
  struct Pending {
    SeedBytes seed;
    std::uint64_t weight;
  };
  static constexpr std::size_t kMostPending = 16;

  Word* word(std::size_t part, std::size_t block, std::size_t prime) {
    return parts_[part].data() + (block * sums_->primes() + prime) * sums_->context().degree();
  }
  const Word* word(std::size_t part, std::size_t block, std::size_t prime) const {
    return parts_[part].data() + (block * sums_->primes() + prime) * sums_->context().degree();
  }
  void make_part(std::size_t part);
  void add_expansions(Word* total, Word* scratch, std::size_t block, std::size_t prime) const;
  void expand_pending();

  std::shared_ptr<const Sums> sums_;
  std::size_t values_, blocks_;
  bool shared_;
  std::uint64_t weight_ = 0;  // words are below it times their prime
  Buffer parts_[2];           // [block][prime][N]; of a shared key the second is made when seeds are expanded
  std::vector<Pending> pending_;
};

}  // namespace heflow::ckks
