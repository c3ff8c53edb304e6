import type { IncomingMessage } from 'node:http';
import { currentRequestId, requestIdOf, runWithoutRequestId, runWithRequestId } from './request-id.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const requestWith = (id?: string) =>
  ({ headers: id === undefined ? {} : { 'x-request-id': id } }) as unknown as IncomingMessage;

describe('requestIdOf', () => {
  it.each(['a', 'order-7/retry:2', '!~', 'x'.repeat(128)])('takes the id %s of the caller', (id) => {
    expect(requestIdOf(requestWith(id))).toBe(id);
  });

  it.each([
    ['no id', undefined],
    ['an empty id', ''],
    ['an id of 129 characters', 'x'.repeat(129)],
    ['an id with a blank', 'a b'],
    ['two headers, which Node joins', 'a, b'],
    ['a line feed', 'a\nSet-Cookie: b'],
    ['a carriage return', 'a\r\nX: y'],
    ['an escape character', '\u001b[2K'],
    ['a character beyond ASCII', 'caf\u00e9'],
  ])('makes a new id for a request with %s', (_, id) => {
    const made = requestIdOf(requestWith(id));
    expect(made).toMatch(UUID);
    expect(requestIdOf(requestWith(id))).not.toBe(made);
  });
});

describe('currentRequestId', () => {
  it('returns the id in all work of the request, and nowhere else', async () => {
    const seen = await runWithRequestId('one', async () => {
      await Promise.resolve();
      return [currentRequestId(), runWithoutRequestId(currentRequestId)];
    });
    expect([...seen, currentRequestId()]).toEqual(['one', undefined, undefined]);
  });
});
