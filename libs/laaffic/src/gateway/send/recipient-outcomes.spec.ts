import fc from 'fast-check';
import { cases } from '../../../../../test/cases.js';
import { damagedBodies } from '../../../../../test/gateway/damaged-bodies.js';
import { LaafficException } from '../../errors/laaffic.exception.js';
import type { SmsReceipt } from '../../messages/sms-receipt.js';
import { readSendEnvelope } from '../protocol/send-sms.js';
import { resolveOutcomes } from './recipient-outcomes.js';

const A = { number: '91856321412', orderId: 'a' };
const B = { number: '91856321413', orderId: 'b' };
const C = { number: '91856321414', orderId: 'c' };
const M1 = '2108021054011000095';
const M2 = '2108021059531000096';
const as = (text: string) => text;

type Verdict = SmsReceipt | LaafficException | 'no envelope';

function verdict(recipients: readonly { number: string; orderId: string }[], body: unknown): Verdict {
  const envelope = readSendEnvelope(typeof body === 'string' ? body : JSON.stringify(body), as);
  if (envelope === undefined) return 'no envelope';
  try {
    return resolveOutcomes(recipients, envelope);
  } catch (error) {
    if (error instanceof LaafficException) return error;
    throw error;
  }
}

const accepted = (who: typeof A, msgId: string) => ({ ...who, msgId });
const REFUSED = 'LAAFFIC_RECIPIENT_REJECTED';
const UNREADABLE = 'LAAFFIC_UNREADABLE_RESPONSE';
const DISAGREE = 'in no list of the response, and its counters disagree with its lists';
const ABSENT = 'not among the accepted numbers';

