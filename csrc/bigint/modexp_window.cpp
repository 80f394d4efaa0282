#include "modexp_window.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

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
  auto square_beside() const { return dual ? modulus.kernels().dual_sqr_beside : modulus.kernels().mont_sqr_beside; }
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

// Look-ups in constant time.
struct Scan {
  const Arithmetic& ring;
  const Word* table;
  unsigned entries;
  void look_up(Word* out, const Word* indices) const {
    ring.modulus.kernels().select_lanes(out, table, entries, ring.width(), indices);
  }
};

// Look-ups that touch only the entry they want, the same for all lanes.
struct SharedEntries {
  const Arithmetic& ring;
  const Word* table;
  void look_up(Word* out, const Word* indices) const {
    std::memcpy(out, table + indices[0] * ring.words(), ring.words() * sizeof(Word));
  }
};

// r^(2^squarings), and a look-up into `out`.
template <class Table>
void square_and_look_up(Word* r, Word* out, unsigned squarings, const Table& table, const Word* indices) {
  for (unsigned i = 0; i < squarings; ++i) table.ring.square(r, r);
  table.look_up(out, indices);
}

// The same, where kernels look up beside the squarings: a part of the limbs at each.
template <>
void square_and_look_up(Word* r, Word* out, unsigned squarings, const Scan& table, const Word* indices) {
  const Arithmetic& ring = table.ring;
  const auto kernel = ring.square_beside();
  const unsigned width = ring.width();
  for (unsigned i = 0; i < squarings; ++i) {
    if (kernel == nullptr) {
      ring.square(r, r);
    } else {
      const unsigned first = width * i / squarings, last = width * (i + 1) / squarings;
      kernel(r, r, ring.modulus.view(), {out, table.table, table.entries, width, indices, first, last});
    }
  }
  if (kernel == nullptr) table.look_up(out, indices);
}

// Left to right over windows; `digits(indices, position, width)` gives every lane's digit at a bit position.
template <class Table, class Digits>
void run_windows(Word* r, std::size_t bits, unsigned window, const Table& table, const Digits& digits) {
  const Arithmetic& ring = table.ring;
  Buffer selected(ring.words(), Content::secret);
  Word indices[kMaxLanes] = {};
  std::size_t position = (bits - 1) / window * window;
  digits(indices, position, static_cast<unsigned>(bits - position));
  table.look_up(r, indices);
  while (position > 0) {
    position -= window;
    digits(indices, position, window);
    square_and_look_up(r, selected.data(), window, table, indices);
    ring.multiply(r, r, selected.data());
  }
}

unsigned window_for(std::size_t bits, const Arithmetic& ring, Lookup lookup) {
  if (lookup == Lookup::direct_vartime) return best_window(bits, 0);
  return best_window(bits, ring.square_beside() != nullptr ? 0.007 : 0.022);
}

}  // namespace

void power_shared(Word* r, const Word* x, const Natural& exponent, std::size_t bits, Ring ring, const Modulus& modulus,
                  Lookup lookup) {
  const Arithmetic arithmetic{modulus, ring == Ring::modulo_n_squared};
  if (bits == 0) return arithmetic.one(r);
  const unsigned window = window_for(bits, arithmetic, lookup), entries = 1u << window;
  const Buffer table = powers(x, entries, arithmetic);
  const auto digits = [&](Word* indices, std::size_t position, unsigned width) {
    const Word index = digit(exponent.data(), position, width, bits);
    for (unsigned l = 0; l < modulus.lanes(); ++l) indices[l] = index;
  };
  if (lookup == Lookup::constant_time) return run_windows(r, bits, window, Scan{arithmetic, table.data(), entries}, digits);
  run_windows(r, bits, window, SharedEntries{arithmetic, table.data()}, digits);
}

void multi_power_lanes(Word* r, const Word* x, const Word* const* exponents, std::size_t groups, std::size_t bits, Ring ring,
                       const Modulus& modulus) {
  const Arithmetic arithmetic{modulus, ring == Ring::modulo_n_squared};
  if (bits == 0) return arithmetic.one(r);
  const unsigned window = window_for(bits, arithmetic, Lookup::constant_time), entries = 1u << window;
  std::vector<Buffer> tables;
  for (std::size_t g = 0; g < groups; ++g) tables.push_back(powers(x + g * arithmetic.words(), entries, arithmetic));
  Buffer selected(arithmetic.words(), Content::secret);
  const std::size_t top = (bits - 1) / window * window;
  for (std::size_t position = top + window; position > 0;) {
    position -= window;
    const auto width = static_cast<unsigned>(std::min<std::size_t>(window, bits - position));
    for (unsigned i = 0; i < window && position < top; ++i) arithmetic.square(r, r);
    for (std::size_t g = 0; g < groups; ++g) {
      Word indices[kMaxLanes] = {};
      for (unsigned l = 0; l < modulus.lanes(); ++l)
        indices[l] = digit(exponents[g * modulus.lanes() + l], position, width, bits);
      const bool first = position == top && g == 0;
      Scan{arithmetic, tables[g].data(), entries}.look_up(first ? r : selected.data(), indices);
      if (!first) arithmetic.multiply(r, r, selected.data());
    }
  }
}

void power_lanes(Word* r, const Word* x, const Word* const* exponents, std::size_t bits, Ring ring, const Modulus& modulus) {
  const Arithmetic arithmetic{modulus, ring == Ring::modulo_n_squared};
  if (bits == 0) return arithmetic.one(r);
  const unsigned window = window_for(bits, arithmetic, Lookup::constant_time), entries = 1u << window;
  const Buffer table = powers(x, entries, arithmetic);
  run_windows(r, bits, window, Scan{arithmetic, table.data(), entries},
              [&](Word* indices, std::size_t position, unsigned width) {
                for (unsigned l = 0; l < modulus.lanes(); ++l) indices[l] = digit(exponents[l], position, width, bits);
              });
}

}  // namespace heflow::bigint
