// SPDX-License-Identifier: GPL-3.0-or-later

// A peer of make bench: a thread per connection on blocking sockets.
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

public class JavaThread {
    static final byte[] READY = "服务端已就绪".getBytes(StandardCharsets.UTF_8);
    static final byte[] QUIT = "quit".getBytes(StandardCharsets.UTF_8);

    static void talk(Socket socket) {
        byte[] buf = new byte[1024];
        boolean talking = false;
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            for (int n; (n = in.read(buf)) > 0;) {
                String text = new String(buf, 0, n, StandardCharsets.UTF_8);
                if (!talking) {
                    if (!text.contains("客户端已就绪"))
                        continue;
                    talking = true;
                    out.write(READY);
                } else if (text.contains("quit")) {
                    out.write(QUIT);
                    return;
                } else {
                    out.write(buf, 0, n);
                }
            }
        } catch (IOException e) {
            // The client is gone.
        }
    }

    public static void main(String[] args) throws IOException {
        ServerSocket listener =
            new ServerSocket(0, 4096, InetAddress.getByName("127.0.0.1"));
        System.out.println(listener.getLocalPort());
        for (;;) {
            Socket socket = listener.accept();
            new Thread(null, () -> talk(socket), "talk", 65536).start();
        }
    }
}
