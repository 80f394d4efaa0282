// The functions of this backend, for its table.
#pragma once

#include "../kernels.hpp"

namespace heflow::portable {

void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept;
bool cut_below(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) noexcept;
std::size_t ternary(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) noexcept;
void centred_binomial21(std::int8_t* out, const std::uint64_t* words, std::size_t third) noexcept;

}  // namespace heflow::portable