describe('a receipt:', () => {
  it.each<[string, (typeof A)[], unknown, Partial<SmsReceipt>]>([
    [
      'finds all recipients by order id, in the order of the request',
      [A, B],
      { status: '0', success: '2', fail: '0', array: [accepted(B, M2), accepted(A, M1)] },
      { accepted: [accepted(A, M1), accepted(B, M2)] },
    ],
    [
      'takes status and counters as numbers, with blanks, and ids as numbers without losing a digit',
      [A],
      `{"status": 0, "success": 1, "fail": " 0", "array": [{"msgId": 2304252117461165117, "number": 91856321412, "orderId": "a"}]}`,
      { accepted: [accepted(A, '2304252117461165117')] },
    ],
    [
      'knows nothing of a number that is accepted with what is no message id, and keeps the others',
      [A, B, C],
      `{"status":"0","success":"3","fail":"0","array":[{"msgId":1.5,"orderId":"a"},{"msgId":1e400,"orderId":"b"},{"msgId":9,"orderId":"c"}]}`,
      {
        accepted: [accepted(C, '9')],
        unknown: [A, B].map((who) => ({
          ...who,
          code: UNREADABLE,
          reason: 'listed as accepted, but without a message id',
        })),
      },
    ],
    [
      'finds by number where order ids are null, empty or absent',
      [A, B, C],
      {
        status: '0',
        success: '3',
        fail: '0',
        array: [
          { msgId: '1', number: C.number, orderId: null },
          { msgId: '2', number: `+${A.number}`, orderId: '' },
          { msgId: '3', number: B.number },
        ],
      },
      { accepted: [accepted(A, '2'), accepted(B, '3'), accepted(C, '1')] },
    ],
    [
      'gives each of two equal numbers a message id of its own',
      [A, { ...A, orderId: 'a2' }],
      {
        status: '0',
        success: '2',
        fail: '0',
        array: [
          { msgId: '1', number: A.number },
          { msgId: '2', number: A.number },
        ],
      },
      { accepted: [accepted(A, '1'), { ...A, orderId: 'a2', msgId: '2' }] },
    ],
    [
      'knows nothing of the second of two equal numbers that the gateway merged',
      [A, { ...A, orderId: 'a2' }],
      { status: '0', success: '1', fail: '0', array: [accepted(A, M1)] },
      { accepted: [accepted(A, M1)], unknown: [{ ...A, orderId: 'a2', code: UNREADABLE, reason: DISAGREE }] },
    ],
    [
      'names reason and id of each number in failArray',
      [A, B],
      {
        status: '0',
        reason: 'success',
        success: '1',
        fail: '1',
        array: [accepted(A, M1)],
        failArray: [{ msgId: M2, number: B.number, reason: 'DST_MCCMNC_LIMIT' }],
      },
      { accepted: [accepted(A, M1)], rejected: [{ ...B, code: REFUSED, reason: 'DST_MCCMNC_LIMIT', msgId: M2 }] },
    ],
    [
      'rejects missing recipients if the counters agree',
      [A, B],
      { status: '0', success: '1', fail: '1', array: [accepted(A, M1)] },
      { accepted: [accepted(A, M1)], rejected: [{ ...B, code: REFUSED, reason: ABSENT }] },
    ],
    [
      'leaves missing recipients unknown if the counters disagree',
      [A, B],
      { status: '0', success: '2', fail: '0', array: [accepted(A, M1)] },
      { accepted: [accepted(A, M1)], unknown: [{ ...B, code: UNREADABLE, reason: DISAGREE }] },
    ],
    [
      'leaves missing recipients unknown if there are no counters',
      [A, B],
      { status: '0', array: [accepted(A, M1)] },
      { accepted: [accepted(A, M1)], unknown: [{ ...B, code: UNREADABLE, reason: DISAGREE }] },
    ],
    [
      'keeps every accepted id if the status is a failure, and names code and reason of the other recipients',
      [A, B, C],
      {
        status: '-9',
        reason: 'DST_MCCMNC_LIMIT',
        success: '1',
        fail: '2',
        array: [accepted(B, M2)],
        failArray: [{ number: C.number, reason: 'blacklist', msgId: M1 }],
      },
      {
        accepted: [accepted(B, M2)],
        rejected: [
          { ...A, code: 'LAAFFIC_ABNORMAL_NUMBER', reason: 'DST_MCCMNC_LIMIT' },
          { ...C, code: 'LAAFFIC_ABNORMAL_NUMBER', reason: 'blacklist', msgId: M1 },
        ],
      },
    ],
    [
      'leaves the rest unknown where the status is platform trouble',
      [A, B],
      { status: '-18', reason: 'port program unusual', success: '1', fail: '1', array: [accepted(A, M1)] },
      {
        accepted: [accepted(A, M1)],
        unknown: [{ ...B, code: 'LAAFFIC_GATEWAY_FAULT', reason: 'port program unusual' }],
      },
    ],
    [
      'keeps every accepted id though there is no status at all',
      [A, B],
      { array: [accepted(A, M1)] },
      {
        accepted: [accepted(A, M1)],
        unknown: [{ ...B, code: UNREADABLE, reason: 'the response has no readable status' }],
      },
    ],
    [
      'leaves a recipient unknown that is listed as accepted without an id, or in both lists',
      [A, B, C],
      {
        status: '0',
        success: '3',
        fail: '0',
        array: [accepted(A, M1), { number: B.number, orderId: 'b' }, accepted(C, M2)],
        failArray: [{ number: C.number, orderId: 'c', reason: 'x' }],
      },
      {
        accepted: [accepted(A, M1)],
        unknown: [
          { ...B, code: UNREADABLE, reason: 'listed as accepted, but without a message id' },
          { ...C, code: UNREADABLE, reason: 'listed both as accepted and as rejected' },
        ],
      },
    ],
    [
      'is not confused by numbers that were never sent, and by rubbish in the lists',
      [A],
      {
        status: '0',
        success: '1',
        fail: '0',
        array: [null, 7, 'x', [], { number: '4930901820', orderId: 'z', msgId: '9' }, accepted(A, M1)],
        failArray: 'none',
      },
      { accepted: [accepted(A, M1)] },
    ],
  ])('%s', (_, recipients, body, expected) => {
    expect(verdict(recipients, body)).toEqual({ accepted: [], rejected: [], unknown: [], ...expected });
  });
});

