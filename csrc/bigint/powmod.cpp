#include "powmod.hpp"

#include <algorithm>
#include <vector>

#include "batch.hpp"
#include "modexp_window.hpp"

namespace heflow::bigint {

void powmod(Word* results, const Word* bases, const Word* exponents, std::size_t count, std::size_t exponent_words,
            bool shared_exponent, const Modulus& m) {
  const Kernels& k = m.kernels();
  const unsigned lanes = m.lanes(), words = static_cast<unsigned>(m.words());
  const std::size_t bits = 64 * exponent_words;
  const Natural shared = shared_exponent ? Natural(exponents, exponents + exponent_words) : Natural();
  for_each_tile((count + lanes - 1) / lanes, groups_per_tile(m, 8), [&](std::size_t first, std::size_t last) {
    Buffer x(m.group_words(), Content::secret), spare(static_cast<std::size_t>(lanes) * words);
    for (std::size_t g = first; g < last; ++g) {
      const Word *in[kMaxLanes], *powers[kMaxLanes];
      Word* out[kMaxLanes];
      for (unsigned l = 0; l < lanes; ++l) {
        const std::size_t item = g * lanes + l, kept = std::min(item, count - 1);
        in[l] = bases + kept * words;
        powers[l] = shared_exponent ? exponents : exponents + kept * exponent_words;
        out[l] = item < count ? results + item * words : spare.data() + l * words;
      }
      k.load_words(x.data(), m.limbs(), in, words);
      const LinearTerm term{x.data(), m.limbs(), m.to_montgomery().data(), nullptr};
      k.linear(x.data(), &term, 1, m.view());
      if (shared_exponent) {
        power_shared(x.data(), x.data(), shared, bits, Ring::modulo_n, m, Lookup::constant_time);
      } else {
        power_lanes(x.data(), x.data(), powers, bits, Ring::modulo_n, m);
      }
      k.reduce(x.data(), x.data(), m.view());
      k.store_words(out, words, x.data(), m.limbs());
    }
  });
}

}  // namespace heflow::bigint
