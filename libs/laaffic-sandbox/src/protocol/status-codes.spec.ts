import { getJson, now, number, postJson, post, send } from '../../test/gateway.client.js';
import { LaafficSandbox } from '../index.js';

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

function refusal(status: number, reason: string, ...refused: string[]): object {
  if (bare.includes(status)) return { status: String(status), reason };
  return {
    status: String(status),
    reason,
    success: '0',
    fail: String(refused.length),
    array: [],
    failArray: refused.map((failed) => ({ msgId: expect.stringMatching(/^\d{19}$/), number: failed, reason })),
  };
}

describe.each(documented)('status %i', (status, reason) => {
  const digits = String(-status).padStart(2, '0');

  it.each<[string, object, string]>([
    ['a number', { numbers: `99900000${digits}` }, `99900000${digits}`],
    ['a content', { content: `please [status:${status}] now` }, number],
    ['a sender', { senderId: `STATUS${status}` }, number],
  ])('is provoked by %s', async (_, fields, refused) => {
    expect(await postJson(sandbox.url, { ...send, ...fields })).toEqual(refusal(status, reason, refused));
    expect(await getJson(sandbox.url, { ...send, ...fields })).toEqual(refusal(status, reason, refused));
    expect(sandbox.messages).toEqual([]);
    expect(sandbox.requests.map((request) => [request.status, request.reason])).toEqual([
      [String(status), reason],
      [String(status), reason],
    ]);
  });

  it('is provoked by a rule', async () => {
    sandbox.configure({ rules: [{ content: 'hello', status, per: 'call' }] });
    const numbers = `${number},${other}`;
    expect(await postJson(sandbox.url, { ...send, numbers })).toEqual(refusal(status, reason, number, other));
    expect(sandbox.messages).toEqual([]);
  });

  it('is provoked by a script', async () => {
    sandbox.script({ status });
    expect(await postJson(sandbox.url, send)).toEqual(refusal(status, reason, number));
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(sandbox.messages).toHaveLength(1);
  });

  it('refuses one number or the whole call', async () => {
    const answer = await postJson(sandbox.url, { ...send, numbers: `${number},99900000${digits}` });
    if (status === -9 || status === -28) {
      expect(answer).toEqual({
        status: '0',
        reason: 'success',
        success: '1',
        fail: '1',
        array: [{ msgId: '2109011200000000001', number, orderId: null }],
        failArray: [{ msgId: '2109011200000000002', number: `99900000${digits}`, reason }],
      });
    } else {
      expect(answer).toEqual(refusal(status, reason, number, `99900000${digits}`));
    }
    expect(sandbox.messages.map((message) => message.number)).toEqual(status === -9 || status === -28 ? [number] : []);
  });
});

describe('triggers', () => {
  it('provoke codes nobody has documented', async () => {
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
  ])('leave %p alone', async (fields) => {
    expect(await postJson(sandbox.url, { ...send, ...fields })).toMatchObject({ status: '0', success: '1' });
  });

  it('can be switched off', async () => {
    sandbox.configure({ triggers: false });
    const fields = { numbers: '9990000010', content: '[status:-3]', senderId: 'STATUS-6' };
    expect(await postJson(sandbox.url, { ...send, ...fields })).toMatchObject({ status: '0', success: '1' });
  });
});

describe('rules', () => {
  const numbers = `${number},${other},8613512345678`;

  it('refuse a number of a call with a reason of their own', async () => {
    sandbox.configure({ rules: [{ number: other, status: -9, reason: 'DST_MCCMNC_LIMIT' }] });
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

  it('repeat the reason of the number at the top when none is left', async () => {
    sandbox.configure({ rules: [{ number: /^1/, status: -9, reason: 'DST_MCCMNC_LIMIT' }] });
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
    ['any status for a number', { number: /^1/, status: -6, per: 'number' }, { status: '0', success: '2', fail: '1' }],
    ['-9 for the call', { number: /^1/, status: -9, per: 'call' }, { status: '-9', success: '0', fail: '3' }],
    ['a content', { content: 'LLO', status: -3 }, { status: '0', success: '3' }],
    ['an expression', { content: /LLO/gi, status: -3 }, { status: '-3', success: '0' }],
    ['an expression in JSON', { content: { pattern: 'LLO', flags: 'i' }, status: -3 }, { status: '-3' }],
    ['a missing sender', { senderId: /.*/, status: -3 }, { status: '0', success: '3' }],
    ['all matchers together', { number: other, content: 'bye', status: -3 }, { status: '0', success: '3' }],
  ])('match %s', async (_, rule, answer) => {
    const rules = [rule] as Parameters<typeof sandbox.configure>[0]['rules'];
    sandbox.configure({ rules: rules! });
    expect(await postJson(sandbox.url, { ...send, numbers })).toMatchObject(answer);
    expect(await postJson(sandbox.url, { ...send, numbers })).toMatchObject(answer);
  });

  it('come before the triggers, first match first, with an HTTP status', async () => {
    sandbox.configure({
      rules: [
        { senderId: 'ACME', status: -17, http: 503 },
        { senderId: 'ACME', status: -18 },
      ],
    });
    const { http, text } = await post(sandbox.url, { ...send, senderId: 'ACME', content: '[status:-3]' });
    expect([http, JSON.parse(text)]).toEqual([503, refusal(-17, 'Template is empty', number)]);
    expect(sandbox.requests[0]).toMatchObject({ http: 503, why: `a rule refuses ${number}` });
  });
});
