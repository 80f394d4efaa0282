#include "decrypt.hpp"

#include <atomic>
#include <string>

#include "../base/error.hpp"
#include "../bigint/modexp_window.hpp"

namespace heflow::paillier {
namespace {

// The discrete logarithm of c^(p-1) = 1 + L p modulo p^2 in plain limbs; adds to `wrong` unless the power is
// 1 modulo p. x: scratch of one dual group of the prime, L ends up in its upper half.
void logarithm(Word* x, const Word* c, const PrimeHalf& half, const Modulus& n, Word* wrong) {
  const Modulus& m = half.modulus();
  half.reduce(x, c, n);
  bigint::power_shared(x, x, half.order(), m.bits(), bigint::Ring::modulo_n_squared, m, bigint::Lookup::constant_time);
  m.kernels().dual_reduce(x, x, m.view());
  for (unsigned l = 0; l < m.lanes(); ++l) {
    wrong[l] |= x[l] ^ 1;
    for (unsigned i = 1; i < m.limbs(); ++i) wrong[l] |= x[i * m.lanes() + l];
  }
}

}  // namespace

void decrypt(std::int64_t* messages, const SecretKey& key, const Batch& batch, const Natural& limit) {
  const Modulus& n = batch.modulus();
  const PrimeHalf &p = key.p(), &q = key.q();
  const std::size_t words_each = words_for(limit), none = batch.size();
  std::atomic<std::size_t> not_unit{none}, too_large{none};
  bigint::for_each_tile(batch.groups(), bigint::groups_per_tile(n, 8), [&](std::size_t first, std::size_t last) {
    Buffer xp(p.modulus().dual_group_words(), Content::secret), xq(q.modulus().dual_group_words(), Content::secret);
    Buffer sum(n.group_words(), Content::secret), rows(n.lanes() * n.words(), Content::secret);
    for (std::size_t g = first; g < last; ++g) {
      Word wrong[bigint::kMaxLanes] = {};
      logarithm(xp.data(), batch.group(g), p, n, wrong);
      logarithm(xq.data(), batch.group(g), q, n, wrong);
      const bigint::LinearTerm terms[2] = {
          {xp.data() + p.modulus().group_words(), p.modulus().limbs(), p.recombine().data(), nullptr},
          {xq.data() + q.modulus().group_words(), q.modulus().limbs(), q.recombine().data(), nullptr}};
      n.kernels().linear(sum.data(), terms, 2, n.view());
      n.kernels().reduce(sum.data(), sum.data(), n.view());
      Word* row[bigint::kMaxLanes];
      for (unsigned l = 0; l < n.lanes(); ++l) row[l] = rows.data() + l * n.words();
      n.kernels().store_words(row, static_cast<unsigned>(n.words()), sum.data(), n.limbs());
      for (unsigned l = 0; l < n.lanes() && g * n.lanes() + l < batch.size(); ++l) {
        const std::size_t item = g * n.lanes() + l;
        if (wrong[l] != 0) not_unit = item;
        if (from_residue(messages + item * words_each, words_each, row[l], limit, n) == 0) too_large = item;
      }
    }
  });
  if (not_unit < none) {
    wipe(messages, batch.size() * words_each * sizeof(std::int64_t));
    throw Error(ErrorKind::format,
                "ciphertext " + std::to_string(not_unit.load()) + " shares a factor with n: it was not made by encryption");
  }
  if (too_large < none) {
    wipe(messages, batch.size() * words_each * sizeof(std::int64_t));
    throw Error(ErrorKind::headroom, "value " + std::to_string(too_large.load()) +
                                         " decrypts to more than its declared bound: it was damaged, made under "
                                         "another bound, or computed by a party that broke the bound");
  }
}

}  // namespace heflow::paillier
