// Transforms whose first loads compute what is transformed, and whose last stores compute with it.
#include "backend.hpp"
#include "ntt.hpp"

namespace heflow::ring::avx512ifma {
namespace {

struct Int8 {
  const std::int8_t* a;
  Vec p;
  __attribute__((always_inline)) Vec operator()(std::size_t i) const {
    const Vec x = load_int8(a + i);
    return _mm512_mask_add_epi64(x, _mm512_movepi64_mask(x), x, p);
  }
};

// low + factor high, balanced: the halves that `Centred` adds are taken off in one constant, below p.
struct Combined {
  const Division& by;
  Constants c;
  Centred low, high;
  Factors factor;
  Vec shift;
  Combined(const Division& division, const Modulus& m)
      : by(division),
        c(constants(m)),
        low(*division.low_modulus),
        high(division.high == nullptr ? *division.low_modulus : *division.high_modulus),
        factor(broadcast(division.factor)) {
    Word halves = division.low_modulus->p / 2 % m.p;
    if (division.high != nullptr) {
      const auto product = static_cast<unsigned __int128>(division.high_modulus->p / 2 % m.p) * division.factor.value;
      halves = (halves + static_cast<Word>(product % m.p)) % m.p;
    }
    shift = broadcast(halves == 0 ? 0 : m.p - halves);
  }
  // Below 2^50 + 3p <= 2^52 before it is reduced.
  __attribute__((always_inline)) Vec operator()(std::size_t i) const {
    Vec x = plus(low(load(by.low + i)), shift);
    if (by.high != nullptr) x = plus(x, times(high(load(by.high + i)), factor, c));
    return barrett(x, c);
  }
};

// w a + c
struct Joined {
  const double *a, *c;
  bool wide;
  Factors w;
  SignedReducer reducer;
  __attribute__((always_inline)) Vec operator()(std::size_t i) const {
    Vec x = zero();
    if (c != nullptr) x = wide ? reducer.wide(_mm512_load_pd(c + i)) : reducer(_mm512_load_pd(c + i));
    if (a == nullptr) return x;
    return correct(plus(x, times(reducer.lifted(_mm512_load_pd(a + i)), w, reducer.c)), reducer.c.twice);
  }
};

struct AddProduct {
  Word* r;
  const Word *u, *prepared;
  template <bool Free>
  __attribute__((always_inline)) void put(std::size_t i, Vec x, const Constants& c) const {
    const Vec a = load(u + i), b = load(prepared + i);
    const Vec p = montgomery(_mm512_madd52lo_epu64(zero(), a, b), _mm512_madd52hi_epu64(zero(), a, b), c);
    store(r + i, correct(correct(plus(below_twice<Free>(x, c), p), c.twice), c.p));
  }
};

struct Divide {
  Word* r;
  const Word *a, *d;
  Factors factor, inverse;
  template <bool Free>
  __attribute__((always_inline)) void put(std::size_t i, Vec x, const Constants& c) const {
    Vec s = load(a + i);
    if (d != nullptr) s = plus(s, correct(times(load(d + i), factor, c), c.p));
    s = plus(s, minus(c.twice, below_twice<Free>(x, c)));  // at most 4p
    store(r + i, correct(times(s, inverse, c), c.p));
  }
};

// a prepared + c
struct Product {
  const Word *a, *prepared, *addend;
  Constants c;
  __attribute__((always_inline)) Vec operator()(std::size_t i) const {
    Vec x = load(a + i);
    if (prepared != nullptr) x = product(x, load(prepared + i), c);
    return addend == nullptr ? x : sum(x, load(addend + i), c);
  }
};

void forward_int8(Word* r, const std::int8_t* a, const NttTable& table) noexcept {
  transform(r, Int8{a, broadcast(table.modulus.p)}, Store<true>{r}, table);
}

void forward_switched(Word* r, const Word* a, const Modulus& from, const NttTable& table) noexcept {
  const Division whole = {a, &from, nullptr, nullptr, {0, 0}, {0, 0}};
  transform(r, Combined(whole, table.modulus), Store<true>{r}, table);
}

void forward_join(Word* r, const double* a, const Factor& w, const double* c, bool wide, const Word* u, const Word* prepared,
                  const NttTable& table) noexcept {
  transform(r, Joined{a, c, wide, broadcast(w), SignedReducer(table.modulus)}, AddProduct{r, u, prepared}, table);
}

void forward_divide(Word* r, const Word* a, const Word* d, const Division& by, const NttTable& table) noexcept {
  const Divide sink = {r, a, d, broadcast(by.factor), broadcast(by.inverse)};
  transform(r, Combined(by, table.modulus), sink, table);
}

void inverse_product(Word* r, const Word* a, const Word* prepared, const Word* c, const NttTable& table) noexcept {
  transform_back(r, Product{a, prepared, c, constants(table.modulus)}, table);
}

void remainders(double* r, const Word* a, const std::int8_t* e, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Centred centred(m);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec error = load_int8(e + i);
    const Vec residue = _mm512_mask_add_epi64(error, _mm512_movepi64_mask(error), error, c.p);
    const Vec x = minus(centred(sum(load(a + i), residue, c)), plus(centred.half, error));
    _mm512_store_pd(r + i, _mm512_cvtepi64_pd(x));
  }
}

void round_scaled(double* r, const double* a, double scale, const std::int8_t* e, std::size_t n) noexcept {
  const Reals factor = _mm512_set1_pd(scale);
  for (std::size_t i = 0; i < n; i += kLanes) {
    Reals x = _mm512_roundscale_pd(_mm512_mul_pd(_mm512_load_pd(a + i), factor), 0);
    if (e != nullptr) x = _mm512_add_pd(x, _mm512_cvtepi64_pd(load_int8(e + i)));
    _mm512_store_pd(r + i, x);
  }
}

}  // namespace

const FusedKernels kFused = {&forward_int8,    &forward_switched, &forward_join, &forward_divide,
                             &inverse_product, &remainders,       &round_scaled};

}  // namespace heflow::ring::avx512ifma
