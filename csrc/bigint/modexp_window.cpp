#include "modexp_window.hpp"

#include <cstring>

namespace heflow::bigint {
namespace {

// The two rings behind one set of names.
struct Arithmetic {
  const Modulus& modulus;
  bool dual;
  std::size_t words() const { return dual ? modulus.dual_group_words() : modulus.group_words(); }
  unsigned width() const { return dual ? 2 * modulus.limbs() : modulus.limbs(); }
  void multiply(Word* r, const Word* a, const Word* b) const {
    (dual ? modulus.kernels().dual_mul : modulus.kernels().mont_mul)(r, a, b, modulus.view());
  }
  void square(Word* r, const Word* a) const {
    (dual ? modulus.kernels().dual_sqr : modulus.kernels().mont_sqr)(r, a, modulus.view());
  }
  void one(Word* r) const {
    if (dual) {
      broadcast(r, modulus.dual_one(), modulus);
    } else {
      broadcast(r, modulus.one(), modulus);
    }
  }
};

// Window bits that minimise products: 2^w for the table, and a product and a look-up for every w bits.
unsigned best_window(std::size_t bits, double lookup_cost_per_entry) {
  unsigned best = 1;
  double least = 1e300;
  for (unsigned w = 1; w <= 6; ++w) {
    const double entries = static_cast<double>(1u << w);
    const double windows = static_cast<double>((bits + w - 1) / w);
    const double cost = entries - 2 + windows * (1 + lookup_cost_per_entry * entries);
    if (cost < least) least = cost, best = w;
  }
  return best;
}

Word digit(const Word* exponent, std::size_t position, unsigned width, std::size_t bits) {
  const std::size_t k = position / 64, shift = position % 64;
  Word value = exponent[k] >> shift;
  if (shift + width > 64 && 64 * (k + 1) < bits) value |= exponent[k + 1] << (64 - shift);
  return value & ((Word{1} << width) - 1);
}

Buffer powers(const Word* x, unsigned entries, const Arithmetic& ring) {
  const std::size_t words = ring.words();
  Buffer table(entries * words, Content::secret);
  ring.one(table.data());
  std::memcpy(table.data() + words, x, words * sizeof(Word));
  for (unsigned e = 2; e < entries; ++e) {
    Word* entry = table.data() + e * words;
    if (e % 2 == 0) {
      ring.square(entry, table.data() + e / 2 * words);
    } else {
      ring.multiply(entry, entry - words, x);
    }
  }
  return table;
}

// Each entry in place as one row a lane, so that a look-up touches only the rows it wants.
void lanes_to_rows(Word* table, unsigned entries, const Arithmetic& ring) {
  Buffer entry(ring.words());
  for (unsigned e = 0; e < entries; ++e) {
    Word *at = table + e * ring.words(), *rows[kMaxLanes];
    std::memcpy(entry.data(), at, ring.words() * sizeof(Word));
    for (unsigned l = 0; l < ring.modulus.lanes(); ++l) rows[l] = at + l * ring.width();
    ring.modulus.kernels().store_rows(rows, entry.data(), ring.width());
  }
}

// Left to right over windows; `look_up(out, position, width)` fetches the entry of one digit.
template <class LookUp>
void run_windows(Word* r, std::size_t bits, unsigned window, const Arithmetic& ring, const LookUp& look_up) {
  Buffer selected(ring.words(), Content::secret);
  std::size_t position = (bits - 1) / window * window;
  look_up(r, position, static_cast<unsigned>(bits - position));
  while (position > 0) {
    position -= window;
    for (unsigned i = 0; i < window; ++i) ring.square(r, r);
    look_up(selected.data(), position, window);
    ring.multiply(r, r, selected.data());
  }
}

}  // namespace

void power_shared(Word* r, const Word* x, const Natural& exponent, std::size_t bits, Ring ring, const Modulus& modulus,
                  Lookup lookup) {
  const Arithmetic arithmetic{modulus, ring == Ring::modulo_n_squared};
  if (bits == 0) return arithmetic.one(r);
  const bool scan = lookup == Lookup::constant_time;
  const unsigned window = best_window(bits, scan ? 0.022 : 0);
  const Buffer table = powers(x, 1u << window, arithmetic);
  run_windows(r, bits, window, arithmetic, [&](Word* out, std::size_t position, unsigned width) {
    const Word index = digit(exponent.data(), position, width, bits);
    if (scan) {
      modulus.kernels().select_shared(out, table.data(), 1u << window, arithmetic.width(), index);
    } else {
      std::memcpy(out, table.data() + index * arithmetic.words(), arithmetic.words() * sizeof(Word));
    }
  });
}

void power_lanes(Word* r, const Word* x, const Word* const* exponents, std::size_t bits, Ring ring, const Modulus& modulus,
                 Lookup lookup) {
  const Arithmetic arithmetic{modulus, ring == Ring::modulo_n_squared};
  if (bits == 0) return arithmetic.one(r);
  const bool scan = lookup == Lookup::constant_time;
  const unsigned window = best_window(bits, scan ? 0.022 : 0), lanes = modulus.lanes(), width = arithmetic.width();
  Buffer table = powers(x, 1u << window, arithmetic);
  if (!scan) lanes_to_rows(table.data(), 1u << window, arithmetic);
  run_windows(r, bits, window, arithmetic, [&](Word* out, std::size_t position, unsigned digit_bits) {
    Word indices[kMaxLanes];
    for (unsigned l = 0; l < lanes; ++l) indices[l] = digit(exponents[l], position, digit_bits, bits);
    if (scan) {
      modulus.kernels().select_lanes(out, table.data(), 1u << window, width, indices);
    } else {
      const Word* rows[kMaxLanes];
      for (unsigned l = 0; l < lanes; ++l) rows[l] = table.data() + (indices[l] * lanes + l) * width;
      modulus.kernels().load_rows(out, rows, width);
    }
  });
}

}  // namespace heflow::bigint
