// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace sluice::broker {

Result<std::unique_ptr<Signals>> Signals::watch(Reactor& reactor,
                                                std::initializer_list<int> numbers,
                                                Handler handler) {
  sigset_t set, before;
  ::sigemptyset(&set);
  for (const int number : numbers) ::sigaddset(&set, number);
  Fd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return Error::system("signalfd");
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, &before); error != 0) {
    return Error::system("block signals", error);
  }
  std::unique_ptr<Signals> signals(new Signals(reactor, std::move(fd), before, std::move(handler)));
  SLUICE_TRY(reactor.add(signals->fd_.get(), EPOLLIN,
                         [raw = signals.get()](uint32_t) { raw->onReadable(); }));
  return signals;
}

Signals::Signals(Reactor& reactor, Fd fd, const sigset_t& before, Handler handler)
    : reactor_(reactor), fd_(std::move(fd)), before_(before), handler_(std::move(handler)) {}

Signals::~Signals() {
  reactor_.remove(fd_.get());
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Signals::onReadable() {
  signalfd_siginfo info;
  while (::read(fd_.get(), &info, sizeof(info)) == sizeof(info)) {
    handler_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace sluice::broker
