#include "hybrid.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "../ring/fused.hpp"
#include "../ring/primes.hpp"
#include "../threads/parallel_for.hpp"

namespace heflow::ckks {
namespace {

constexpr std::size_t kChunk = 512;  // words: the limbs of a digit stay in the first cache

using Words = std::vector<std::size_t>;

// From residues modulo the primes `from`, with product D, to those of other primes: with the balanced y_i = x_i / (D / q_i) mod
// q_i, the number sum_i y_i D / q_i is x + u D for a small u (docs/maths/ckks.md, hybrid key switching).
class Extension {
 public:
  Extension(const Context& context, Words from)
      : context_(context), from_(std::move(from)), y_(context, from_.size()), product_(context.primes(), 1) {
    for (std::size_t j = 0; j < context.primes(); ++j) {
      for (std::size_t i : from_) product_[j] = times(product_[j], context.modulus(i).p, j);
    }
    for (std::size_t i : from_) {
      Word scale = 1;
      for (std::size_t k : from_) {
        if (k != i) scale = times(scale, context.inverse(k, i).value, i);
      }
      scales_.push_back(context.factor(scale, i));
    }
  }

  const Words& from() const { return from_; }
  // The product of `from` modulo prime j outside it.
  Word product(std::size_t j) const { return product_[j]; }

  // Take x modulo prime number `k` of `from`, in NTT order, overwriting nothing. y_k is kept shifted by half its prime.
  void load(std::size_t k, const Word* x) {
    const ring::Kernels& kernels = context_.kernels();
    const std::size_t i = from_[k], n = context_.degree();
    const Modulus& m = context_.modulus(i);
    Word* y = y_[k];
    ring::inverse_product(kernels, y, x, nullptr, nullptr, context_.table(i));
    alignas(64) Word half[kChunk];
    std::fill(half, half + kChunk, m.p / 2);
    for (std::size_t at = 0; at < n; at += kChunk) kernels.scale_add(y + at, y + at, scales_[k], half, kChunk, m);
  }

  // out = x modulo prime j outside `from`, in coefficient order.
  void to(Word* out, std::size_t j) const {
    const ring::Kernels& kernels = context_.kernels();
    const Modulus& m = context_.modulus(j);
    Word shift = 0;
    std::vector<Factor> weights;
    for (std::size_t i : from_) {
      const Word w = times(product_[j], context_.inverse(i, j).value, j);
      weights.push_back(context_.factor(w, j));
      shift = (shift + times(w, context_.modulus(i).p / 2 % m.p, j)) % m.p;
    }
    alignas(64) Word start[kChunk];
    std::fill(start, start + kChunk, shift == 0 ? 0 : m.p - shift);
    for (std::size_t at = 0; at < context_.degree(); at += kChunk) {
      for (std::size_t k = 0; k < from_.size(); ++k)
        kernels.scale_add(out + at, y_[k] + at, weights[k], k == 0 ? start : out + at, kChunk, m);
    }
  }

 private:
  Word times(Word a, Word b, std::size_t j) const {
    const Word p = context_.modulus(j).p;
    return ring::multiply_mod(a % p, b % p, p);
  }

