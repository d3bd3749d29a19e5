// SPDX-License-Identifier: Apache-2.0
// Heads that are not passed on as they came.
#include "userspace/proxy/envoy_fields.h"
#include "userspace/proxy/grpc_timeout.h"
#include "userspace/proxy/http1/forward.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

namespace {

bool isHost(const http1::Header& field) { return http1::equalsIgnoringCase(field.name, "host"); }

bool isChunking(const http1::Header& field) {
  return http1::equalsIgnoringCase(field.name, "transfer-encoding") ||
         http1::equalsIgnoringCase(field.name, "trailer");
}

int64_t inMilliseconds(Duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

void setNumber(std::string_view name, int64_t number, HeadDraft& draft) {
  draft.set(name, draft.text().append(std::to_string(number)));
}

}  // namespace

// Once per request: the head stays as rewritten for a second try. False when it found no room.
bool Session::rewriteRequestHead() {
  const http1::RequestHead& head = requestHead();
  const std::string_view bytes = request_.buffer().data().substr(0, exchange_.head_size);
  bool changed = true;
  if (ruleChangesHead() || context_.config->envoy_habits || writesTryFields() ||
      context_.config->added_headers.any())
    writeRequestHead(head);
  else
    changed = http1::rewriteRequest(head, bytes, exchange_.default_host, context_.text);
  exchange_.rewrite_needed = false;
  if (!changed) return true;
  exchange_.client_head = bytes;
  return replaceRequestHead(context_.text);
}

/// As if it had never been rewritten. False when a body has taken the room.
bool Session::restoreRequestHead() {
  auto& original = exchange_.client_head;
  if (!original.empty() && !replaceRequestHead(original)) return false;
  original.clear();
  return true;
}

/// Before anything of it was written. False when there is no room.
bool Session::replaceRequestHead(std::string_view text) {
  if (responseNeedsRequest()) exchange_.head_copy = text;
  if (!request_.replaceCleared(exchange_.head_size, text)) return false;
  exchange_.head_size = text.size();
  return true;
}

/// A head that was written for an earlier try: what differs from try to try is written again.
bool Session::renewTryFields() {
  const http1::RequestHead& head = requestHead();
  const std::string_view bytes = request_.buffer().data().substr(0, exchange_.head_size);
  HeadDraft& draft = context_.draft;
  draft.clear();
  for (const auto& field : head.fields.headers.all()) draft.add(field.name, field.value);
  setTryFields(draft);
  constexpr std::string_view kLineEnd = "\r\n";
  context_.text.assign(bytes.substr(0, bytes.find(kLineEnd) + kLineEnd.size()));
  draft.appendTo(context_.text);
  context_.text.append(kLineEnd);
  return replaceRequestHead(context_.text);
}

bool Session::writesTryFields() const {
  return context_.config->added_headers.envoy || shortensGrpcTimeout();
}

/// Envoy: the server is told which try this is, and how long it may take; rules see it.
void Session::setTryFields(HeadDraft& draft) const {
  const Duration budget = tryBudget();
  if (context_.config->added_headers.envoy) {
    if (const auto limit = inMilliseconds(budget); limit > 0)
      setNumber("x-envoy-expected-rq-timeout-ms", limit, draft);
    setNumber("x-envoy-attempt-count", exchange_.retries + 1, draft);
  }
  if (shortensGrpcTimeout())
    draft.set("grpc-timeout", draft.text().append(grpcTimeoutText(budget)));
}

/// What the client has not sent and no rule has asked for.
void Session::addFields(HeadDraft& draft) const {
  const bool forwarded = context_.config->added_headers.forwarded;
  if (forwarded && !draft.has(kForwardedProtoField)) draft.add(kForwardedProtoField, "http");
  if (const auto id = exchange_.request_id.text(); !id.empty()) draft.add(kRequestIdField, id);
}

/// What operations on the response see of the request as long as it has no destination. Envoy: what
/// rules see.
void Session::rememberAsSeen() {
  const http1::RequestHead& head = context_.request_head;
  draftFields(head);
  writeDraft(head, seenTarget(head), authorityOf(head));
  exchange_.head_copy = context_.text;
}

/// Those that stay, and those that are added whatever the rules say.
void Session::draftFields(const http1::RequestHead& head) {
  HeadDraft& draft = context_.draft;
  draft.clear();
  const http1::Fields& fields = head.fields;
  for (size_t i = 0; i < fields.headers.size(); ++i) {
    const http1::Header& field = fields.headers[i];
    if (isHost(field) || http1::isHopByHop(fields, i, fields.upgrade)) continue;
    if (context_.config->envoy_habits && isEnvoyField(field.name)) continue;
    draft.add(field.name, field.value);
  }
  addFields(draft);
}

/// The draft as a head, in the scratch.
void Session::writeDraft(const http1::RequestHead& head, std::string_view target,
                         std::string_view host) {
  context_.text.assign(head.method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  context_.text.append(host).append("\r\n");
  context_.draft.appendTo(context_.text);
  context_.text.append(http1::connectionLine(head.fields)).append("\r\n");
}

void Session::writeRequestHead(const http1::RequestHead& head) {
  const bool habits = context_.config->envoy_habits;
  const auto* edits = exchange_.cluster->edits.get();
  HeadDraft& draft = context_.draft;
  draftFields(head);
  setTryFields(draft);
  if (edits != nullptr) {
    auto input = formatInput(&head, nullptr, 0);
    input.path = seenTarget(head);
    input.authority = authorityOf(head);
    edits->request.apply(draft, input);
  }
  const std::string_view target = upstreamTarget(head);
  std::string_view host = authorityOf(head);
  if (edits != nullptr && !edits->host.empty()) {
    if (habits) draft.add("x-envoy-original-host", host);
    host = edits->host;
  }
  writeDraft(head, target, host);
}

/// The path that rules see, valid as long as the head and the draft.
std::string_view Session::seenTarget(const http1::RequestHead& head) {
  const bool as_sent = head.form == http1::TargetForm::kAsterisk || !context_.config->envoy_habits;
  if (as_sent) return head.path;
  return context_.draft.text() = normalizedTarget(head.path);
}

/// What is asked of the server, valid as long as the head and the draft; says in the draft what was
/// asked of us when a rule changes it.
std::string_view Session::upstreamTarget(const http1::RequestHead& head) {
  const auto& actions = exchange_.rule->actions;
  const bool rewrite = actions && actions->rewrite;
  if (head.form == http1::TargetForm::kAsterisk || !rewrite) return seenTarget(head);
  std::string& target = context_.draft.text();
  target = normalizedTarget(head.path);
  readFields();
  std::string& rewritten = context_.draft.text();
  rewritten = actions->rewrite->apply(target, requestView());
  if (context_.config->envoy_habits && rewritten != target)
    context_.draft.add("x-envoy-original-path", target);
  return rewritten;
}

FormatInput Session::formatInput(const http1::RequestHead* request,
                                 const http1::ResponseHead* response, int status) const {
  const auto age = context_.reactor.now() - exchange_.started;
  const auto* cluster = exchange_.cluster == nullptr ? nullptr : exchange_.cluster->cluster.get();
  return {
      .request = request,
      .response = response,
      .protocol = protocolText(),
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

/// Calls visit(request) with the request as the rule's edits see it, if they ask for it.
template <typename Visit>
void Session::withRequestOfCopy(const Visit& visit) const {
  if (exchange_.head_copy.empty()) return visit(nullptr);
  http1::RequestHead head;
  http1::parseRequest(exchange_.head_copy, 0, head);
  visit(&head);
}

/// Envoy: once it has a destination, a request is what that would get, whether it does or not.
void Session::writeReply(const LocalReply& reply) {
  const bool unsent = exchange_.has_destination && exchange_.rewrite_needed;
  if (unsent && responseNeedsRequest()) rewriteRequestHead();
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

/// Envoy: of a request that was read before its response came.
bool Session::addsServiceTime(int status) const {
  return context_.config->added_headers.envoy && exchange_.read != TimePoint() && status != 101;
}

/// In milliseconds, since the last byte of the request.
int64_t Session::serviceTime() const {
  return inMilliseconds(context_.reactor.now() - exchange_.read);
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
  if (addsServiceTime(head.status))
    setNumber("x-envoy-upstream-service-time", serviceTime(), draft);
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
