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

// A single term with the weight 1: below 2^50 + p before it is reduced.
struct Switched {
  const Word* limb;
  Centred centred;
  Constants c;
  Vec shift;
  Switched(const Term& term, const Modulus& m)
      : limb(term.limb), centred(*term.modulus), c(constants(m)), shift(broadcast(m.p - term.modulus->p / 2 % m.p)) {}
  __attribute__((always_inline)) Vec operator()(std::size_t i) const {
    return barrett(plus(centred(load(limb + i)), shift), c);
  }
};

// The sum of `Count` terms, 2 to 4, and of canonical residues, if any: the halves that `Centred` adds are taken off in one
// constant, and the products, each less than p / 4 times 2^52, are reduced together.
template <int Count>
struct Summed {
  const Word *limbs[Count], *before;
  Vec moduli[Count], halves[Count], weights[Count], start;
  Constants c;
  Summed(const Term* terms, const Modulus& m, const Word* addend) : before(addend), c(constants(m)) {
    unsigned __int128 shift = 0;
    for (int k = 0; k < Count; ++k) {
      const Word weight = terms[k].weight.value, half = terms[k].modulus->p / 2;
      limbs[k] = terms[k].limb, moduli[k] = broadcast(terms[k].modulus->p), halves[k] = broadcast(half);
      weights[k] = broadcast(static_cast<Word>((static_cast<unsigned __int128>(weight) << kRadix) % m.p));
      shift = (shift + static_cast<unsigned __int128>(half) * weight) % m.p;
    }
    start = broadcast(2 * m.p - static_cast<Word>(shift));
  }
  __attribute__((always_inline)) Vec operator()(std::size_t i) const {
    Vec low = zero(), high = before == nullptr ? start : plus(start, load(before + i));
    HEFLOW_UNROLL
    for (int k = 0; k < Count; ++k) {
      const Vec x = correct(plus(load(limbs[k] + i), halves[k]), moduli[k]);
      low = _mm512_madd52lo_epu64(low, x, weights[k]), high = _mm512_madd52hi_epu64(high, x, weights[k]);
    }
    const Vec q = _mm512_madd52lo_epu64(zero(), low, c.inverse), sum = plus(high, _mm512_srli_epi64(low, kRadix));
    return correct(minus(sum, _mm512_madd52hi_epu64(zero(), q, c.p)), c.twice);  // below 4p
  }
};

template <class Sink>
HEFLOW_INLINE void transform_terms(Word* r, const Term* terms, std::size_t count, const Sink& sink, const NttTable& table) {
  const Modulus& m = table.modulus;
  if (count == 1 && terms[0].weight.value == 1) return transform(r, Switched(terms[0], m), sink, table);
  const Word* before = nullptr;
  for (; count > 4; count -= 3, terms += 3, before = r) {
    const Summed<3> some(terms, m, before);
    for (std::size_t i = 0; i < std::size_t{1} << table.log_degree; i += kLanes) store(r + i, correct(some(i), some.c.p));
  }
  if (count == 4) return transform(r, Summed<4>(terms, m, before), sink, table);
  if (count == 3) return transform(r, Summed<3>(terms, m, before), sink, table);
  const Term pair[2] = {terms[0], count == 2 ? terms[1] : Term{terms[0].limb, terms[0].modulus, {0, 0}}};
  transform(r, Summed<2>(pair, m, before), sink, table);
}

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

void forward_terms(Word* r, const Term* terms, std::size_t count, const NttTable& table) noexcept {
  transform_terms(r, terms, count, Store<true>{r}, table);
}

void forward_join(Word* r, const double* a, const Factor& w, const double* c, bool wide, const Word* u, const Word* prepared,
                  const NttTable& table) noexcept {
  transform(r, Joined{a, c, wide, broadcast(w), SignedReducer(table.modulus)}, AddProduct{r, u, prepared}, table);
}

void forward_divide(Word* r, const Word* a, const Word* d, const Division& by, const NttTable& table) noexcept {
  const Divide sink = {r, a, d, broadcast(by.factor), broadcast(by.inverse)};
  transform_terms(r, by.terms, by.count, sink, table);
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

const FusedKernels kFused = {&forward_int8,    &forward_terms, &forward_join, &forward_divide,
                             &inverse_product, &remainders,    &round_scaled};

}  // namespace heflow::ring::avx512ifma
