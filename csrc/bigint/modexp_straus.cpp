#include "modexp_straus.hpp"

#include <cstdlib>
#include <cstring>

#include "signed_digits.hpp"

namespace heflow::bigint {
namespace {

constexpr unsigned kWidestDigit = 5;  // tables of 32 rows an item

// x^d for 0 < |d| <= 2^(c-1) and every item x, as rows of limbs; and a row that holds 1.
class PowerRows {
 public:
  PowerRows(const Batch& batch, unsigned digit_bits)
      : width_(2 * batch.modulus().limbs()),
        items_(batch.groups() * batch.modulus().lanes()),
        powers_(std::size_t{1} << (digit_bits - 1)),
        rows_(2 * powers_ * items_ * width_),
        one_(width_) {
    const DualConstant& one = batch.modulus().dual_one();
    std::memcpy(one_.data(), one.c0.data(), width_ / 2 * sizeof(Word));
    std::memcpy(one_.data() + width_ / 2, one.c1.data(), width_ / 2 * sizeof(Word));
    fill(batch, 0);
    fill(*invert_vartime(batch), 1);
  }

  const Word* row(std::size_t item, long digit) const {
    if (digit == 0) return one_.data();
    const auto size = static_cast<std::size_t>(std::labs(digit));
    return rows_.data() + ((2 * (size - 1) + (digit < 0 ? 1 : 0)) * items_ + item) * width_;
  }
  unsigned width() const { return width_; }

 private:
  void fill(const Batch& base, std::size_t negative) {
    BatchPtr power;
    for (std::size_t k = 0; k < powers_; ++k) {
      if (k > 0) power = multiply(k == 1 ? base : *power, base);
      store(k == 0 ? base : *power, rows_.data() + (2 * k + negative) * items_ * width_);
    }
  }

  void store(const Batch& batch, Word* rows) {
    const Modulus& m = batch.modulus();
    for (std::size_t g = 0; g < batch.groups(); ++g) {
      Word* to[kMaxLanes];
      for (unsigned l = 0; l < m.lanes(); ++l) to[l] = rows + (g * m.lanes() + l) * width_;
      m.kernels().store_rows(to, batch.group(g), width_);
    }
  }

  unsigned width_;
  std::size_t items_, powers_;
  Buffer rows_, one_;
};

// One lane's work.
struct Output {
  const std::int64_t* items;
  std::size_t weights;  // index of the first weight
};

void run(Word* result, const Output* outputs, std::size_t length, const PowerRows& table, const SignedDigits& weights,
         const StrausPlan& plan, const Modulus& m) {
  const Kernels& k = m.kernels();
  Buffer factor(m.dual_group_words());
  bool started = false;  // until then the result is 1
  broadcast(result, m.dual_one(), m);
  for (std::size_t window = plan.windows; window-- > 0;) {
    for (unsigned i = 0; i < plan.digit_bits && started; ++i) k.dual_sqr(result, result, m.view());
    for (std::size_t j = 0; j < length; ++j) {
      const Word* rows[kMaxLanes];
      bool any = false;
      for (unsigned l = 0; l < m.lanes(); ++l) {
        const long digit = weights.digit(outputs[l].weights + j, window);
        rows[l] = table.row(static_cast<std::size_t>(outputs[l].items[j]), digit);
        any = any || digit != 0;
      }
      if (!any) continue;
      k.load_rows(factor.data(), rows, table.width());
      k.dual_mul(result, result, factor.data(), m.view());
      started = true;
    }
  }
}

}  // namespace

StrausPlan straus_plan(std::size_t bits, std::size_t items, std::size_t length, std::size_t outputs) {
  constexpr double kStep = 1.06, kSquare = 0.75;  // in products: transposes included
  StrausPlan best{};
  for (unsigned c = 2; c <= kWidestDigit; ++c) {
    StrausPlan plan{c, (bits + 2 + c - 1) / c, 0};
    const double table = static_cast<double>(items) * static_cast<double>(2u << (c - 1));
    plan.cost = table + static_cast<double>(outputs * plan.windows) * (kStep * static_cast<double>(length) + kSquare * c);
    if (best.windows == 0 || plan.cost < best.cost) best = plan;
  }
  return best;
}

BatchPtr straus_power_vartime(const Batch& batch, const std::int64_t* vectors, std::size_t count, std::size_t length,
                              const SignedIntegers& weights, std::size_t rows, const StrausPlan& plan) {
  const Modulus& m = batch.modulus();
  const SignedDigits digits(weights, rows * length, plan.digit_bits, plan.windows);
  const PowerRows table(batch, plan.digit_bits);
  std::vector<Output> outputs;
  outputs.reserve(count * rows + kMaxLanes);
  for (std::size_t v = 0; v < count; ++v) {
    for (std::size_t r = 0; r < rows; ++r) outputs.push_back({vectors + v * length, r * length});
  }
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), outputs.size());
  while (outputs.size() % m.lanes() != 0) outputs.push_back(outputs.back());
  for_each_tile(result->groups(), groups_per_tile(m, 8), [&](std::size_t first, std::size_t last) {
    for (std::size_t g = first; g < last; ++g) {
      run(result->group(g), outputs.data() + g * m.lanes(), length, table, digits, plan, m);
    }
  });
  return result;
}

}  // namespace heflow::bigint
