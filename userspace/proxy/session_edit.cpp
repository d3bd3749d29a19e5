// SPDX-License-Identifier: Apache-2.0
// Heads that are not passed on as they came.
#include "userspace/proxy/envoy_fields.h"
#include "userspace/proxy/http1/forward.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

namespace {

bool isHost(const http1::Header& field) { return http1::equalsIgnoringCase(field.name, "host"); }

bool isChunking(const http1::Header& field) {
  return http1::equalsIgnoringCase(field.name, "transfer-encoding") ||
         http1::equalsIgnoringCase(field.name, "trailer");
}

}  // namespace

// Once per request: the head stays as rewritten for a second try. False when it found no room.
bool Session::rewriteRequestHead() {
  const auto& service = route_->route->service;
  const http1::RequestHead& head = requestHead();
  std::string host;  // where the request names none; RFC 9110 §7.2: the default port is left out
  if (head.authority.empty()) host = service.port == 80 ? service.host : service.text();
  const std::string_view bytes = request_.buffer().data().substr(0, exchange_.head_size);
  bool changed = true;
  if (ruleChangesHead() || context_.config->envoy_habits)
    writeRequestHead(head, head.authority.empty() ? host : head.authority);
  else
    changed = http1::rewriteRequest(head, bytes, host, context_.text);
  exchange_.rewrite_needed = false;
  if (!changed) return true;
  if (!request_.replaceCleared(exchange_.head_size, context_.text)) return false;
  exchange_.head_size = context_.text.size();
  return true;
}

void Session::writeRequestHead(const http1::RequestHead& head, std::string_view authority) {
  const bool habits = context_.config->envoy_habits;
  const auto* edits = exchange_.cluster->edits.get();
  HeadDraft& draft = context_.draft;
  draft.clear();
  const http1::Fields& fields = head.fields;
  for (size_t i = 0; i < fields.headers.size(); ++i) {
    const http1::Header& field = fields.headers[i];
    if (isHost(field) || http1::isHopByHop(fields, i, fields.upgrade)) continue;
    if (habits && isEnvoyField(field.name)) continue;
    draft.add(field.name, field.value);
  }
  if (edits != nullptr) edits->request.apply(draft, formatInput(&head, nullptr, 0));
  const std::string_view target = upstreamTarget(head);
  std::string_view host = authority;
  if (edits != nullptr && !edits->host.empty()) {
    host = edits->host;
    if (habits) draft.add("x-envoy-original-host", authority);
  }
  context_.text.assign(head.method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  context_.text.append(host).append("\r\n");
  draft.appendTo(context_.text);
  context_.text.append(http1::connectionLine(fields)).append("\r\n");
}

/// What is asked of the server, valid as long as the head and the draft; says in the draft what was
/// asked of us when a rule changes it.
std::string_view Session::upstreamTarget(const http1::RequestHead& head) {
  const bool habits = context_.config->envoy_habits;
  const auto& actions = exchange_.rule->actions;
  const bool rewrite = actions && actions->rewrite;
  if (head.form == http1::TargetForm::kAsterisk || (!habits && !rewrite)) return head.path;
  std::string& target = context_.draft.text();
  target = normalizedTarget(head.path);
  if (!rewrite) return target;
  readFields();
  std::string& rewritten = context_.draft.text();
  rewritten = actions->rewrite->apply(target, requestView());
  if (habits && rewritten != target) context_.draft.add("x-envoy-original-path", target);
  return rewritten;
}

FormatInput Session::formatInput(const http1::RequestHead* request,
                                 const http1::ResponseHead* response, int status) const {
  const auto age = context_.reactor.now() - exchange_.started;
  const auto* cluster = exchange_.cluster == nullptr ? nullptr : exchange_.cluster->cluster.get();
  return {.request = request,
          .response = response,
          .client = &origin_.client,
          .called = calledAddress(),
          .endpoint = exchange_.endpoint == nullptr ? nullptr : &exchange_.endpoint->address,
          .cluster = cluster == nullptr ? nullptr : &cluster->key,
          .route_name = exchange_.rule == nullptr ? std::string_view() : exchange_.rule->rule->name,
          .workload = context_.config ? context_.config->nameOf(origin_.workload) : std::string_view(),
          .started = std::chrono::system_clock::now() -
                     std::chrono::duration_cast<std::chrono::system_clock::duration>(age),
          .flags = exchange_.flags,
          .status = status};
}

/// Nobody is told the address where the service is enough; then it is that one's, if it has one.
std::optional<SocketAddress> Session::calledAddress() const {
  if (origin_.called || !called_) return origin_.called;
  const auto& service = *called_->route;
  if (service.vips.size() != 1) return std::nullopt;
  return SocketAddress{service.vips.front(), service.service.port};
}

/// Calls visit(request) with the request's head as it came, if the rule's edits ask for it.
template <typename Visit>
void Session::withRequestOfCopy(const Visit& visit) const {
  if (exchange_.head_copy.empty()) return visit(nullptr);
  http1::RequestHead head;
  http1::parseRequest(exchange_.head_copy, 0, head);
  visit(&head);
}

void Session::writeReply(const LocalReply& reply) {
  withRequestOfCopy([&](const http1::RequestHead* request) {
    const int status = statusOf(reply, exchange_.grpc);
    renderReply(reply,
                {.close = exchange_.close,
                 .to_head_request = exchange_.is_head,
                 .grpc = exchange_.grpc,
                 .edits = reply.unedited ? nullptr : responseEdits(),
                 .cors = &exchange_.cors,
                 .input = formatInput(request, nullptr, status)},
                context_.draft, context_.text);
  });
}

void Session::writeResponseHead(const HeaderEdits* edits, bool close) {
  const http1::ResponseHead& head = context_.response_head;
  const http1::Fields& fields = head.fields;
  const bool unchunk = exchange_.http10 && fields.chunked;
  const bool keep_upgrade = fields.upgrade && (head.status == 101 || head.status == 426);
  HeadDraft& draft = context_.draft;
  draft.clear();
  for (size_t i = 0; i < fields.headers.size(); ++i) {
    const http1::Header& field = fields.headers[i];
    if (http1::isHopByHop(fields, i, keep_upgrade) || (unchunk && isChunking(field))) continue;
    draft.add(field.name, field.value);
  }
  withRequestOfCopy([&](const http1::RequestHead* request) {
    if (edits != nullptr) edits->apply(draft, formatInput(request, &head, head.status));
  });
  draft.setAll(exchange_.cors);
  if (!exchange_.set_cookie.empty()) draft.add("set-cookie", exchange_.set_cookie);
  context_.text.assign("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
  context_.text.append(head.reason).append("\r\n");
  draft.appendTo(context_.text);
  if (keep_upgrade) context_.text.append("Connection: upgrade\r\n");
  if (close) context_.text.append("Connection: close\r\n");
  context_.text.append("\r\n");
}

}  // namespace sluice::proxy
