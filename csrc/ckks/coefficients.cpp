#include "coefficients.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "../base/error.hpp"
#include "../random/samplers.hpp"
#include "../ring/fused.hpp"
#include "blocks.hpp"

namespace heflow::ckks {
namespace {

constexpr unsigned kWordBits = 50;                    // of what the ring takes as a lazy word
[[maybe_unused]] constexpr unsigned kLeastWidth = 8;  // of the wide kernels: no byte holds parts of three values

void quantise(const SumKernels& k, Word* words, const float* x, std::size_t n, const Fields& fields, const Quantiser& how,
              Counts& counts) {
  k.quantise_float(words, x, n, fields, how, &counts);
}
void quantise(const SumKernels& k, Word* words, const double* x, std::size_t n, const Fields& fields, const Quantiser& how,
              Counts& counts) {
  k.quantise_double(words, x, n, fields, how, &counts);
}
double restore(const SumKernels& k, float* out, const Word* words, std::size_t n, const Fields& fields, double scale,
               double offset) {
  return k.restore_float(out, words, n, fields, scale, offset);
}
double restore(const SumKernels& k, double* out, const Word* words, std::size_t n, const Fields& fields, double scale,
               double offset) {
  return k.restore_double(out, words, n, fields, scale, offset);
}

// Room for the values of a block that is not full: they come from and go to an array that ends before it does.
template <class Real>
class Padded {
 public:
  explicit Padded(std::size_t values) : words_((values * sizeof(Real) + 7) / 8, Content::secret) {}
  Real* data() { return reinterpret_cast<Real*>(words_.data()); }

 private:
  Buffer words_;
};

// Delta m of one block, as low and high words. Values beyond the end are those of 0, as a client that has them
// would send.
template <class Real>
Counts message(Word* low, Word* high, const Sums& sums, RealSpan<const Real> values, std::size_t block) {
  const std::size_t n = sums.stride(values.size, block), first = block * sums.block_values();
  const std::size_t needed = n * sums.packing().fields, left = values.size - first;
  const Real* x = values.data + first;
  Padded<Real> padded(left < needed ? needed : 0);
  if (left < needed) {
    std::copy(x, x + left, padded.data());
    std::fill(padded.data() + left, padded.data() + needed, Real{0});
    x = padded.data();
  }
  Counts counts;
  quantise(sums.kernels(), low, x, n, sums.low(), sums.packing().quantiser, counts);
  if (sums.primes() > 1)
    quantise(sums.kernels(), high, x + sums.low().count * n, n, sums.high(), sums.packing().quantiser, counts);
  return counts;
}

// Delta m modulo a prime: with one prime the low words are that already.
const Word* residues(Word* r, const Word* low, const Word* high, const Sums& sums, std::size_t prime) {
  if (sums.primes() == 1) return low;
  const Context& context = sums.context();
  const std::size_t n = context.degree();
  context.kernels().reduce(r, low, n, context.modulus(prime));
  context.kernels().scale_add(r, high, context.factor(Word{1} << sums.high_shift(), prime), r, n, context.modulus(prime));
  return r;
}

class SharedCounts {
 public:
  void add(const Counts& counts) {
    clipped_.fetch_add(counts.clipped, std::memory_order_relaxed);
    invalid_.fetch_add(counts.invalid, std::memory_order_relaxed);
  }
  Counts get() const { return {clipped_, invalid_}; }

