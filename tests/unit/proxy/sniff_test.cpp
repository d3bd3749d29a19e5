// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/sniff.h"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

using namespace std::string_literals;

std::string u16(size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}
std::string with16(const std::string& bytes) { return u16(bytes.size()) + bytes; }

std::string nameExtension(const std::string& name) {
  return u16(0) + with16(with16("\0"s + with16(name)));
}

std::string handshake(const std::string& extensions) {
  const std::string hello = "\x03\x03"s + std::string(32, 'r') + "\0"s + with16("\x13\x01") +
                            "\x01\0"s + with16(extensions);
  return "\x01\0"s + with16(hello);
}

std::string record(const std::string& bytes) { return "\x16\x03\x01"s + with16(bytes); }

TEST(Sniff, RequestLinesOfHttp1) {
  EXPECT_EQ(sniff("GET / HTTP/1.1\r\n"), Spoken::kHttp1);
  EXPECT_EQ(sniff("PROPFIND /a%20b HTTP/1.0\n"), Spoken::kHttp1);
  EXPECT_EQ(sniff("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Spoken::kHttp1);
}

TEST(Sniff, WhatMayBecomeOne) {
  for (const auto* bytes : {"", "G", "GET", "GET /", "GET / HTTP/1.1", "GET / HTTP/1.1\r", "\x16"})
    EXPECT_EQ(sniff(bytes), Spoken::kNotYet) << bytes;
}

TEST(Sniff, EverythingElse) {
  EXPECT_EQ(sniff("hello world\r\n"), Spoken::kOther);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r\n\r\n"), Spoken::kHttp2);
  EXPECT_EQ(sniff("PRI * HTTP/2.1\r\n\r\n"), Spoken::kOther);
  EXPECT_EQ(sniff("\0\x01"s), Spoken::kOther);
  EXPECT_EQ(sniff("GET /\x01"), Spoken::kOther);
  EXPECT_EQ(sniff("\r\n"), Spoken::kOther);
  EXPECT_EQ(sniff(" HTTP/1.1\r\n"), Spoken::kOther);
  EXPECT_EQ(sniff("\x16\x01"), Spoken::kOther);
  EXPECT_EQ(sniff("\x16\x03"), Spoken::kTls);
}

TEST(ClientHello, NamesItsServer) {
  const auto hello = readClientHello(record(handshake("\0\x0a\0\0"s + nameExtension("A.Example"))));
  EXPECT_TRUE(hello.complete);
  EXPECT_EQ(hello.server_name, "a.example");
}

TEST(ClientHello, EveryPrefixIsIncomplete) {
  const auto bytes = record(handshake(nameExtension("a.example")));
  for (size_t size = 2; size < bytes.size(); ++size)
    EXPECT_FALSE(readClientHello(bytes.substr(0, size)).complete) << size;
}

TEST(ClientHello, MayBeSpreadOverRecords) {
  const auto whole = handshake(nameExtension("a.example"));
  const auto hello = readClientHello(record(whole.substr(0, 20)) + record(whole.substr(20)));
  EXPECT_TRUE(hello.complete);
  EXPECT_EQ(hello.server_name, "a.example");
}

TEST(ClientHello, MayBeFollowedByEarlyData) {
  const auto early = "\x14\x03\x03\0\x01\x01\x17\x03\x03\0\x05hello"s;
  const auto hello = readClientHello(record(handshake(nameExtension("a.example"))) + early);
  EXPECT_TRUE(hello.complete);
  EXPECT_EQ(hello.server_name, "a.example");
}

TEST(ClientHello, ThatIsInterruptedNamesNobody) {
  const auto whole = handshake(nameExtension("a.example"));
  const auto hello = readClientHello(record(whole.substr(0, 20)) + "\x17\x03\x03\0\x01x"s);
  EXPECT_TRUE(hello.complete);
  EXPECT_EQ(hello.server_name, "");
}

TEST(ClientHello, WithoutOrWithBrokenNames) {
  const auto name_of = [](const std::string& extensions) {
    const auto hello = readClientHello(record(handshake(extensions)));
    EXPECT_TRUE(hello.complete);
    return hello.server_name;
  };
  EXPECT_EQ(name_of(""), "");
  EXPECT_EQ(name_of(u16(0) + with16("")), "");
  EXPECT_EQ(name_of(u16(0) + with16(with16("\0\xff\xff"s))), "");
  EXPECT_EQ(name_of(u16(0) + with16(with16("\x01"s + with16("a")))), "");
}

TEST(ClientHello, OtherMessagesAndRecordsNameNobody) {
  EXPECT_TRUE(readClientHello(record("\x02\0\0\0"s)).complete);
  EXPECT_TRUE(readClientHello(record("\x01\xff\xff\xff"s)).complete);
  EXPECT_TRUE(readClientHello("\x17\x03\x01\0\x01x"s).complete);
}

}  // namespace
}  // namespace sluice::proxy
