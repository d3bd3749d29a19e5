// SPDX-License-Identifier: Apache-2.0
// java.net.http and java.net.Socket as clients. See README.md. Java's sockets are of IPv6 and call
// IPv4 addresses as mapped ones.
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.io.ByteArrayInputStream;

public class Client {
  static final Duration PATIENCE = Duration.ofSeconds(20);
  static final Duration IMPATIENCE = Duration.ofMillis(500);
  static final byte[] BODY = new byte[150000];

  record Target(String name, String authority, InetSocketAddress address) {
    static Target of(String text) throws Exception {
      String name = text.substring(0, text.indexOf('='));
      String authority = text.substring(text.indexOf('=') + 1);
      int colon = authority.lastIndexOf(':');
      String host = authority.substring(0, colon).replaceAll("[\\[\\]]", "");
      int port = Integer.parseInt(authority.substring(colon + 1));
      return new Target(name, authority, new InetSocketAddress(InetAddress.getByName(host), port));
    }

    void say(Object finding) { System.out.println("java/" + name + " " + finding); }
  }

  static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  static void exchange(HttpClient client, Target target, Duration timeout, String method, String path,
                       BodyPublisher body) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + target.authority() + path))
        .timeout(timeout).header("Host", "app.example").method(method, body).build();
    HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
    target.say(String.join(" ", method, path, "" + response.statusCode(),
        "" + response.body().length, digest(response.body()), "" + response.headers().map()));
  }

  static void byHttpClient(Target target) throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(PATIENCE).build();
    BodyPublisher none = BodyPublishers.noBody();
    exchange(client, target, PATIENCE, "GET", "/who", none);
    exchange(client, target, PATIENCE, "GET", "/bytes?n=200000", none);
    exchange(client, target, PATIENCE, "GET", "/bytes?n=100000&chunked=1", none);
    exchange(client, target, PATIENCE, "POST", "/echo", BodyPublishers.ofByteArray(BODY));
    exchange(client, target, PATIENCE, "POST", "/echo",
        BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(BODY)));
    exchange(client, target, PATIENCE, "HEAD", "/bytes?n=10", none);
    exchange(client, target, PATIENCE, "GET", "/status?code=404", none);
    exchange(client, target, IMPATIENCE, "GET", "/slow?ms=3000", none);
  }

  static void bySocket(Target target) throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(target.address(), (int) PATIENCE.toMillis());
      socket.setSoTimeout((int) PATIENCE.toMillis());
      target.say("own " + socket.getLocalAddress().getHostAddress());
      socket.getOutputStream().write(
          "GET /bytes?n=70000 HTTP/1.1\r\nHost: app.example\r\n\r\n".getBytes());
      socket.shutdownOutput();
      InputStream in = socket.getInputStream();
      target.say("socket " + digest(in.readAllBytes()));
    }
  }

  interface Way { void use(Target target) throws Exception; }

  static void attempt(Way way, Target target) {
    try {
      way.use(target);
    } catch (Exception error) {
      target.say("ended by " + error.getClass().getName());
    }
  }

  public static void main(String[] texts) throws Exception {
    for (int i = 0; i < BODY.length; ++i) BODY[i] = (byte) (i * 7 % 251);
    for (String text : texts) {
      Target target = Target.of(text);
      attempt(Client::bySocket, target);
      attempt(Client::byHttpClient, target);
    }
  }
}
