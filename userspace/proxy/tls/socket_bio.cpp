// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/socket_bio.h"

#include <sys/socket.h>

#include <cerrno>

namespace sluice::tls {

namespace {

SocketEnd& endOf(BIO* bio) { return *static_cast<SocketEnd*>(BIO_get_data(bio)); }

int receive(BIO* bio, char* bytes, int size) {
  SocketEnd& end = endOf(bio);
  BIO_clear_retry_flags(bio);
  ssize_t count = 0;
  do {
    count = ::recv(end.socket, bytes, static_cast<size_t>(size), 0);
  } while (count < 0 && errno == EINTR);
  end.drained = count < size;
  end.ended = count == 0;
  if (count < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

int transmit(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t count = 0;
  do {
    count = ::send(endOf(bio).socket, bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  // ENOTCONN: connect() is still on its way.
  if (count < 0 && (errno == EAGAIN || errno == ENOTCONN)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

/// OpenSSL asks whether nothing has come because the stream has ended.
long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_EOF) return endOf(bio).ended ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// Lives as long as the process: connections of any thread refer to it.
const BIO_METHOD* method() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice socket");
    if (made == nullptr) return made;
    BIO_meth_set_read(made, receive);
    BIO_meth_set_write(made, transmit);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return kMethod;
}

}  // namespace

BioPtr socketBio(SocketEnd& end) {
  BioPtr bio(method() == nullptr ? nullptr : BIO_new(method()));
  if (!bio) return bio;
  BIO_set_data(bio.get(), &end);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace sluice::tls
