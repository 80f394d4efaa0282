#include "randomizer.hpp"

#include <algorithm>

#include "../bigint/modexp_window.hpp"
#include "../random/samplers.hpp"

namespace heflow::paillier {
namespace {

// Uniform exponents below `order`, or of `bits` bits where order is null.
Buffer draw(const Seed& seed, std::uint64_t substream_of_first, std::size_t items, std::size_t words, std::size_t bits,
            const Natural* order) {
  Buffer drawn(items * words, Content::secret);
  for (std::size_t i = 0; i < items; ++i) {
    Stream stream(seed, substream_of_first + 2 * i);
    Word* row = drawn.data() + i * words;
    if (order != nullptr) {
      uniform_below(stream, row, order->data(), words);
    } else {
      uniform_bits(stream, row, words, bits);
    }
  }
  return drawn;
}

// g^(a p) or r^p modulo prime^2: a uniform element of the subgroup of n-th powers.
void prime_randomizers(Word* result, const PrimeHalf& half, const Seed& seed, std::uint64_t substream, std::size_t items) {
  const Modulus& m = half.modulus();
  const unsigned lanes = m.lanes();
  const std::size_t groups = (items + lanes - 1) / lanes;
  if (half.has_base()) {
    const Buffer exponents = draw(seed, substream, groups * lanes, m.words(), 0, &half.order());
    half.table()->powers(result, exponents.data(), items);
    return;
  }
  const Buffer r = draw(seed, substream, groups * lanes, m.words(), 0, &half.prime());
  Buffer base(m.dual_group_words(), Content::secret);
  for (std::size_t g = 0; g < groups; ++g) {
    const Word* rows[bigint::kMaxLanes];
    for (unsigned l = 0; l < lanes; ++l) rows[l] = r.data() + (g * lanes + l) * m.words();
    m.kernels().load_words(base.data(), m.limbs(), rows, static_cast<unsigned>(m.words()));
    const bigint::LinearTerm term{base.data(), m.limbs(), m.import_low().c0.data(), m.import_low().c1.data()};
    m.kernels().dual_linear(base.data(), &term, 1, m.view());
    bigint::power_shared(result + g * m.dual_group_words(), base.data(), half.prime(), m.bits(), bigint::Ring::modulo_n_squared,
                         m, bigint::Lookup::constant_time);
  }
}

}  // namespace

void textbook_randomizer(Word* result, const Word* const* r, const Modulus& n) {
  n.kernels().load_words(result, n.limbs(), r, static_cast<unsigned>(n.words()));
  const bigint::LinearTerm term{result, n.limbs(), n.import_low().c0.data(), n.import_low().c1.data()};
  n.kernels().dual_linear(result, &term, 1, n.view());
  // The exponent n is public, the base is not: entries are fetched directly.
  bigint::power_shared(result, result, n.n(), n.bits(), bigint::Ring::modulo_n_squared, n, bigint::Lookup::direct_vartime);
}

void public_randomizers(Word* result, const PublicKey& key, const Seed& seed, std::size_t first_item, std::size_t items) {
  const Modulus& n = *key.modulus();
  const unsigned lanes = n.lanes();
  const std::size_t groups = (items + lanes - 1) / lanes;
  if (!key.textbook()) {
    const auto table = key.table();
    const Buffer exponents =
        draw(seed, 2 * first_item, groups * lanes, table->exponent_words(), table->exponent_bits(), nullptr);
    table->powers(result, exponents.data(), items);
    return;
  }
  const Buffer r = draw(seed, 2 * first_item, groups * lanes, n.words(), 0, &n.n());
  for (std::size_t g = 0; g < groups; ++g) {
    const Word* rows[bigint::kMaxLanes];
    for (unsigned l = 0; l < lanes; ++l) rows[l] = r.data() + (g * lanes + l) * n.words();
    textbook_randomizer(result + g * n.dual_group_words(), rows, n);
  }
}

void owner_randomizers(Word* result, const SecretKey& key, const Seed& seed, std::size_t first_item, std::size_t items) {
  const Modulus& n = *key.public_key().modulus();
  const std::size_t groups = (items + n.lanes() - 1) / n.lanes();
  const Modulus &mp = key.p().modulus(), &mq = key.q().modulus();
  Buffer p(groups * mp.dual_group_words(), Content::secret), q(groups * mq.dual_group_words(), Content::secret);
  prime_randomizers(p.data(), key.p(), seed, 2 * first_item, items);
  prime_randomizers(q.data(), key.q(), seed, 2 * first_item + 1, items);
  for (std::size_t g = 0; g < groups; ++g) {
    const Word *pg = p.data() + g * mp.dual_group_words(), *qg = q.data() + g * mq.dual_group_words();
    const auto term = [](const Word* chunk, const Modulus& m, const DualConstant& c) {
      return bigint::LinearTerm{chunk, m.limbs(), c.c0.data(), c.c1.data()};
    };
    const bigint::LinearTerm terms[4] = {term(pg, mp, key.p().lift_low()), term(pg + mp.group_words(), mp, key.p().lift_high()),
                                         term(qg, mq, key.q().lift_low()),
                                         term(qg + mq.group_words(), mq, key.q().lift_high())};
    n.kernels().dual_linear(result + g * n.dual_group_words(), terms, 4, n.view());
  }
}

std::size_t randomizer_tile(const Modulus& n, std::size_t groups) {
  const std::size_t most = bigint::groups_per_tile(n, 64);  // their states fit the second-level cache
  return std::clamp<std::size_t>(groups / 16, 1, most);
}

}  // namespace heflow::paillier
