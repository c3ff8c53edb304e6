import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { skipContinue } from './skip-continue.js';

/** A socket that gets its bytes from a test. */
class FakeSocket extends Duplex {
  bytesWritten = 0;

  constructor() {
    super({
      read: () => undefined,
      write: (_, __, done) => {
        done();
      },
    });
  }

  request(): void {
    this.bytesWritten += 100;
  }
}

/** What a reader gets of the answers to as many requests, each cut into pieces. */
function readAll(answers: readonly (readonly Buffer[])[]): string {
  const socket = new FakeSocket();
  const reader = skipContinue(socket as unknown as Socket);
  const next = () => reader.read() as Buffer | null;
  let seen = '';
  for (const pieces of answers) {
    socket.request();
    for (const piece of pieces) {
      socket.push(piece);
      for (let chunk = next(); chunk !== null; chunk = next()) seen += chunk.toString();
    }
  }
  return seen;
}

const CONTINUES = ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 100\r\nServer: x\r\nDate: now\r\n\r\n'];
const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
  'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.0 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching\r\n\r\n',
  'no HTTP at all',
];

it('skipContinue hides 100 Continue before a response and nothing else, however the bytes are split', () => {
  const answer = fc.tuple(
    fc.array(fc.constantFrom(...CONTINUES), { maxLength: 3 }),
    fc.constantFrom(...ANSWERS),
    fc.array(fc.nat(120), { maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 4 }), (given) => {
      const answers = given.map(([continues, text, cuts]) => {
        const bytes = Buffer.from(continues.join('') + text);
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      });
      expect(readAll(answers)).toBe(given.map(([, text]) => text).join(''));
    }),
    { numRuns: cases(2000, 500) },
  );
});

it('skipContinue passes on a head that does not end', () => {
  const endless = Buffer.from(`HTTP/1.1 100 Continue\r\nX: ${'x'.repeat(20_000)}`);
  expect(readAll([[endless]])).toBe(endless.toString());
});
