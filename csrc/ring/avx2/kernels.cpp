#include "backend.hpp"

namespace heflow::ring {

const Kernels kAvx2Kernels = {
    "avx2",
    52,
    &avx2::forward,
    &avx2::forward_lazy,
    &avx2::inverse,
    &avx2::add,
    &avx2::subtract,
    &avx2::negate,
    &avx2::reduce,
    &avx2::prepare,
    &avx2::multiply,
    &avx2::multiply_add,
    &avx2::scale,
    &avx2::scale_add,
    &avx2::difference_scale,
    &avx2::tensor,
    &avx2::inner_products,
    &avx2::switch_modulus,
    &avx2::from_int8,
    &avx2::from_doubles,
    &avx2::from_wide_doubles,
    &avx2::to_doubles,
    &avx2::permute,
    &avx2::fft_forward,
    &avx2::fft_inverse,
    &avx2::kFused,
    true,
};

}  // namespace heflow::ring
