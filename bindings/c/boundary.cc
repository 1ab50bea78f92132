// What stands between C and C++: errors, and structs that grow. It needs nothing of the library but
// its Error, so that who links a part of the C interface gets no more than that part.
#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "bindings/c/boundary_internal.h"
#include "clearhead/base/error.h"

namespace clearhead::c {
namespace {

thread_local std::string last_error;

clearhead_status remember(std::string_view message, clearhead_status status) noexcept {
  try {
    last_error = message;
  } catch (...) {  // there is no memory for it
    last_error.clear();
  }
  return status;
}

}  // namespace

clearhead_status failed(std::exception_ptr error) noexcept {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Error& wrong) {
    return remember(wrong.what(), CLEARHEAD_INVALID);
  } catch (const std::bad_alloc&) {
    return remember("there is not enough memory", CLEARHEAD_INVALID);
  } catch (const std::exception& fault) {
    return remember(fault.what(), CLEARHEAD_INTERNAL);
  } catch (...) {
    return remember("an unknown fault", CLEARHEAD_INTERNAL);
  }
}

void refuse(const char* name, const std::string& what) {
  throw Error(std::string(name) + ": " + what);
}

void refuse_null(const char* name) { refuse(name, "it is needed, got NULL"); }

void take_members(void* into, std::size_t known, const void* given, const char* name) {
  std::size_t size;
  std::memcpy(&size, given, sizeof size);
  if (size < sizeof size) {
    refuse(name, "its member `size` must be sizeof of the struct, got " + std::to_string(size));
  }
  // As the Linux kernel takes structs that grow: what it does not know must say nothing.
  const char* const bytes = static_cast<const char*>(given);
  if (size > known && std::any_of(bytes + known, bytes + size, [](char c) { return c != 0; })) {
    refuse(name, "it sets members that this library, clearhead " + std::string(CLEARHEAD_VERSION) +
                     ", does not know; use a newer one");
  }
  std::memcpy(into, given, std::min(size, known));
}

}  // namespace clearhead::c

using namespace clearhead::c;

int32_t clearhead_abi(void) { return CLEARHEAD_ABI; }

const char* clearhead_version(void) { return CLEARHEAD_VERSION; }

const char* clearhead_error(void) { return last_error.c_str(); }
