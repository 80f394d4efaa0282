// Exact sums: integers packed into the coefficients of m, ciphertexts c0 + c1 s = Delta m + noise modulo one or two
// primes (docs/maths/exact-sums.md). Only sums with integer weights are computed.
#pragma once

#include "kernels.hpp"
#include "keys.hpp"

namespace heflow::ckks {

// One block is N coefficients of `fields` values each: value j S + k of the block is field j of coefficient k < S. S,
// the stride, is N; in a last block that is not full it is what its values need, and c0 has S coefficients.
struct Packing {
  unsigned fields, field_bits;  // values in a coefficient, bits of their sums
  unsigned delta_bits;          // Delta = 2^delta_bits
  unsigned drop;                // low bits of a coefficient that are rounded away; none with two primes
  Quantiser quantiser;
};

class Sums {
 public:
  Sums(ContextPtr context, const Packing& packing);
  const Context& context() const { return *context_; }
  const Packing& packing() const { return packing_; }
  const SumKernels& kernels() const { return *kernels_; }
  std::size_t primes() const { return context_->data_primes(); }
  unsigned width() const { return context_->modulus(0).bits - packing_.drop; }  // bits of a coefficient that are sent
  // Delta m is low + 2^high_shift() high: a word for each prime.
  const Fields& low() const { return low_; }
  const Fields& high() const { return high_; }
  unsigned high_shift() const { return low_.shift + low_.count * low_.bits; }
  std::size_t block_values() const { return packing_.fields * context_->degree(); }
  std::size_t blocks(std::size_t values) const { return (values + block_values() - 1) / block_values(); }
  std::size_t stride(std::size_t values, std::size_t block) const;  // a multiple of 8
  // Of all blocks with `bits` to a coefficient: c0 of `stride` coefficients, and with a second part N of it.
  std::size_t bytes(std::size_t values, unsigned bits, bool second) const;
  std::size_t block_bytes(unsigned bits, bool second) const {
    return context_->degree() / 8 * bits * primes() * (second ? 2 : 1);
  }

 private:
  ContextPtr context_;
  Packing packing_;
  Fields low_, high_;
  const SumKernels* kernels_;
};

template <class Real>
struct RealSpan {
  Real* data;
  std::size_t size;
};

// Quantise, pack and encrypt. Shared key: c0 of every block, c1 being expanded from `open`. Public key: c0 and c1.
// `out` has sums.bytes(size, width, public key) bytes.
template <class Real>
Counts encrypt_shared(std::uint8_t* out, const Sums& sums, const SecretKey& key, RealSpan<const Real> values, const Seed& open);
template <class Real>
Counts encrypt_public(std::uint8_t* out, const Sums& sums, const PublicKey& key, RealSpan<const Real> values);

// scale times the exact sums of the integers plus offset. `in` is a sum of updates as `Totals` writes it. False if a
// sum is larger than the total weight allows; Error(format) if a coefficient is not below its prime.
template <class Real>
bool decrypt(RealSpan<Real> out, const Sums& sums, const SecretKey& key, const std::uint8_t* in, bool shared,
             std::uint64_t total_weight, double scale, double offset);

// a of a block modulo a prime, in NTT order, `count` residues at a time (docs/formats.md).
class Expansion {
 public:
  Expansion(const Seed& seed, const Sums& sums, std::size_t block, std::size_t prime)
      : stream_(seed, block * sums.primes() + prime), p_(sums.context().modulus(prime).p) {}
  void next(Word* residues, std::size_t count);

 private:
  Stream stream_;
  Word p_;
};

}  // namespace heflow::ckks