  const Context& context_;
  Words from_;
  Limbs y_;
  std::vector<Word> product_;
  std::vector<Factor> scales_;
};

// Prime number of limb t of an accumulator over `primes` data primes and the special ones.
std::size_t prime_of(std::size_t t, std::size_t primes, const Context& context) {
  return t < primes ? t : context.special() + (t - primes);
}

// The digits of d against keys, each permuted by the key's rotation: accumulators over `primes` data primes and
// the special ones. Galois keys have positions; other keys come alone.
void switch_digits(Limbs& acc0, Limbs& acc1, const Word* const* d, std::size_t primes,
                   const std::vector<const SwitchKey*>& keys, const Context& context) {
  const std::size_t n = context.degree(), each = context.digit_primes(), count = (primes + each - 1) / each;
  const ring::Kernels& k = context.kernels();
  std::vector<Extension> digits;
  digits.reserve(count);
  for (std::size_t g = 0; g < count; ++g) {
    Words from;
    for (std::size_t i = g * each; i < std::min((g + 1) * each, primes); ++i) from.push_back(i);
    digits.emplace_back(context, from);
  }
  parallel_for(primes, [&](std::size_t i) { digits[i / each].load(i % each, d[i]); });
  parallel_for(primes + context.specials(), [&](std::size_t t) {
    const std::size_t j = prime_of(t, primes, context);
    Limbs residues(context, count + 3);
    const Word *digit[ring::kMaxPrimes], *keys0[ring::kMaxPrimes], *keys1[ring::kMaxPrimes];
    for (std::size_t g = 0; g < count; ++g) {
      digit[g] = residues[g];
      if (j < primes && j / each == g) {
        digit[g] = d[j];
        continue;
      }
      digits[g].to(residues[g], j);
      k.forward_lazy(residues[g], context.table(j));
    }
    Word *part0 = residues[count], *part1 = residues[count + 1], *turned = residues[count + 2];
    bool first = true;
    for (const SwitchKey* key : keys) {
      for (std::size_t g = 0; g < count; ++g) keys0[g] = key->b[g * key->primes + j], keys1[g] = key->a[g * key->primes + j];
      const bool rotates = !key->positions.empty();
      k.inner_products(rotates ? part0 : acc0[t], rotates ? part1 : acc1[t], digit, keys0, keys1, count, n, context.modulus(j));
      if (!rotates) continue;
      if (first) {
        k.permute(acc0[t], part0, key->positions.data(), n);
        k.permute(acc1[t], part1, key->positions.data(), n);
      } else {
        k.permute(turned, part0, key->positions.data(), n);
        k.add(acc0[t], acc0[t], turned, n, context.modulus(j));
        k.permute(turned, part1, key->positions.data(), n);
        k.add(acc1[t], acc1[t], turned, n, context.modulus(j));
      }
      first = false;
    }
  });
}

// (acc + P d) / P, or / (P q_l) for l the last data prime in use, rounded.
template <class Out>
void divide(Limbs& acc, const Word* const* d, const Out& out, std::size_t primes, bool rescale, const Context& context) {
  const std::size_t n = context.degree(), last = primes - 1, results = rescale ? last : primes;
  const ring::Kernels& k = context.kernels();
  Words from;
  for (std::size_t s = 0; s < context.specials(); ++s) from.push_back(context.special() + s);
  if (rescale) from.push_back(last);
  Extension low(context, from);
  parallel_for(from.size(), [&](std::size_t s) {
    Word* x = s < context.specials() ? acc[primes + s] : acc[last];
    if (s == context.specials() && d != nullptr)
      k.scale_add(x, d[last], context.special_product(last), x, n, context.modulus(last));
    low.load(s, x);
  });
  parallel_for(results, [&](std::size_t i) {
    const Modulus& m = context.modulus(i);
    Limbs rest(context, 1);
    low.to(rest[0], i);
    k.forward(rest[0], context.table(i));
    if (d != nullptr) k.scale_add(acc[i], d[i], context.special_product(i), acc[i], n, m);
    const Factor inverse = context.factor(ring::inverse_mod_vartime(low.product(i), m.p), i);
    k.difference_scale(out(i), acc[i], rest[0], inverse, nullptr, n, m);
  });
}

// Ciphertexts side by side if there is one for each thread, else one after the other, each on all threads.
template <class Body>
void for_items(std::size_t items, const Body& body) {
  if (items >= thread_count()) return parallel_for(items, body);
  for (std::size_t item = 0; item < items; ++item) body(item);
}

}  // namespace

BatchPtr multiply_hybrid(const Batch& a, const Batch& b, const SwitchKey& key) {
  const Context& context = a.context();
  const std::size_t primes = std::min(a.primes(), b.primes()), n = context.degree();
  auto result = std::make_shared<Batch>(a.context_ptr(), a.size(), primes - 1);
  for_items(a.size(), [&](std::size_t item) {
    Limbs d0(context, primes), d1(context, primes), d2(context, primes);
    Limbs acc0(context, primes + context.specials()), acc1(context, primes + context.specials());
    std::vector<const Word*> p0(primes), p1(primes), p2(primes);
    for (std::size_t i = 0; i < primes; ++i) p0[i] = d0[i], p1[i] = d1[i], p2[i] = d2[i];
    parallel_for(primes, [&](std::size_t i) {
      context.kernels().tensor(d0[i], d1[i], d2[i], a.limb(item, 0, i), a.limb(item, 1, i), b.limb(item, 0, i),
                               b.limb(item, 1, i), n, context.modulus(i));
    });
    switch_digits(acc0, acc1, p2.data(), primes, {&key}, context);
    divide(acc0, p0.data(), [&](std::size_t i) { return result->limb(item, 0, i); }, primes, true, context);
    divide(acc1, p1.data(), [&](std::size_t i) { return result->limb(item, 1, i); }, primes, true, context);
  });
  return result;
}

BatchPtr rotations_hybrid(const Batch& a, const std::vector<std::shared_ptr<SwitchKey>>& keys, bool keep) {
  const Context& context = a.context();
  const std::size_t primes = a.primes(), n = context.degree();
  auto result = std::make_shared<Batch>(a.context_ptr(), a.size(), primes);
  std::vector<const SwitchKey*> pointers;
  for (const auto& key : keys) pointers.push_back(key.get());
  for_items(a.size(), [&](std::size_t item) {
    Limbs acc0(context, primes + context.specials()), acc1(context, primes + context.specials()), d0(context, primes);
    std::vector<const Word*> p0(primes), p1(primes);
    for (std::size_t i = 0; i < primes; ++i) p0[i] = d0[i], p1[i] = a.limb(item, 1, i);
    // The first parts turn without a key; the accumulators hold the rest.
    parallel_for(primes, [&](std::size_t i) {
      Limbs turned(context, 1);
      const Word* c0 = a.limb(item, 0, i);
      if (keep) std::memcpy(d0[i], c0, n * sizeof(Word));
      for (std::size_t r = 0; r < keys.size(); ++r) {
        const bool first = r == 0 && !keep;
        Word* to = first ? d0[i] : turned[0];
        context.kernels().permute(to, c0, keys[r]->positions.data(), n);
        if (!first) context.kernels().add(d0[i], d0[i], to, n, context.modulus(i));
      }
    });
    switch_digits(acc0, acc1, p1.data(), primes, pointers, context);
    divide(acc0, p0.data(), [&](std::size_t i) { return result->limb(item, 0, i); }, primes, false, context);
    divide(acc1, keep ? p1.data() : nullptr, [&](std::size_t i) { return result->limb(item, 1, i); }, primes, false, context);
  });
  return result;
}

}  // namespace heflow::ckks
