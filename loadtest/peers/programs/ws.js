// `ws` as its documentation broadcasts: `send` for each client (README, "Server broadcast").

import { WebSocket, WebSocketServer } from "ws";

import { obey } from "./control.js";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096 });

function publish(text) {
  const data = Buffer.from(text);
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(data, { binary: true });
  }
}

server.on("listening", () => obey(server.address().port, () => server.clients.size, publish));
