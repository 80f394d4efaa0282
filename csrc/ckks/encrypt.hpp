// Real vectors to ciphertexts and back, and to plaintexts.
#pragma once

#include "keys.hpp"

namespace heflow::ckks {

// `count` rows of N / 2 real numbers, times a scale.
struct Messages {
  const double* values;
  std::size_t count;
  double scale;
  bool wide;  // coefficients may reach 2^50: `scale` times the declared bound tells
};

// c0 = b u + m + e0, c1 = a u + e1 (Cheon, Kim, Kim and Song 2017, section 3.2); over `primes` data primes. With a
// special prime P the encryption of zero is made modulo P too and divided by it, which leaves its rounding
// error only: (b u + e0) / P + m.
BatchPtr encrypt_public(const PublicKey& key, const Messages& messages, std::size_t primes);
// c0 = m + e - a s with a from a fresh public seed.
BatchPtr encrypt_symmetric(const SecretKey& key, const Messages& messages, std::size_t primes);
// The c1 of seeded ciphertexts.
void expand_seed(Batch& batch);

// Row i times 1/scale, from the first `primes` primes (1 or 2) alone: right while coefficients stay below half
// their product. total: only the sum of the slots is meant; rows then have one number. Returns the largest size.
double decrypt(double* values, const SecretKey& key, const Batch& batch, std::size_t primes, double scale, bool total);

// Row as a plaintext in NTT order over `primes` primes, prepared if asked.
void encode_row(Limbs& plaintext, const double* row, const Messages& form, std::size_t primes, bool prepared,
                const Context& context);

}  // namespace heflow::ckks
