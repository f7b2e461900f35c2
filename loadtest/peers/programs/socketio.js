// Socket.IO as its documentation broadcasts, `io.emit`, over WebSocket alone, undeflated, no pings.
// The payload goes as text: a Buffer would go as two WebSocket messages each.

import { createServer } from "node:http";

import { Server } from "socket.io";

import { obey } from "./control.js";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: 3_600_000,
});

http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () =>
  obey(
    http.address().port,
    () => io.of("/").sockets.size,
    (text) => io.emit("frame", text),
  ),
);
