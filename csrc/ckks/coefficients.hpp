// Exact sums: integers packed into the coefficients of m, ciphertexts c0 + c1 s = Delta m + noise modulo one prime
// (docs/maths/exact-sums.md). Only sums with integer weights are computed, without reduction in 64-bit words.
#pragma once

#include "kernels.hpp"
#include "keys.hpp"

namespace heflow::ckks {

// One block is N coefficients of `fields` values each: value j S + k of the block is field j of coefficient k < S. S,
// the stride, is N; in a last block that is not full it is what its values need, and c0 has S coefficients.
struct Packing {
  unsigned fields, field_bits;  // values in a coefficient, bits of their sums
  unsigned delta_bits;          // Delta = 2^delta_bits
  unsigned drop;                // low bits of a coefficient that are rounded away
  unsigned width;               // bits of a coefficient that are sent: those of q less `drop`
  Quantiser quantiser;
};

class Sums {
 public:
  Sums(ContextPtr context, const Packing& packing);
  const Context& context() const { return *context_; }
  const ContextPtr& context_ptr() const { return context_; }
  const Packing& packing() const { return packing_; }
  const SumKernels& kernels() const { return *kernels_; }
  std::size_t block_values() const { return packing_.fields * context_->degree(); }
  std::size_t blocks(std::size_t values) const { return (values + block_values() - 1) / block_values(); }
  std::size_t stride(std::size_t values, std::size_t block) const;  // a multiple of 8
  // Of a message: c0 of `stride` coefficients, and with a public key c1 of all.
  std::size_t block_bytes(bool shared) const { return context_->degree() / 8 * packing_.width * (shared ? 1 : 2); }
  std::size_t message_bytes(std::size_t values, bool shared) const;

 private:
  ContextPtr context_;
  Packing packing_;
  const SumKernels* kernels_;
};

template <class Real>
struct RealSpan {
  const Real* data;
  std::size_t size;
};

struct Counts {
  std::uint64_t clipped = 0, invalid = 0;
};

// Quantise, pack and encrypt. Shared key: one packed polynomial a block, c1 expanded from `open`. Public key: c0
// and c1, packed. `out` has message_bytes() bytes.
template <class Real>
Counts encrypt_shared(std::uint8_t* out, const Sums& sums, const SecretKey& key, RealSpan<Real> values, const Seed& open);
template <class Real>
Counts encrypt_public(std::uint8_t* out, const Sums& sums, const PublicKey& key, RealSpan<Real> values);

// Sums of weighted c0 (packed integers) and c1 (shared: residues in NTT order; public: packed integers), unreduced.
class Totals {
 public:
  Totals(const Sums& sums, std::size_t values, bool shared);
  std::size_t values() const { return values_; }
  std::size_t blocks() const { return blocks_; }
  bool shared() const { return shared_; }
  Word* part(std::size_t i) { return parts_[i].data(); }
  const Word* part(std::size_t i) const { return parts_[i].data(); }

 private:
  std::size_t values_, blocks_;
  bool shared_;
  Buffer parts_[2];
};

// As bytes: both parts modulo q, packed. Totals that were just made take them in.
std::size_t totals_bytes(const Sums& sums, std::size_t values);
void export_totals(std::uint8_t* out, const Totals& totals, const Sums& sums);
void import_totals(Totals& totals, const Sums& sums, const std::uint8_t* in);

// Error(format) if a coefficient is not below q, before anything is added. `in` is as `encrypt` wrote it.
void accumulate(Totals& totals, const Sums& sums, const std::uint8_t* in, const Seed* open, std::uint64_t weight);
// scale times the exact sums of the integers plus offset, block by block; false if a sum is larger than the total
// weight allows.
bool decrypt(double* out, const Sums& sums, const SecretKey& key, const Totals& totals, std::uint64_t total_weight,
             double scale, double offset);

}  // namespace heflow::ckks
