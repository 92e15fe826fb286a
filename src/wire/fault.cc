#include "wire/fault.h"

namespace hearsay::wire {

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::truncated:
      return "truncated";
    case Fault::malformed:
      return "malformed";
    case Fault::too_deep:
      return "too_deep";
    case Fault::too_large:
      return "too_large";
    case Fault::unexpected:
      return "unexpected";
    case Fault::wrong_label:
      return "wrong_label";
    case Fault::plaintext:
      return "plaintext";
    case Fault::not_opened:
      return "not_opened";
    case Fault::bad_crc:
      return "bad_crc";
  }
  return "?";
}

Count counter_of(Fault fault) {
  switch (fault) {
    case Fault::truncated:
    case Fault::malformed:
    case Fault::too_deep:
      return Count::dropped_malformed;
    case Fault::too_large:
      return Count::dropped_stream_size;
    case Fault::unexpected:
      return Count::dropped_unexpected;
    case Fault::wrong_label:
      return Count::dropped_label;
    case Fault::plaintext:
      return Count::dropped_plaintext;
    case Fault::not_opened:
      return Count::dropped_sealed;
    case Fault::bad_crc:
      return Count::dropped_crc;
  }
  return Count::dropped_malformed;
}

}  // namespace hearsay::wire
