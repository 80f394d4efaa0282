#include "backend.hpp"

namespace heflow::bigint {

const Kernels kAvx2Kernels = {
    "avx2",
    4,
    51,
    1,
    6,
    avx2::mont_mul,
    avx2::mont_sqr,
    nullptr,
    avx2::linear,
    avx2::reduce,
    avx2::dual_mul,
    avx2::dual_mul_groups,
    avx2::dual_sqr,
    nullptr,
    avx2::dual_mul_half,
    avx2::dual_linear,
    avx2::dual_reduce,
    avx2::dual_compose,
    avx2::add,
    avx2::load_words,
    avx2::store_words,
    avx2::load_rows,
    avx2::store_rows,
    avx2::select_lanes,
    avx2::select_rows,
};

}  // namespace heflow::bigint
