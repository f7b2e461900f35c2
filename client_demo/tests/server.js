/** The real server, as its operator runs it, for the tests: a process of its own on a free port. */

import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SECRET = "a secret of the tests, longer than thirty-two bytes";
const COMMAND =
  process.env["GRANDSTAND"] ?? fileURLToPath(new URL("../../.venv/bin/grandstand", import.meta.url));
const READY_MS = 60_000;

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** What the server's own code holds: `said`, once some lines of Python have run. @param {string} lines */
export function serverSays(lines) {
  const python = join(dirname(COMMAND), "python");
  return JSON.parse(execFileSync(python, ["-c", `${lines}\nimport json\nprint(json.dumps(said))`]).toString());
}

export class Server {
  #folder = mkdtempSync(join(tmpdir(), "grandstand-"));
  #log = "";
  #port = 0;

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port() {
    return this.#port;
  }

  /** Starts it and waits until it can serve; it keeps its port over restarts. */
  async start() {
    const begun = this.#log.length;
    const env = Object.entries(process.env).filter(([name]) => !name.startsWith("GRANDSTAND"));
    this.process = spawn(
      COMMAND,
      ["serve", "--host", "127.0.0.1", "--port", String(this.#port), "--data-dir", join(this.#folder, "data")],
      { env: { ...Object.fromEntries(env), GRANDSTAND_JWT_SECRET: SECRET } },
    );
    for (const stream of [this.process.stdout, this.process.stderr])
      stream.on("data", (text) => (this.#log += text));
    const deadline = Date.now() + READY_MS;
    while (!(await this.#isReady(begun))) {
      if (this.process.exitCode !== null || Date.now() > deadline)
        throw new Error(`the server doesn't start:\n${this.#log.slice(begun)}`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
    return this;
  }

  async #isReady(begun) {
    const port = this.#log.slice(begun).match(/http:\/\/127\.0\.0\.1:([1-9]\d*)/)?.[1];
    if (port === undefined) return false;
    this.#port = Number(port);
    const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
    return answer?.ok === true;
  }

  /** As Ctrl-C does. */
  async stop() {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, "exit");
    this.process.kill("SIGINT");
    await exit;
  }

  /** Stops it for good. */
  async end() {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A token as the secret's owner gives it out. */
  token(sub, { role = "viewer", lifetimeS = 3_600 } = {}) {
    const exp = Math.floor(Date.now() / 1000) + lifetimeS;
    const claims = { sub, name: sub, role, rooms: ["*"], exp };
    const formatSigned = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
    return `${formatSigned}.${createHmac("sha256", SECRET).update(formatSigned).digest("base64url")}`;
  }

  /** A producer's call, which must succeed. */
  async produce(method, path, body) {
    const headers = {
      Authorization: `Bearer ${this.token("producer", { role: "producer" })}`,
      "Content-Type": "application/json",
    };
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const told = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${told}`);
    return JSON.parse(told);
  }

  /** A room where one may say and vote what one likes. */
  async room(id, settings = {}) {
    const open = { guests: "vote", comment_interval: 0, comment_burst: 10_000, budget: 1_000 };
    await this.produce("PUT", `/v1/rooms/${id}`, { ...open, moderation: { level: 0 }, ...settings });
    return id;
  }
}
