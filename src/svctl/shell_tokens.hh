// shell_tokens.hh — the words, redirections and separators of a shell script, in the order in which they are written.
//
//     nginx -g 'daemon off;' 2>&1 &        word, word, word (quoted), redirection, separator &
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "svctl/shell_script.hh"

namespace runwell::svctl {

struct token {
    enum class kind : std::uint8_t { word, redirection, separator, newline, end };

    kind             is     = kind::end;
    shell_word       word   = {};
    bool             quoted = false;  // some of the word: it is no reserved word then
    std::string_view mark   = {};     // of a separator: ; & | ( ) && || ;; |& ;&
    unsigned         line   = 0;

    bool marks(std::string_view what) const { return is == kind::separator && mark == what; }
    bool says(std::string_view what) const { return is == kind::word && !quoted && word.text == what; }
};

// Ends with a newline. Here-documents are left out.
std::vector<token> read_tokens(std::string_view script);

// Whether a word is one of a list of words.
template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

}  // namespace runwell::svctl
