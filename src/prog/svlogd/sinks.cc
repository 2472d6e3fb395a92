#include "prog/svlogd/sinks.hh"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>

#include "sys/messages.hh"

namespace runwell {

void alerts::add(std::initializer_list<std::string_view> parts) noexcept {
    for (std::string_view part : parts) {
        while (!part.empty()) {
            if (used_ == bytes_.size()) flush();
            const std::size_t n = std::min(part.size(), bytes_.size() - used_);
            part.copy(bytes_.data() + used_, n);
            used_ += n;
            part.remove_prefix(n);
        }
    }
}

void alerts::flush() noexcept {
    if (used_ > 0) sys::print(STDERR_FILENO, {{bytes_.data(), used_}});
    used_ = 0;
}

bool udp_sink::ready() noexcept {
    if (!socket_) socket_.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return static_cast<bool>(socket_);
}

bool udp_sink::send(udp_target to, std::initializer_list<std::string_view> parts) const noexcept {
    std::array<iovec, 5> pieces{};
    std::size_t          count = 0;
    for (const std::string_view part : parts)
        if (!part.empty() && count < pieces.size())
            pieces[count++] = {const_cast<char*>(part.data()), part.size()};  // sendmsg(2) does not change it

    sockaddr_in address{};
    address.sin_family      = AF_INET;
    address.sin_addr.s_addr = htonl(to.address);
    address.sin_port        = htons(to.port);
    msghdr message{};
    message.msg_name    = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov     = pieces.data();
    message.msg_iovlen  = static_cast<decltype(message.msg_iovlen)>(count);
    return ::sendmsg(socket_.value(), &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace runwell
