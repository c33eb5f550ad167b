import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { ApiError, connect, getColumns, getJSON, postJSON, unpack } from "../../src/descentry/web/static/api.js";

/** What `descentry.web.sockets.pack` sends. @param {object} head @param {Record<string, number[]>} columns */
function packed(head, columns) {
  let text = JSON.stringify({ ...head, columns: Object.entries(columns).map(([name, column]) => [name, column.length]) });
  text += " ".repeat((8 - ((Buffer.byteLength(text) + 4) % 8)) % 8);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(Buffer.byteLength(text));
  const numbers = Buffer.from(new Float64Array(Object.values(columns).flat()).buffer);
  const whole = Buffer.concat([size, Buffer.from(text), numbers]);
  return whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.length);
}

/** @param {(path: string, init: any) => Response} answer */
const answering = (answer) => mock.method(globalThis, "fetch", async (/** @type {string} */ path, /** @type {any} */ init) => answer(path, init));

test("columns come with their head, and what is not finite with them", () => {
  const { head, columns } = unpack(packed({ series: "Verlust ñ" }, { step: [1, 2, 3], value: [0.5, NaN, -Infinity], none: [] }));
  assert.equal(head.series, "Verlust ñ");
  assert.deepEqual([...columns.step], [1, 2, 3]);
  assert.deepEqual([...columns.value], [0.5, NaN, -Infinity]);
  assert.equal(columns.none.length, 0);
});

test("columns are asked for at one address, and nowhere else", async (t) => {
  const fetched = answering(() => new Response(packed({}, { step: [1] })));
  t.after(() => fetched.mock.restore());
  assert.deepEqual([...(await getColumns("/api/board/x")).columns.step], [1]);
  const [path, init] = fetched.mock.calls[0].arguments;
  assert.equal(path, "/api/board/x");
  assert.equal(init.redirect, "error");
  assert.equal(init.credentials, "same-origin");
});

test("a mistake is told in the words of the server", async (t) => {
  const error = { what: "there is no series 'los'", where: "run", how: "Did you mean 'loss'?" };
  const fetched = answering(() => Response.json({ error }, { status: 404 }));
  t.after(() => fetched.mock.restore());
  await assert.rejects(getJSON("/x"), (/** @type {any} */ found) => {
    assert.ok(found instanceof ApiError);
    assert.deepEqual([found.status, found.message, found.where, found.how], [404, error.what, error.where, error.how]);
    return true;
  });
});

test("an answer that is no JSON is told as it is; no answer asks whether the server runs", async (t) => {
  let fetched = answering(() => new Response("Too many requests at once.\n", { status: 429 }));
  await assert.rejects(getJSON("/x"), { status: 429, message: "Too many requests at once." });
  fetched.mock.restore();
  fetched = answering(() => { throw new TypeError("fetch failed"); });
  t.after(() => fetched.mock.restore());
  await assert.rejects(getJSON("/x"), { status: 0, message: "the server does not answer" });
});

test("a request that was called off is no mistake of anybody", async (t) => {
  const fetched = answering((_, { signal }) => { throw signal.reason; });
  t.after(() => fetched.mock.restore());
  await assert.rejects(getJSON("/x", { signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("what is sent is JSON, and bytes as they are", async (t) => {
  const fetched = answering(() => Response.json({}));
  t.after(() => fetched.mock.restore());
  await postJSON("/x", { rate: 0.1 });
  await postJSON("/x", new Uint8Array([1, 2]));
  const [json, bytes] = fetched.mock.calls.map((call) => call.arguments[1]);
  assert.deepEqual([json.headers["content-type"], json.body], ["application/json", '{"rate":0.1}']);
  assert.equal(bytes.headers["content-type"], "application/octet-stream");
  assert.deepEqual([...bytes.body], [1, 2]);
});

test("a connection that is lost comes back, later each time, until it is closed", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 0.5);
  /** @type {any[]} */
  const sockets = [];
  class Fake {
    static OPEN = 1;
    readyState = 0;
    /** @type {string[]} */
    sent = [];
    /** @param {URL} url */
    constructor(url) { this.url = String(url); sockets.push(this); }
    /** @param {string} text */
    send(text) { this.sent.push(text); }
    close() { this.readyState = 3; this.onclose?.(); }
    /** @type {(() => void) | undefined} */
    onclose;
  }
  const had = /** @type {any} */ (globalThis);
  const before = { WebSocket: had.WebSocket, location: had.location };
  Object.assign(had, { WebSocket: Fake, location: { href: "http://127.0.0.1:8765/run?id=1" } });
  t.after(() => Object.assign(had, before));

  /** @type {any[]} */
  const heard = [], states = [];
  const line = connect("/api/board/live", {
    onMessage: (message) => heard.push(message),
    onOpen: (send) => send({ type: "list" }),
    onState: (state) => states.push(state),
  });
  assert.equal(sockets[0].url, "ws://127.0.0.1:8765/api/board/live");
  assert.equal(line.send({ type: "early" }), false);
  const open = (/** @type {any} */ socket) => { socket.readyState = 1; socket.onopen(); };
  open(sockets[0]);
  assert.deepEqual(sockets[0].sent, ['{"type":"list"}']);
  sockets[0].onmessage({ data: '{"type":"runs"}' });
  sockets[0].onmessage({ data: packed({ type: "points" }, { "0.step": [7] }) });
  assert.deepEqual(heard[0], { type: "runs" });
  assert.deepEqual([...heard[1].columns["0.step"]], [7]);

  for (const wait of [250, 500, 1000]) {
    sockets.at(-1).close();
    const many = sockets.length;
    t.mock.timers.tick(wait - 1);
    assert.equal(sockets.length, many);
    t.mock.timers.tick(1);
    assert.equal(sockets.length, many + 1);
  }
  open(sockets.at(-1)); // it says anew what it wants, and waits shortly again
  assert.deepEqual(sockets.at(-1).sent, ['{"type":"list"}']);
  sockets.at(-1).close();
  t.mock.timers.tick(250);
  const many = sockets.length;
  line.close();
  t.mock.timers.tick(60_000);
  assert.equal(sockets.length, many);
  assert.deepEqual(states, ["open", "waiting", "waiting", "waiting", "open", "waiting", "closed"]);
});
