// @ts-check
/**
 * How pages talk to the server: JSON, columns of numbers, and a WebSocket that comes back by itself.
 *
 * Nothing here needs a token: the browser sends the cookie of this origin.
 */

/** A mistake, in the words of the server: what is wrong, where, and how to mend it. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} what
   * @param {string} [where]
   * @param {string} [how]
   */
  constructor(status, what, where = "", how = "") {
    super(what);
    this.name = "ApiError";
    this.status = status;
    this.where = where;
    this.how = how;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
async function request(path, init) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", redirect: "error", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "the server does not answer", path, "Is it still running in its terminal?");
  }
  if (response.ok) return response;
  const text = await response.text();
  try {
    const { what, where, how } = JSON.parse(text).error;
    throw new ApiError(response.status, what, where, how);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(response.status, text.trim() || response.statusText, path);
  }
}

/**
 * JSON from the server.
 *
 * @param {string} path such as "/api/board/runs"
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function getJSON(path, options = {}) {
  return (await request(path, options)).json();
}

/**
 * Sends JSON, or bytes as they are (a dropped file), and gives the JSON that comes back.
 *
 * @param {string} path
 * @param {any} body a Blob, an ArrayBuffer, or anything that JSON can hold
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function postJSON(path, body, options = {}) {
  const bytes = body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body);
  const response = await request(path, {
    method: "POST",
    headers: { "content-type": bytes ? "application/octet-stream" : "application/json" },
    body: bytes ? /** @type {BodyInit} */ (body) : JSON.stringify(body),
    ...options,
  });
  return response.status === 204 ? null : response.json();
}

/**
 * Columns of numbers and their head.
 *
 * @typedef {{head: Record<string, any>, columns: Record<string, Float64Array>}} Columns
 */

/**
 * Unpacks what `descentry.web.sockets.pack` packed. The columns are views into the buffer.
 *
 * @param {ArrayBuffer} buffer
 * @returns {Columns}
 */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  /** @type {Record<string, Float64Array>} */
  const columns = {};
  let at = 4 + length;
  for (const [name, count] of head.columns) {
    columns[name] = new Float64Array(buffer, at, count);
    at += 8 * count;
  }
  return { head, columns };
}

/**
 * Columns of numbers from the server, with their head.
 *
 * @param {string} path
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<Columns>}
 */
export async function getColumns(path, options = {}) {
  return unpack(await (await request(path, options)).arrayBuffer());
}

/**
 * Plain float64 numbers from the server, without a head.
 *
 * @param {string} path
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<Float64Array>}
 */
export async function getFloats(path, options = {}) {
  return new Float64Array(await (await request(path, options)).arrayBuffer());
}

/** Waiting times between attempts to connect again, in milliseconds. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

/**
 * A WebSocket that comes back by itself when the connection is lost.
 *
 * JSON messages arrive as objects, binary ones unpacked (`{head, columns}`). What is sent while there is no
 * connection is dropped: say anew what you want in `onOpen`, which is called after every (re)connection.
 *
 * @param {string} path such as "/api/board/live"
 * @param {{
 *   onMessage: (message: any) => void,
 *   onOpen?: (send: (message: object) => boolean) => void,
 *   onState?: (state: "open" | "waiting" | "closed") => void,
 * }} handlers
 * @returns {{send: (message: object) => boolean, close: () => void}} `send` tells whether it was sent
 */
export function connect(path, { onMessage, onOpen, onState }) {
  /** @type {WebSocket | null} */
  let socket = null;
  let wait = FIRST_WAIT;
  let closed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {object} message */
  const send = (message) => {
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  };

  const open = () => {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      wait = FIRST_WAIT;
      onState?.("open");
      onOpen?.(send);
    };
    socket.onmessage = ({ data }) => onMessage(typeof data === "string" ? JSON.parse(data) : unpack(data));
    socket.onclose = () => {
      socket = null;
      if (closed) return;
      onState?.("waiting");
      // Not all tabs at once, when a server comes back.
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(2 * wait, LONGEST_WAIT);
    };
  };
  open();

  return {
    send,
    close: () => {
      closed = true;
      clearTimeout(timer);
      socket?.close();
      onState?.("closed");
    },
  };
}
