#include "backend.hpp"

namespace heflow::ring {

const Kernels kPortableKernels = {
    "portable",
    64,
    &portable::forward,
    &portable::forward_lazy,
    &portable::inverse,
    &portable::add,
    &portable::subtract,
    &portable::negate,
    &portable::reduce,
    &portable::prepare,
    &portable::multiply,
    &portable::multiply_add,
    &portable::scale,
    &portable::scale_add,
    &portable::difference_scale,
    &portable::tensor,
    &portable::inner_products,
    &portable::switch_modulus,
    &portable::from_int8,
    &portable::from_doubles,
    &portable::from_wide_doubles,
    &portable::to_doubles,
    &portable::permute,
    &portable::fft_forward,
    &portable::fft_inverse,
    nullptr,
};

}  // namespace heflow::ring