 private:
  std::atomic<std::uint64_t> clipped_{0}, invalid_{0};
};

}  // namespace

Sums::Sums(ContextPtr context, const Packing& packing) : context_(std::move(context)), packing_(packing) {
  const Packing& p = packing_;
  unsigned bits = 0;
  for (std::size_t i = 0; i < primes(); ++i) bits += context_->modulus(i).bits;
  const bool sane = p.fields >= 1 && p.fields <= 64 && p.field_bits >= 1 && p.field_bits <= kWordBits && p.delta_bits >= 1 &&
                    p.delta_bits < kWordBits && p.quantiser.largest >= 1;
  const unsigned room = sane ? (kWordBits - p.delta_bits) / p.field_bits : 0;
  const unsigned split = primes() == 1 ? p.fields : std::min(p.fields, room);
  low_ = {split, p.field_bits, p.delta_bits}, high_ = {p.fields - split, p.field_bits, 0};
  if (!sane || primes() > 2 || p.fields * p.field_bits + p.delta_bits > bits || high_.count * p.field_bits > kWordBits ||
      p.drop >= p.delta_bits || (primes() == 2 && (p.drop != 0 || context_->modulus(1).bits != context_->modulus(0).bits))) {
    throw Error(ErrorKind::parameter, "this packing does not fit a modulus of " + std::to_string(bits) + " bits");
  }
  kernels_ = &kPortableSumKernels;
#if defined(HEFLOW_HAVE_AVX2)
  if (std::strcmp(context_->kernels().name, kAvx2SumKernels.name) == 0 && width() >= kLeastWidth) kernels_ = &kAvx2SumKernels;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (std::strcmp(context_->kernels().name, kAvx512IfmaSumKernels.name) == 0 && width() >= kLeastWidth)
    kernels_ = &kAvx512IfmaSumKernels;
#endif
}

std::size_t Sums::stride(std::size_t values, std::size_t block) const {
  const std::size_t left = values - block * block_values();
  if (left >= block_values()) return context_->degree();
  return ((left + packing_.fields - 1) / packing_.fields + 7) / 8 * 8;
}

std::size_t Sums::bytes(std::size_t values, unsigned bits, bool second) const {
  const std::size_t count = blocks(values);
  if (count == 0) return 0;
  const std::size_t missing = context_->degree() - stride(values, count - 1);
  return count * block_bytes(bits, second) - missing / 8 * bits * primes();
}

void Expansion::next(Word* residues, std::size_t count) { uniform_residues(stream_, residues, count, p_); }

template <class Real>
Counts encrypt_shared(std::uint8_t* out, const Sums& sums, const SecretKey& key, RealSpan<const Real> values,
                      const Seed& open) {
  const Context& context = sums.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const Seed seed = Seed::fresh();
  SharedCounts counts;
  each_block(sums.blocks(values.size), 4 * n + n / 8, Content::secret, [&](std::size_t block, Word* scratch) {
    Word *mask = scratch, *low = mask + n, *high = low + n, *spare = high + n;
    auto* e = reinterpret_cast<std::int8_t*>(spare + n);
    const std::size_t stride = sums.stride(values.size, block);
    if (stride < n) std::fill(low, spare, 0);
    counts.add(message(low, high, sums, values, block));
    Stream errors(seed, block);
    centred_binomial21(errors, e, stride);
    std::uint8_t* to = out + block * sums.block_bytes(sums.width(), false);
    for (std::size_t i = 0; i < sums.primes(); ++i) {
      Expansion(open, sums, block, i).next(mask, n);
      inverse_product(k, mask, mask, key.prepared()[i], nullptr, context.table(i));
      const Word* m = residues(spare, low, high, sums, i);
      sums.kernels().round_difference(mask, m, mask, e, stride, context.modulus(i).p, sums.packing().drop);
      sums.kernels().pack(to, mask, stride, sums.width());
      to += stride / 8 * sums.width();
    }
  });
  return counts.get();
}

template <class Real>
Counts encrypt_public(std::uint8_t* out, const Sums& sums, const PublicKey& key, RealSpan<const Real> values) {
  const Context& context = sums.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const Seed seed = Seed::fresh();
  SharedCounts counts;
  Buffer nothing(n);
  std::fill(nothing.data(), nothing.data() + n, 0);
  each_block(sums.blocks(values.size), 6 * n + 3 * n / 8, Content::secret, [&](std::size_t block, Word* scratch) {
    Word *x = scratch, *low = x + n, *high = low + n, *spare = high + n, *u = spare + n;  // u: one for each prime
    auto* ternary = reinterpret_cast<std::int8_t*>(u + 2 * n);
    const std::size_t stride = sums.stride(values.size, block);
    if (stride < n) std::fill(low, spare, 0);
    counts.add(message(low, high, sums, values, block));
    Stream stream(seed, block);
    uniform_ternary(stream, ternary, n);
    centred_binomial21(stream, ternary + n, 2 * n);
    for (std::size_t i = 0; i < sums.primes(); ++i) {
      forward_int8(k, u + i * n, ternary, context.table(i));
    }
    std::uint8_t* to = out + block * sums.block_bytes(sums.width(), true);
    for (int part = 0; part < 2; ++part) {
      const std::size_t count = part == 0 ? stride : n;
      for (std::size_t i = 0; i < sums.primes(); ++i) {
        inverse_product(k, x, u + i * n, (part == 0 ? key.b : key.a)[i], nullptr, context.table(i));
        // u and -u are alike: the product is subtracted.
        const Word* m = part == 0 ? residues(spare, low, high, sums, i) : nothing.data();
        const std::int8_t* e = ternary + (part == 0 ? n : 2 * n);
        sums.kernels().round_difference(x, m, x, e, count, context.modulus(i).p, sums.packing().drop);
        sums.kernels().pack(to, x, count, sums.width());
        to += count / 8 * sums.width();
      }
    }
  });
  return counts.get();
}

template Counts encrypt_shared(std::uint8_t*, const Sums&, const SecretKey&, RealSpan<const float>, const Seed&);
template Counts encrypt_shared(std::uint8_t*, const Sums&, const SecretKey&, RealSpan<const double>, const Seed&);
template Counts encrypt_public(std::uint8_t*, const Sums&, const PublicKey&, RealSpan<const float>);
template Counts encrypt_public(std::uint8_t*, const Sums&, const PublicKey&, RealSpan<const double>);

namespace {

// x modulo both primes to the low and the high words of x < q0 q1 (Garner 1959): x = x0 + q0 t.
void lift(Word* x0, Word* x1, Word* scratch, const Sums& sums) {
  const Context& context = sums.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const Modulus& q1 = context.modulus(1);
  k.reduce(scratch, x0, n, q1);
  k.difference_scale(x1, x1, scratch, context.inverse(0, 1), nullptr, n, q1);
  __extension__ using Wide = unsigned __int128;
  const Wide q0 = context.modulus(0).p;
  for (std::size_t i = 0; i < n; ++i) {
    const Wide x = x0[i] + q0 * x1[i];
    x0[i] = static_cast<Word>(x), x1[i] = static_cast<Word>(x >> sums.high_shift());
  }
}

}  // namespace

template <class Real>
bool decrypt(RealSpan<Real> out, const Sums& sums, const SecretKey& key, const std::uint8_t* in, bool shared,
             std::uint64_t total_weight, double scale, double offset) {
  const Context& context = sums.context();
  const ring::Kernels& k = context.kernels();
  const SumKernels& s = sums.kernels();
  const std::size_t n = context.degree();
  const Packing& p = sums.packing();
  // Decoding rounds to the nearest multiple of Delta: half of it is added before the dropped bits are put back.
  const Word half = Word{1} << (p.delta_bits - 1 - p.drop);
  const Word bias = p.drop == 0 ? 0 : total_weight / 2;  // rounding half up adds half a unit for each weight
  const auto largest = static_cast<double>(p.quantiser.largest) * static_cast<double>(total_weight);
  std::atomic<bool> fits{true}, damaged{false};
  each_block(sums.blocks(out.size), 4 * n, Content::secret, [&](std::size_t block, Word* scratch) {
    Word *c0[2] = {scratch, scratch + n}, *c1 = scratch + 2 * n, *spare = scratch + 3 * n;
    const std::size_t stride = sums.stride(out.size, block);
    const unsigned bits = context.modulus(0).bits;
    const std::uint8_t *from0 = in + block * sums.block_bytes(bits, true), *from1 = from0 + stride / 8 * bits * sums.primes();
    for (std::size_t i = 0; i < sums.primes(); ++i) {
      const Modulus& q = context.modulus(i);
      const Factor dropped = context.factor(Word{1} << p.drop, i);
      std::fill(c0[i], c0[i] + n, half), std::fill(c1, c1 + n, 0);
      const Word most0 = s.unpack_add(c0[i], from0, stride, bits, 1), most1 = s.unpack_add(c1, from1, n, bits, 1);
      if (most0 >= q.p || most1 >= q.p) damaged = true;
      from0 += stride / 8 * bits, from1 += n / 8 * bits;
      if (!shared) {
        std::fill(spare, spare + n, (q.p - bias % q.p) % q.p);
        k.scale_add(c1, c1, dropped, spare, n, q);
        k.forward_lazy(c1, context.table(i));
      }
      inverse_product(k, c1, c1, key.prepared()[i], nullptr, context.table(i));
      k.scale_add(c0[i], c0[i], dropped, c1, n, q);
    }
    if (sums.primes() > 1) lift(c0[0], c0[1], spare, sums);
    const std::size_t needed = stride * p.fields, left = out.size - block * sums.block_values();
    Padded<Real> padded(left < needed ? needed : 0);
    Real *target = out.data + block * sums.block_values(), *to = left < needed ? padded.data() : target;
    double most = restore(s, to, c0[0], stride, sums.low(), scale, offset);
    if (sums.primes() > 1)
      most = std::max(most, restore(s, to + sums.low().count * stride, c0[1], stride, sums.high(), scale, offset));
    if (left < needed) std::copy(to, to + left, target);
    if (most > largest) fits = false;
  });
  if (damaged) throw Error(ErrorKind::format, "a coefficient of the sum is not below the modulus: the bytes are damaged");
  return fits;
}

template bool decrypt(RealSpan<float>, const Sums&, const SecretKey&, const std::uint8_t*, bool, std::uint64_t, double, double);
template bool decrypt(RealSpan<double>, const Sums&, const SecretKey&, const std::uint8_t*, bool, std::uint64_t, double,
                      double);

}  // namespace heflow::ckks
