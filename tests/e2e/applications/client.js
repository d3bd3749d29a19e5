// SPDX-License-Identifier: Apache-2.0
// Node's http module as a client. See README.md.
'use strict';
const crypto = require('crypto');
const http = require('http');

const body = Buffer.alloc(150000);
for (let i = 0; i < body.length; ++i) body[i] = i * 7 % 251;
const requests = [
  ['GET', '/who'], ['GET', '/bytes?n=200000'], ['GET', '/bytes?n=100000&chunked=1'],
  ['POST', '/echo', body], ['POST', '/echo', body, true], ['HEAD', '/bytes?n=10'],
  ['GET', '/status?code=404'],
];
const patience = 20000, impatience = 500;

function say(target, ...findings) {
  console.log('node/' + target.name, ...findings);
}

function digest(response, bytes) {
  const hash = crypto.createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return [response.statusCode, bytes.length, hash, response.rawHeaders.join('|')];
}

function exchange(target, timeout, [method, path, content, chunked]) {
  return new Promise((resolve, reject) => {
    const headers = {Host: 'app.example'};
    if (content && !chunked) headers['Content-Length'] = content.length;
    const request = http.request(
        {host: target.host, port: target.port, agent: target.agent, method, path, headers, timeout});
    // For the next hop alone (RFC 9110 §7.6.1), so that a server behind a proxy does not see it.
    request.removeHeader('Connection');
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', reject);
    request.on('response', response => {
      const parts = [];
      response.on('data', part => parts.push(part));
      response.on('end', () => {
        resolve([digest(response, Buffer.concat(parts)), request.socket]);
      });
      response.on('error', reject);
    });
    if (content) request.write(content.subarray(0, 70000)), request.write(content.subarray(70000));
    request.end();
  });
}

function names(target, socket) {
  const same = socket.remoteAddress === target.host && socket.remotePort === target.port;
  return [same ? 'peer-as-called' : `peer ${socket.remoteAddress}:${socket.remotePort}`,
          'own', socket.localAddress];
}

async function use(target) {
  for (const request of requests) {
    const [seen, socket] = await exchange(target, patience, request);
    say(target, request[0], request[1], ...seen, ...names(target, socket));
  }
  await exchange(target, impatience, ['GET', '/slow?ms=3000']);
}

async function main() {
  for (const text of process.argv.slice(2)) {
    const [, name, host, port] = /^(.*?)=\[?(.*?)\]?:(\d+)$/.exec(text);
    const agent = new http.Agent({keepAlive: true, maxSockets: 1});
    const target = {name, host, port: Number(port), agent};
    await use(target).catch(error => say(target, 'ended by', error.code || error.message));
    agent.destroy();
  }
}

main();
