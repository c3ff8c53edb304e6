import type { Socket } from 'node:net';

const CONTINUE = Buffer.from('HTTP/1.1 100');
const END_OF_HEAD = '\r\n\r\n';
/** A longer head is not a `100 Continue`; the reader gets it as it is. */
const MAX_HEAD_BYTES = 16 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Hides `100 Continue` responses from the reader of a socket. A server may send one without a request for it, and clients
 * have to ignore it (RFC 9110, section 15.2). undici destroys the connection instead, although the server may have acted
 * on the request.
 * @param socket carries HTTP/1.1 requests one after another, each after the response to the one before.
 */
export function skipContinue(socket: Socket): Socket {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  let written = -1;
  let isHeadDue = true;
  let held: Buffer = EMPTY;
  socket.read = (size) => {
    const chunk = read(size);
    if (chunk === null) return null;
    if (socket.bytesWritten !== written) {
      written = socket.bytesWritten;
      isHeadDue = true;
    }
    if (!isHeadDue) return chunk;
    const bytes = afterContinue(held.length === 0 ? chunk : Buffer.concat([held, chunk]));
    const isUndecided = startsLike(bytes, CONTINUE) && bytes.length <= MAX_HEAD_BYTES;
    held = isUndecided ? bytes : EMPTY;
    if (isUndecided) return null;
    isHeadDue = false;
    return bytes;
  };
  return socket;
}

function afterContinue(bytes: Buffer): Buffer {
  let rest = bytes;
  while (rest.length >= CONTINUE.length && startsLike(rest, CONTINUE)) {
    const end = rest.indexOf(END_OF_HEAD);
    if (end < 0) break;
    rest = rest.subarray(end + END_OF_HEAD.length);
  }
  return rest;
}

/** Whether the bytes begin with `start`, as far as there are bytes. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}
