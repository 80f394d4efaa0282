#include "backend.hpp"

namespace heflow::ring {

const Kernels kAvx512IfmaKernels = {
    "avx512ifma",
    52,
    &avx512ifma::forward,
    &avx512ifma::forward_lazy,
    &avx512ifma::inverse,
    &avx512ifma::add,
    &avx512ifma::subtract,
    &avx512ifma::negate,
    &avx512ifma::reduce,
    &avx512ifma::prepare,
    &avx512ifma::multiply,
    &avx512ifma::multiply_add,
    &avx512ifma::scale,
    &avx512ifma::scale_add,
    &avx512ifma::difference_scale,
    &avx512ifma::tensor,
    &avx512ifma::inner_products,
    &avx512ifma::switch_modulus,
    &avx512ifma::from_int8,
    &avx512ifma::from_doubles,
    &avx512ifma::from_wide_doubles,
    &avx512ifma::to_doubles,
    &avx512ifma::permute,
    &avx512ifma::fft_forward,
    &avx512ifma::fft_inverse,
    &avx512ifma::kFused,
};

}  // namespace heflow::ring
