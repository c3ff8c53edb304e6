import { getJson, now, number, post, postJson, send } from '../../test/gateway-client.js';
import { LaafficSandbox, type RejectionRule } from '../index.js';

const documented: readonly (readonly [status: number, reason: string])[] = [
  [-1, 'Authentication error'],
  [-2, 'Restricted IP access'],
  [-3, 'Sensitive characters in SMS content'],
  [-4, 'SMS content is empty'],
  [-5, 'The SMS content is too long'],
  [-6, 'SMS that is not a template'],
  [-7, 'Phone number exceeds limit'],
  [-8, 'The phone number is empty'],
  [-9, 'Abnormal phone number'],
  [-10, "The customer's balance is insufficient"],
  [-11, 'Incorrect time format'],
  [-12, 'Platform cause, bulk submit failed, contact the administrator'],
  [-13, 'User locked'],
  [-14, 'Field is empty or query ID is abnormal'],
  [-15, 'Frequent query'],
  [-16, 'timestamp expires'],
  [-17, 'Template is empty'],
  [-18, 'port program unusual'],
  [-19, 'Confirm SMS pricing with the business team'],
  [-20, 'Data existing'],
  [-21, 'Data validation exception'],
  [-22, 'Parameter exception'],
  [-23, 'Data caps'],
  [-24, 'Data unexisting'],
  [-25, 'Out of time range'],
  [-26, 'Getting fee fail'],
  [-27, 'Period total send limit'],
  [-28, 'Period phone send limit'],
  [-29, 'WorkSpace disabled'],
  [-30, 'API key disabled'],
  [-31, 'IP not in whitelist'],
  [-32, 'API key has no right to this application'],
];
const bare = [-1, -2, -16, -29, -30, -31, -32];
const other = '12025550123';

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(() => sandbox.close());

function rejection(status: number, reason: string, ...rejected: string[]): object {
  if (bare.includes(status)) return { status: String(status), reason };
  return {
    status: String(status),
    reason,
    success: '0',
    fail: String(rejected.length),
    array: [],
    failArray: rejected.map((failed) => ({ msgId: expect.stringMatching(/^\d{19}$/), number: failed, reason })),
  };
}

describe.each(documented)('status %i', (status, reason) => {
  const digits = String(-status).padStart(2, '0');

  it.each<[string, object, string]>([
    ['a number', { numbers: `99900000${digits}` }, `99900000${digits}`],
    ['a content', { content: `please [status:${status}] now` }, number],
    ['a sender', { senderId: `STATUS${status}` }, number],
  ])('is provoked by %s', async (_, fields, rejected) => {
    expect(await postJson(sandbox.url, { ...send, ...fields })).toEqual(rejection(status, reason, rejected));
    expect(await getJson(sandbox.url, { ...send, ...fields })).toEqual(rejection(status, reason, rejected));
    expect(sandbox.messages).toEqual([]);
    expect(sandbox.requests.map((request) => [request.status, request.reason])).toEqual([
      [String(status), reason],
      [String(status), reason],
    ]);
  });

  it('is provoked by a rule', async () => {
    sandbox.configure({ rejectionRules: [{ content: 'hello', status, rejects: 'request' }] });
    const numbers = `${number},${other}`;
    expect(await postJson(sandbox.url, { ...send, numbers })).toEqual(rejection(status, reason, number, other));
    expect(sandbox.messages).toEqual([]);
  });

  it('is provoked by a script', async () => {
    sandbox.script({ status });
    expect(await postJson(sandbox.url, send)).toEqual(rejection(status, reason, number));
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(sandbox.messages).toHaveLength(1);
  });

  it('rejects one number or the whole request', async () => {
    const response = await postJson(sandbox.url, { ...send, numbers: `${number},99900000${digits}` });
    if (status === -9 || status === -28) {
      expect(response).toEqual({
        status: '0',
        reason: 'success',
        success: '1',
        fail: '1',
        array: [{ msgId: '2109011200000000001', number, orderId: null }],
        failArray: [{ msgId: '2109011200000000002', number: `99900000${digits}`, reason }],
      });
    } else {
      expect(response).toEqual(rejection(status, reason, number, `99900000${digits}`));
    }
    expect(sandbox.messages.map((message) => message.number)).toEqual(status === -9 || status === -28 ? [number] : []);
  });
});

