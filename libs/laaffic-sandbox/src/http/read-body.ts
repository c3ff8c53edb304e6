import type { IncomingMessage } from 'node:http';

export type BodyEnd = 'complete' | 'too-long' | 'abandoned';

/** Calls back once: with the text, or with an empty one when the body is too long or the client has gone. */
export function readBody(request: IncomingMessage, limit: number, done: (end: BodyEnd, text: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let ended = false;
  const end = (how: BodyEnd, text: string): void => {
    if (ended) return;
    ended = true;
    done(how, text);
  };
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else end('too-long', '');
  });
  request.on('end', () => {
    const [first] = chunks;
    end('complete', (chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)).toString('utf8'));
  });
  request.on('close', () => {
    end('abandoned', '');
  });
}