describe('a response with order ids as numbers', () => {
  const recipients = Array.from({ length: 1_000 }, (_, index) => ({
    number: `9185${String(index).padStart(7, '0')}`,
    orderId: String(9_007_199_254_740_000n + BigInt(index) * 3n),
  }));
  const msgIdOf = (index: number) => `2108021054011${String(index).padStart(6, '0')}`;

  it.each<[string, (orderId: string) => string]>([
    ['with every digit', (orderId) => orderId],
    ['rounded by the platform', (orderId) => String(Number(orderId))],
  ])('that are %s gives each accepted recipient its own message id', (_, written) => {
    const items = recipients.map(
      ({ number, orderId }, index) => `{"msgid":${msgIdOf(index)},"number":"${number}","orderId":${written(orderId)}}`,
    );
    // In another order than they were sent in.
    const body = `{"status":0,"success":1000,"fail":0,"array":[${items.reverse().join()}]}`;
    expect(verdict(recipients, body)).toEqual({
      accepted: recipients.map((recipient, index) => ({ ...recipient, msgId: msgIdOf(index) })),
      rejected: [],
      unknown: [],
    });
  });

  it('accepts no recipient whose number differs from the one in the response', () => {
    const [first, second] = recipients as [(typeof recipients)[0], (typeof recipients)[0]];
    const body = `{"status":0,"success":1,"fail":0,"array":[{"msgId":"1","number":"4915112345678","orderId":${first.orderId}}]}`;
    expect(verdict([first, second], body)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('an exception without an accepted recipient:', () => {
  const failure = (kind: string, code: string, outcome: string, status?: number, reason = 'no reason given') => ({
    kind,
    code,
    outcome,
    status,
    reason,
  });
  it.each<[string, unknown, object]>([
    [
      'the real rejection of 2025',
      {
        status: '-9',
        reason: 'DST_MCCMNC_LIMIT',
        success: '0',
        fail: '1',
        array: [],
        failArray: [{ msgId: M1, number: A.number, reason: 'DST_MCCMNC_LIMIT' }],
      },
      failure('input', 'LAAFFIC_ABNORMAL_NUMBER', 'rejected', -9, 'DST_MCCMNC_LIMIT'),
    ],
    [
      'a rejection without details',
      { status: '-16', reason: 'timestamp expires' },
      failure('clock', 'LAAFFIC_TIMESTAMP_EXPIRED', 'rejected', -16, 'timestamp expires'),
    ],
    [
      'status 0 with all recipients rejected',
      { status: '0', reason: 'success', success: '0', fail: '1', array: [] },
      failure('input', REFUSED, 'rejected', 0, ABSENT),
    ],
    [
      'status 0 without the list',
      { status: '0', reason: 'success', success: '1', fail: '0' },
      failure('unreadable', UNREADABLE, 'unknown', 0, DISAGREE),
    ],
    [
      'status 0 with an empty list that the counters contradict',
      { status: '0', success: '1', fail: '0', array: [] },
      failure('unreadable', UNREADABLE, 'unknown', 0, DISAGREE),
    ],
    ['status 0 and nothing else', { status: '0' }, failure('unreadable', UNREADABLE, 'unknown', 0, DISAGREE)],
    [
      'a rejection that counts an accepted number',
      { status: '-9', reason: 'x', success: '1', array: [] },
      failure('input', 'LAAFFIC_ABNORMAL_NUMBER', 'unknown', -9, 'x'),
    ],
    ['platform trouble', { status: '-12' }, failure('platform', 'LAAFFIC_SUBMIT_FAILED', 'unknown', -12)],
    [
      'a platform failure that lists the number as rejected',
      { status: '-12', failArray: [{ number: A.number }] },
      failure('platform', 'LAAFFIC_SUBMIT_FAILED', 'unknown', -12),
    ],
    [
      'an unlisted status',
      { status: '-77', reason: 'new' },
      failure('platform', 'LAAFFIC_UNLISTED_STATUS', 'unknown', -77, 'new'),
    ],
  ])('%s', (_, body, expected) => {
    const error = verdict([A], body);
    expect(error).toBeInstanceOf(LaafficException);
    expect(error).toMatchObject(expected);
    expect((error as LaafficException).receipt?.accepted).toEqual([]);
  });

  it.each([
    '',
    'null',
    '"0"',
    '[]',
    '7',
    '<html>',
    '{"status":"0"',
    '{}',
    '{"status":"ok"}',
    '{"status":404,"error":"Not Found"}',
    '{"array":[]}',
  ])("is a response that is not the gateway's: %j", (body) => {
    expect(verdict([A], body)).toBe('no envelope');
  });
});

describe('any response', () => {
  const recipients = [A, B, C, { ...A, orderId: 'a2' }];
  const mostlyRight = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(A, B, C, { number: A.number, orderId: 'a2' }) },
    { weight: 1, arbitrary: fc.record({ number: fc.anything(), orderId: fc.anything() }) },
  );
  const item = fc
    .tuple(mostlyRight, fc.option(fc.bigInt({ min: 10n ** 18n, max: 10n ** 19n - 1n }).map(String)), fc.anything())
    .map(([who, msgId, reason]) => ({ ...who, msgId, reason }));
  const answer = fc.record(
    {
      status: fc.oneof(fc.constantFrom('0', 0, '-9', '-18', '-16', '-77'), fc.anything()),
      reason: fc.anything(),
      success: fc.oneof(fc.integer({ min: 0, max: 5 }).map(String), fc.anything()),
      fail: fc.oneof(fc.integer({ min: 0, max: 5 }).map(String), fc.anything()),
      array: fc.oneof(
        { weight: 4, arbitrary: fc.array(item, { maxLength: 6 }) },
        { weight: 1, arbitrary: fc.anything() },
      ),
      failArray: fc.oneof(fc.array(item, { maxLength: 6 }), fc.anything()),
    },
    { requiredKeys: [] },
  );

  it('gives each recipient exactly one outcome, and accepts none without a message id', () => {
    fc.assert(
      fc.property(answer, (body) => {
        const text = JSON.stringify(body, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
        const result = verdict(recipients, text);
        if (result === 'no envelope') return;
        const receipt = result instanceof LaafficException ? result.receipt! : result;
        const all = [...receipt.accepted, ...receipt.rejected, ...receipt.unknown].map(({ orderId }) => orderId);
        expect(all.sort()).toEqual(['a', 'a2', 'b', 'c']);
        expect(receipt.accepted.every(({ msgId }) => text.includes(msgId))).toBe(true);
        expect(receipt.accepted.length > 0).toBe(!(result instanceof LaafficException));
      }),
      { numRuns: cases(3000, 300) },
    );
  });

  it('is read or rejected as unreadable in any damaged form', () => {
    const forms = cases(100_000, 4_000);
    const answers = fc
      .sample(answer, { seed: 1, numRuns: 1000 })
      .map((body) => JSON.parse(JSON.stringify(body)) as unknown);
    const seen = { receipt: 0, exception: 0, 'no envelope': 0 };
    for (const body of damagedBodies(answers, forms)) {
      const result = verdict(recipients, body);
      if (result === 'no envelope') seen[result]++;
      else seen[result instanceof LaafficException ? 'exception' : 'receipt']++;
    }
    expect(seen.receipt + seen.exception + seen['no envelope']).toBe(forms);
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(forms / 10);
  });
});
