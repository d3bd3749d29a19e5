// SPDX-License-Identifier: Apache-2.0

// Go's net/http as a client. See README.md.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sort"
	"strings"
	"syscall"
	"time"
)

const (
	patience   = 20 * time.Second
	impatience = 500 * time.Millisecond
)

type request struct {
	method, path string
	body         []byte
	chunked      bool
}

// reader hides the length of what it reads, so that the request is chunked.
type reader struct{ io.Reader }

func requests() []request {
	body := make([]byte, 150000)
	for i := range body {
		body[i] = byte(i * 7 % 251)
	}
	return []request{
		{"GET", "/who", nil, false},
		{"GET", "/bytes?n=200000", nil, false},
		{"GET", "/bytes?n=100000&chunked=1", nil, false},
		{"POST", "/echo", body, false},
		{"POST", "/echo", body, true},
		{"HEAD", "/bytes?n=10", nil, false},
		{"GET", "/status?code=404", nil, false},
	}
}

func headers(response *http.Response) string {
	var lines []string
	for name, values := range response.Header {
		lines = append(lines, name+":"+strings.Join(values, ","))
	}
	sort.Strings(lines)
	return fmt.Sprint(strings.Join(lines, "|"), response.TransferEncoding)
}

func exchange(client *http.Client, authority string, timeout time.Duration, ask request) (string, error) {
	trace, names := &httptrace.ClientTrace{}, ""
	trace.GotConn = func(got httptrace.GotConnInfo) {
		peer := "peer " + got.Conn.RemoteAddr().String()
		if got.Conn.RemoteAddr().String() == authority {
			peer = "peer-as-called"
		}
		own, _, _ := net.SplitHostPort(got.Conn.LocalAddr().String())
		names = fmt.Sprint(peer, " own ", own, " reused ", got.Reused)
	}
	limit, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var body io.Reader = bytes.NewReader(ask.body)
	if ask.chunked {
		body = reader{body}
	}
	call, err := http.NewRequestWithContext(httptrace.WithClientTrace(limit, trace), ask.method,
		"http://"+authority+ask.path, body)
	if err != nil {
		return "", err
	}
	call.Host = "app.example"
	response, err := client.Do(call)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s %d %d %x %s %s", ask.method, ask.path, response.StatusCode, len(got),
		sha256.Sum256(got), headers(response), names), nil
}

func kind(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "deadline exceeded"
	}
	return err.Error()
}

func use(name, authority string) {
	client := &http.Client{Transport: &http.Transport{}}
	for _, ask := range append(requests(), request{path: "/slow?ms=3000", method: "GET"}) {
		timeout := patience
		if strings.HasPrefix(ask.path, "/slow") {
			timeout = impatience
		}
		seen, err := exchange(client, authority, timeout, ask)
		if err != nil {
			fmt.Println("go/"+name, "ended by", kind(err))
			return
		}
		fmt.Println("go/"+name, seen)
	}
}

func main() {
	for _, text := range os.Args[1:] {
		name, authority, _ := strings.Cut(text, "=")
		use(name, authority)
	}
}
