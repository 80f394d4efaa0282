// Secret, public and evaluation keys.
#pragma once

#include "ciphertext.hpp"

namespace heflow::ckks {

// Limbs side by side, a few cache lines apart from powers of two: many are read at once, and would otherwise all
// compete for the same sets of the cache.
class Limbs {
 public:
  Limbs(const Context& context, std::size_t count, Content content = Content::open)
      : stride_(context.degree() + kSkew), words_(count * stride_, content) {}
  Word* operator[](std::size_t i) { return words_.data() + i * stride_; }
  const Word* operator[](std::size_t i) const { return words_.data() + i * stride_; }

 private:
  static constexpr std::size_t kSkew = 40;  // 5 lines of 8 words
  std::size_t stride_;
  Buffer words_;
};

// s with coefficients in {-1, 0, 1}, prepared, in NTT order over all primes.
class SecretKey {
 public:
  SecretKey(ContextPtr context, const std::int8_t* coefficients);  // N of them
  static std::shared_ptr<SecretKey> fresh(ContextPtr context);
  const ContextPtr& context() const { return context_; }
  const Limbs& prepared() const { return prepared_; }
  const Limbs& negated() const { return negated_; }  // -s, prepared, over the data primes
  const std::int8_t* coefficients() const { return reinterpret_cast<const std::int8_t*>(coefficients_.data()); }

 private:
  ContextPtr context_;
  Buffer coefficients_;
  Limbs prepared_, negated_;
};

// (b, a) = (e - a s, a), prepared, over all primes; a comes from a public seed. With special primes, limbs of data primes
// are divided by the first of them: encryption divides by it.
struct PublicKey {
  ContextPtr context;
  SeedBytes seed;
  Limbs b, a;
};

// One pair (b_i, a_i) for each digit, a run of data primes: b_i = e_i - a_i s' + [i] P t, over all primes, where [i]
// is 1 modulo the digit's primes and 0 modulo the others. It turns c t into a ciphertext under s' (Gentry, Halevi and
// Smart 2012; Han and Ki 2020).
struct SwitchKey {
  explicit SwitchKey(const Context& context)
      : primes(context.primes()), b(context, context.digits() * primes), a(context, context.digits() * primes) {}
  std::size_t primes;  // limb j of digit i is number i primes + j
  SeedBytes seed;
  Limbs b, a;
  std::vector<std::uint32_t> positions;  // of a Galois key: its automorphism
};

std::shared_ptr<PublicKey> make_public_key(const SecretKey& secret);
void divide_by_special(Limbs& key, const Context& context);
Limbs times_special(const Limbs& key, const Context& context);
std::shared_ptr<SwitchKey> make_relinearization_key(const SecretKey& secret);
// Stored under the inverse automorphism of s, so that a rotation permutes its result only.
std::shared_ptr<SwitchKey> make_galois_key(const SecretKey& secret, std::uint32_t exponent);

// Uniform limb i of polynomial number `polynomial`: words of substream polynomial * 64 + i in order, cut to the
// bits of the prime; those not below it are skipped (docs/formats.md).
void expand_uniform(Word* limb, const Seed& seed, std::uint64_t polynomial, std::size_t prime, const Context& context);
Seed seed_of(const SeedBytes& bytes);
SeedBytes fresh_seed_bytes();

// Limb of a[sigma(i)]: the automorphism X -> X^exponent as a table for `permute`.
std::vector<std::uint32_t> automorphism(std::uint32_t exponent, unsigned log_degree);
std::uint32_t rotation_exponent(std::int64_t steps, unsigned log_degree);
std::uint32_t inverse_exponent(std::uint32_t exponent, unsigned log_degree);

// b of a public or switch key on the wire, canonical: read and write around `prepare`.
void prepare(Word* limb, std::size_t prime, const Context& context);
void unprepare(Word* out, const Word* prepared, std::size_t prime, const Context& context);

}  // namespace heflow::ckks
