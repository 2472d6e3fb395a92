// must.hh — how the models of tests/core say that a promise was broken: a failure of the test, or the end of a fuzzer.
#pragma once

namespace runwell {

// The including file defines this: it reports a failure if `holds` is false.
void must(bool holds, const char* promise);

}  // namespace runwell