describe('triggers', () => {
  it('provoke undocumented codes', async () => {
    expect(await postJson(sandbox.url, { ...send, numbers: '9990000077' })).toMatchObject({
      status: '-77',
      reason: 'Unknown error',
    });
    expect(await postJson(sandbox.url, { ...send, content: '[status:-123]' })).toMatchObject({ status: '-123' });
  });

  it.each([
    { numbers: '9990000000' },
    { numbers: '99900000100' },
    { content: '[status:0] [status:10]' },
    { senderId: 'STATUS-' },
    { senderId: 'STATUS-0' },
  ])('do not change %p', async (fields) => {
    expect(await postJson(sandbox.url, { ...send, ...fields })).toMatchObject({ status: '0', success: '1' });
  });

  it('can be switched off', async () => {
    sandbox.configure({ triggers: false });
    const fields = { numbers: '9990000010', content: '[status:-3]', senderId: 'STATUS-6' };
    expect(await postJson(sandbox.url, { ...send, ...fields })).toMatchObject({ status: '0', success: '1' });
  });
});

describe('rejection rules', () => {
  const numbers = `${number},${other},8613512345678`;

  it('reject a number of a request with their own reason', async () => {
    sandbox.configure({ rejectionRules: [{ number: other, status: -9, reason: 'DST_MCCMNC_LIMIT' }] });
    expect(await postJson(sandbox.url, { ...send, numbers })).toEqual({
      status: '0',
      reason: 'success',
      success: '2',
      fail: '1',
      array: [
        { msgId: '2109011200000000001', number, orderId: null },
        { msgId: '2109011200000000003', number: '8613512345678', orderId: null },
      ],
      failArray: [{ msgId: '2109011200000000002', number: other, reason: 'DST_MCCMNC_LIMIT' }],
    });
  });

  it('repeat the reason of the number at the top if no number is left', async () => {
    sandbox.configure({ rejectionRules: [{ number: /^1/, status: -9, reason: 'DST_MCCMNC_LIMIT' }] });
    expect(await postJson(sandbox.url, { ...send, numbers: other })).toEqual({
      status: '-9',
      reason: 'DST_MCCMNC_LIMIT',
      success: '0',
      fail: '1',
      array: [],
      failArray: [{ msgId: '2109011200000000001', number: other, reason: 'DST_MCCMNC_LIMIT' }],
    });
  });

  it.each<[string, object, object]>([
    [
      'any status for a number',
      { number: /^1/, status: -6, rejects: 'number' },
      { status: '0', success: '2', fail: '1' },
    ],
    ['-9 for the request', { number: /^1/, status: -9, rejects: 'request' }, { status: '-9', success: '0', fail: '3' }],
    ['a content', { content: 'LLO', status: -3 }, { status: '0', success: '3' }],
    ['an expression', { content: /LLO/gi, status: -3 }, { status: '-3', success: '0' }],
    ['an expression in JSON', { content: { pattern: 'LLO', flags: 'i' }, status: -3 }, { status: '-3' }],
    ['a missing sender', { senderId: /.*/, status: -3 }, { status: '0', success: '3' }],
    ['all matchers together', { number: other, content: 'bye', status: -3 }, { status: '0', success: '3' }],
  ])('match %s', async (_, rule, response) => {
    sandbox.configure({ rejectionRules: [rule as RejectionRule] });
    expect(await postJson(sandbox.url, { ...send, numbers })).toMatchObject(response);
    expect(await postJson(sandbox.url, { ...send, numbers })).toMatchObject(response);
  });

  it('come before the triggers, first match first, with an HTTP status', async () => {
    sandbox.configure({
      rejectionRules: [
        { senderId: 'ACME', status: -17, httpStatus: 503 },
        { senderId: 'ACME', status: -18 },
      ],
    });
    const { httpStatus, text } = await post(sandbox.url, { ...send, senderId: 'ACME', content: '[status:-3]' });
    expect(httpStatus).toBe(503);
    expect(JSON.parse(text)).toEqual(rejection(-17, 'Template is empty', number));
    expect(sandbox.requests[0]).toMatchObject({ httpStatus: 503, explanation: `a rule rejects ${number}` });
  });
});
