import type { IncomingMessage } from 'node:http';

export type BodyEnd = 'complete' | 'too-long' | 'abandoned';

/** Reads a request body and calls back once. The text is empty if the body is too long or the client left. */
export function readBody(request: IncomingMessage, maxBytes: number, done: (end: BodyEnd, text: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let hasEnded = false;
  const end = (how: BodyEnd, text: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    done(how, text);
  };
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
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
