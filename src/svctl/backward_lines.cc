#include "svctl/backward_lines.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace runwell::svctl {
namespace {

constexpr std::size_t most_searched = std::size_t{16} << 20;  // bytes without a newline, looked at backwards

}  // namespace

std::string read_at(int fd, std::uint64_t place, std::size_t size) {
    std::string bytes(size, '\0');
    ssize_t     got = 0;
    do got = ::pread(fd, bytes.data(), size, static_cast<off_t>(place));
    while (got < 0 && errno == EINTR);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

std::uint64_t size_of(int fd) {
    struct stat about {};
    return ::fstat(fd, &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

backward_lines::backward_lines(int fd) : fd_{fd}, begin_{size_of(fd)}, more_{begin_ > 0} {
    if (!more_) return;
    load();
    whole_ = !bytes_.empty() && bytes_.back() == '\n';
    if (whole_) bytes_.pop_back();
    unsearched_ = bytes_.size();
}

std::optional<backward_lines::piece> backward_lines::next() {
    if (!more_) return std::nullopt;
    std::size_t         newline = 0;
    const std::uint64_t end     = begin_ + bytes_.size();
    while ((newline = last_newline()) == std::string::npos && begin_ > 0 && end - begin_ < most_searched) load();
    more_                   = newline != std::string::npos;
    const std::size_t start = more_ ? newline + 1 : 0;
    piece             line{begin_ + start, bytes_.substr(start, longest_line), std::exchange(whole_, true)};
    bytes_.resize(more_ ? newline : 0);
    unsearched_ = bytes_.size();
    return line;
}

void backward_lines::load() {
    if (bytes_.size() >= longest_line) bytes_.clear();
    const std::uint64_t size = std::min<std::uint64_t>(std::max(block, bytes_.size()), begin_);
    begin_ -= size;
    bytes_.insert(0, read_at(fd_, begin_, static_cast<std::size_t>(size)));
    unsearched_ = static_cast<std::size_t>(size);
}

// What lies behind the unsearched bytes has none.
std::size_t backward_lines::last_newline() const {
    return unsearched_ == 0 ? std::string::npos : bytes_.rfind('\n', unsearched_ - 1);
}

}  // namespace runwell::svctl
