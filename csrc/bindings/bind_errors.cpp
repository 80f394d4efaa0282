// C++ errors to the classes of heflow.errors: the only translation.
#include "../base/error.hpp"
#include "../threads/pool.hpp"
#include "common.hpp"

namespace heflow {
namespace {

const char* class_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::parameter:
      return "ParameterError";
    case ErrorKind::shape:
      return "ShapeError";
    case ErrorKind::key_mismatch:
      return "KeyMismatchError";
    case ErrorKind::encoding:
      return "EncodingError";
    case ErrorKind::encoding_range:
      return "EncodingRangeError";
    case ErrorKind::headroom:
      return "HeadroomError";
    case ErrorKind::depth:
      return "DepthError";
    case ErrorKind::unsupported:
      return "UnsupportedOperationError";
    case ErrorKind::format:
      return "FormatError";
    case ErrorKind::key_file:
      return "KeyFileError";
    case ErrorKind::backend:
      return "BackendError";
    case ErrorKind::entropy:
      return "EntropyError";
  }
  return "HeflowError";
}

// Python's signal handlers run here; true if one of them raised, and its exception stays pending.
bool signal_pending() {
  py::gil_scoped_acquire acquire;
  return PyErr_CheckSignals() != 0;
}

}  // namespace

void bind_errors() {
  set_interrupt_check(&signal_pending);
  py::register_exception_translator([](std::exception_ptr raised) {
    try {
      if (raised) std::rethrow_exception(raised);
    } catch (const Interrupted&) {
      if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);
    } catch (const Error& error) {
      const py::object type = py::module_::import("heflow.errors").attr(class_name(error.kind()));
      PyErr_SetString(type.ptr(), error.what());
    }
  });
}

}  // namespace heflow
