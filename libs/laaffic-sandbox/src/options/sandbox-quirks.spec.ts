import {
  call,
  get,
  getJson,
  now,
  number,
  numbers,
  post,
  postJson,
  sampleTime,
  send,
  signed,
} from '../../test/gateway-client.js';
import { LaafficSandbox, type SandboxOptions, type SandboxQuirks } from '../index.js';
import { QUIRK_CHECKS } from './check-quirks.js';
import { DEFAULT_SETTINGS } from './sandbox-options.js';

type Quirks = Partial<SandboxQuirks>;

const other = '12025550123';
const two = { ...send, numbers: `${number},${other}` };
const half = { ...send, numbers: `${number},9990000009` };

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(() => sandbox.close());

async function statusOf(body: unknown, headers: Record<string, string | undefined> = {}): Promise<string> {
  const { httpStatus, text } = await post(sandbox.url, body, headers);
  return text.startsWith('<html>') ? `HTTP ${httpStatus}` : (JSON.parse(text) as { status: string }).status;
}

describe('the time check', () => {
  it.each<[Quirks, number, string]>([
    [{}, -1800, '0'],
    [{}, -1801, '-16'],
    [{}, 1800, '0'],
    [{}, 1801, '-16'],
    [{ timestampToleranceInclusive: false }, -1799, '0'],
    [{ timestampToleranceInclusive: false }, -1800, '-16'],
    [{ timestampToleranceInclusive: false }, 1800, '-16'],
    [{ timestampWindow: 'past' }, 1, '-16'],
    [{ timestampWindow: 'past' }, 0, '0'],
    [{ timestampWindow: 'past' }, -1800, '0'],
    [{ timestampWindow: 'past' }, -1801, '-16'],
    [{ timestampToleranceSeconds: 5 }, 5, '0'],
    [{ timestampToleranceSeconds: 5 }, -6, '-16'],
    [{ timestampToleranceSeconds: 0 }, 0, '0'],
  ])('with %p gets a Timestamp that is %i s off and responds %s', async (quirks, off, status) => {
    sandbox.configure({ quirks });
    expect(await statusOf(send, signed(sampleTime + off))).toBe(status);
  });

  it.each([
    ['1630468800000', 'Timestamp is 1628838331200 s ahead of the gateway; it looks like milliseconds'],
    ['now', 'Timestamp is not a number of seconds'],
    ['1630468800.5', 'Timestamp is not a number of seconds'],
    ['-1', 'Timestamp is not a number of seconds'],
    ['1'.repeat(400), 'Timestamp is not a number of seconds'],
  ])('rejects the Timestamp %p with -16', async (timestamp, explanation) => {
    expect(await statusOf(send, signed(timestamp))).toBe('-16');
    expect(sandbox.requests[0]).toMatchObject({ explanation });
  });

  it('uses the skewed clock, as Date and msgIds do', async () => {
    sandbox.configure({ clockSkewSeconds: 3600 });
    expect(await statusOf(send)).toBe('-16');
    const { headers, text } = await post(sandbox.url, send, signed(sampleTime + 3600));
    expect(headers.date).toBe('Wed, 01 Sep 2021 05:00:00 GMT');
    expect(JSON.parse(text)).toMatchObject({ array: [{ msgId: '2109011300000000001' }] });
    expect(sandbox.messages[0]?.at).toBe((sampleTime + 3600) * 1000);
  });
});

describe('the account checks', () => {
  it.each<[Quirks['signCase'] & string, string, string]>([
    ['any', 'lower', '0'],
    ['any', 'upper', '0'],
    ['lower', 'lower', '0'],
    ['lower', 'upper', '-1'],
  ])('with signCase %s get a Sign in %s case and respond %s', async (signCase, given, status) => {
    sandbox.configure({ quirks: { signCase } });
    const { Sign = '' } = signed();
    expect(await statusOf(send, { Sign: given === 'upper' ? Sign.toUpperCase() : Sign })).toBe(status);
  });

  it.each(['Content-Type', 'Api-Key', 'Timestamp', 'Sign'])('reject a request without %s', async (header) => {
    const responses: string[] = [];
    for (const missingHeaders of [-1, -22, -18, 400]) {
      sandbox.configure({ quirks: { missingHeaders } });
      responses.push(await statusOf(send, { [header]: undefined }));
    }
    expect(responses).toEqual(['-1', '-22', '-18', 'HTTP 400']);
    expect(sandbox.requests.map(({ explanation }) => explanation)).toEqual(
      Array(4).fill(`the header ${header} is missing`),
    );
  });

  it.each<[SandboxOptions['allowedIps'] & object, string]>([
    [['127.0.0.1'], '0'],
    [['127.0.0.0/8', '::1'], '0'],
    [['10.0.0.0/8', '2001:db8::/32'], '-2'],
    [[], '-2'],
  ])('with allowedIps %p respond %s', async (allowedIps, status) => {
    sandbox.configure({ allowedIps });
    expect(await statusOf(send)).toBe(status);
  });

  it.each<[Quirks['checkOrder'] & object, readonly string[]]>([
    [
      ['key', 'ip', 'time', 'sign', 'parameters'],
      ['-1', '-31', '-16', '-1', '-4'],
    ],
    [
      ['parameters', 'sign', 'time', 'ip', 'key'],
      ['-4', '-1', '-16', '-31', '-1'],
    ],
    [
      ['time', 'parameters', 'key', 'ip', 'sign'],
      ['-16', '-4', '-1', '-31', '-1'],
    ],
  ])('in the order %p respond %p as the mistakes are corrected one by one', async (checkOrder, expected) => {
    sandbox.configure({ allowedIps: [], quirks: { checkOrder, ipNotAllowed: -31 } });
    const wrong = { key: true, ip: true, time: true, sign: true, parameters: true };
    const responses: string[] = [];
    for (const check of checkOrder) {
      const headers = signed(wrong.time ? 1 : sampleTime);
      if (wrong.key) headers['Api-Key'] = 'unknown-key';
      if (wrong.sign) headers['Sign'] = 'f'.repeat(32);
      responses.push(await statusOf(wrong.parameters ? { ...send, content: '' } : send, headers));
      wrong[check] = false;
      if (check === 'ip') sandbox.configure({ allowedIps: null });
    }
    expect(responses).toEqual(expected);
    expect(await statusOf(send)).toBe('0');
  });
});

describe('the response to an unreadable request', () => {
  it.each<[keyof SandboxQuirks, readonly (number | 'accept')[], object | string, Record<string, string>]>([
    ['malformedJson', [-22, -1, -18, 500], '{"appId":', {}],
    ['malformedJson', [-22, 400], '', {}],
    ['malformedJson', [-22, 400], [], {}],
    ['malformedJson', [-22, 400], 'null', {}],
    ['malformedJson', [-22, 400], '"text"', {}],
    ['wrongContentType', [-22, -18, 415], send, { 'Content-Type': 'text/plain' }],
    ['wrongContentType', [-22], send, { 'Content-Type': 'application/jsonp' }],
    ['badParameter', [-22, -14, 400], { ...send, numbers: 91856321412 }, {}],
    ['badParameter', [-22, 400], { ...send, numbers: [number] }, {}],
    ['badParameter', [-22, 400], { ...send, content: {} }, {}],
    ['badParameter', [-22, 400], { ...send, senderId: 1 }, {}],
    ['badParameter', [-22, 400], { ...send, orderId: ['1'] }, {}],
    ['badParameter', [-22, 400], { ...send, appId: '' }, {}],
    ['badParameter', [-22, 400], { ...send, appId: undefined }, {}],
    ['foreignAppId', [-1, -24, -22, -32, 403], { ...send, appId: 'foreign' }, {}],
    ['ipNotAllowed', [-2, -31, 403], send, {}],
    ['tooManyNumbers', [-7, -22, 413], { ...send, numbers: numbers(1001) }, {}],
  ])('is each of the codes of the quirk %s: %p', async (quirk, codes, body, headers) => {
    if (quirk === 'ipNotAllowed') sandbox.configure({ allowedIps: [] });
    const responses = [await statusOf(body, headers)];
    for (const code of codes) {
      sandbox.configure({ quirks: { [quirk]: code } });
      responses.push(await statusOf(body, headers));
    }
    const shown = codes.map((code) => (Number(code) > 0 ? `HTTP ${code}` : String(code)));
    expect(responses).toEqual([shown[0], ...shown]);
    expect(sandbox.messages).toEqual([]);
  });

  it('treats a repeated query key as a bad parameter', async () => {
    const { text } = await call(`${sandbox.url}/sendSms?appId=4luaKsL2&numbers=1&numbers=2&content=x`, {
      headers: signed(),
    });
    expect(JSON.parse(text)).toMatchObject({ status: '-22' });
  });

  it('can accept another content type', async () => {
    sandbox.configure({ quirks: { wrongContentType: 'accept' } });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' };
    expect(await statusOf(send, headers)).toBe('0');
  });

  it.each(['application/json', 'Application/JSON; charset=utf-8', 'application/json ;x=y'])(
    '%p is JSON',
    async (type) => {
      expect(await statusOf(send, { 'Content-Type': type })).toBe('0');
    },
  );
});

describe('the envelope', () => {
  const accepted = { msgId: '2109011200000000001', number, orderId: null };
  const rejected = { msgId: '2109011200000000002', number: '9990000009', reason: 'Abnormal phone number' };
  const counts = { status: '0', reason: 'success', success: '1', fail: '1', array: [accepted] };

  it.each<[Quirks, object]>([
    [{}, { ...counts, failArray: [rejected] }],
    [{ failArray: 'never' }, counts],
    [{ failArray: 'always' }, { ...counts, failArray: [rejected] }],
    [{ numericFields: 'numbers' }, { ...counts, status: 0, success: 1, fail: 1, failArray: [rejected] }],
    [{ partialSuccess: 'first-failure' }, { ...counts, status: '-9', reason: rejected.reason, failArray: [rejected] }],
    [
      { partialSuccess: 'reject-all' },
      {
        status: '-9',
        reason: rejected.reason,
        success: '0',
        fail: '2',
        array: [],
        failArray: [
          { ...rejected, msgId: '2109011200000000003', number },
          { ...rejected, msgId: '2109011200000000004' },
        ],
      },
    ],
    [{ orderIdInFailArray: true }, { ...counts, failArray: [{ ...rejected, orderId: null }] }],
    [
      { orderIdInFailArray: true, orderIdEcho: 'empty' },
      { ...counts, array: [{ ...accepted, orderId: '' }], failArray: [{ ...rejected, orderId: '' }] },
    ],
    [
      { orderIdInFailArray: true, orderIdEcho: 'absent' },
      { ...counts, array: [{ msgId: accepted.msgId, number }], failArray: [rejected] },
    ],
  ])('for a partly accepted request with %p', async (quirks, envelope) => {
    sandbox.configure({ quirks });
    expect(await postJson(sandbox.url, half)).toStrictEqual(envelope);
    expect(sandbox.messages).toHaveLength(quirks.partialSuccess === 'reject-all' ? 0 : 1);
  });

  it.each<[Quirks, object]>([
    [{}, { ...counts, fail: '0' }],
    [{ failArray: 'always' }, { ...counts, fail: '0', failArray: [] }],
    [{ failArray: 'never' }, { ...counts, fail: '0' }],
    [{ failureEnvelope: 'bare' }, { ...counts, fail: '0' }],
    [{ orderIdEcho: 'empty' }, { ...counts, fail: '0', array: [{ ...accepted, orderId: '' }] }],
    [{ orderIdEcho: 'absent' }, { ...counts, fail: '0', array: [{ msgId: accepted.msgId, number }] }],
  ])('for an accepted request with %p', async (quirks, envelope) => {
    sandbox.configure({ quirks });
    expect(await postJson(sandbox.url, send)).toStrictEqual(envelope);
  });

  it('has the status and reason of the first rejected number', async () => {
    const numbers = '9990000028,9990000009';
    const first = { status: '-28', reason: 'Period phone send limit', success: '0', fail: '2' };
    expect(await postJson(sandbox.url, { ...send, numbers })).toMatchObject(first);
    sandbox.configure({ quirks: { partialSuccess: 'first-failure' } });
    expect(await postJson(sandbox.url, { ...send, numbers: `${number},${numbers}` })).toMatchObject({
      ...first,
      success: '1',
    });
  });

  it('echoes order ids, in failArray on demand', async () => {
    sandbox.configure({ quirks: { orderIdInFailArray: true, orderIdEcho: 'absent' } });
    expect(await postJson(sandbox.url, { ...half, orderId: 'a,b' })).toMatchObject({
      array: [{ ...accepted, orderId: 'a' }],
      failArray: [{ ...rejected, orderId: 'b' }],
    });
  });

  const locked = { status: '-13', reason: 'User locked' };
  const expired = { status: '-16', reason: 'timestamp expires' };
  const empty = { success: '0', fail: '1', array: [] };

  it.each<[Quirks, object, object]>([
    [{ failureEnvelope: 'observed' }, { ...locked, ...empty }, expired],
    [{ failureEnvelope: 'full' }, { ...locked, ...empty }, { ...expired, ...empty }],
    [{ failureEnvelope: 'bare' }, locked, expired],
  ])('for a rejected request with %p', async (quirks, later, account) => {
    sandbox.configure({ quirks: { ...quirks, failArray: 'never' } });
    expect(await postJson(sandbox.url, { ...send, senderId: 'STATUS-13' })).toStrictEqual(later);
    expect(await postJson(sandbox.url, send, signed(1))).toStrictEqual(account);
  });

  it.each([200, 400, 500])('comes with errorHttpStatus %i when it rejects', async (errorHttpStatus) => {
    sandbox.configure({ quirks: { errorHttpStatus } });
    const replies = [await post(sandbox.url, send), await post(sandbox.url, { ...send, content: '' })];
    expect(replies.map(({ httpStatus }) => httpStatus)).toEqual([200, errorHttpStatus]);
    expect(replies.map(({ headers }) => headers['content-type'])).toEqual(
      Array(2).fill('application/json;charset=UTF-8'),
    );
  });
});

describe('order ids', () => {
  it.each<[SandboxQuirks['orderIdMismatch'], string, string, readonly (string | null)[]]>([
    [-22, 'only', '-22', []],
    [-14, 'only', '-14', []],
    [400, 'only', 'HTTP 400', []],
    ['ignore', 'only', '0', [null, null]],
    ['pad', 'only', '0', ['only', null]],
    ['pad', 'a,b,c', '0', ['a', 'b']],
    [-22, 'a,b', '0', ['a', 'b']],
    [-22, '', '0', [null, null]],
    [-22, ',', '0', ['', '']],
  ])('with orderIdMismatch %p, %p for two numbers get %s', async (orderIdMismatch, orderId, status, kept) => {
    sandbox.configure({ quirks: { orderIdMismatch } });
    expect(await statusOf({ ...two, orderId })).toBe(status);
    expect(sandbox.messages.map((message) => message.orderId)).toEqual(kept);
  });
});

describe('numbers', () => {
  it.each<[SandboxQuirks['duplicateNumbers'], readonly (string | null)[]]>([
    ['keep', ['a', 'b', 'c']],
    ['merge', ['a', 'c']],
  ])('that repeat are handled by duplicateNumbers: %s', async (duplicateNumbers, orderIds) => {
    sandbox.configure({ quirks: { duplicateNumbers } });
    const fields = { ...send, numbers: `${number},${number},${other}`, orderId: 'a,b,c' };
    expect(await postJson(sandbox.url, fields)).toMatchObject({
      success: String(orderIds.length),
      fail: '0',
      array: orderIds.map((orderId) => ({ orderId })),
    });
  });

  it.each<[string, string | null]>([
    ['+91856321412', number],
    ['0091856321412', number],
    [' 91856321412', number],
    ['91 8563 21412', number],
    ['91-856321412', null],
    ['+', null],
    ['', null],
    ['0185632141', null],
    ['９１８５６３２１４１２', null],
    ['123456', null],
    ['1'.repeat(16), null],
    ['1234567', '1234567'],
    ['1'.repeat(15), '1'.repeat(15)],
  ])('with %p are accepted as %p if looseNumbers is accept', async (sent, taken) => {
    const strict = await postJson(sandbox.url, { ...send, numbers: `${other},${sent}` });
    const plain = sent === taken;
    expect(strict).toMatchObject(
      plain
        ? { status: '0', success: '2', fail: '0' }
        : { status: '0', success: '1', fail: '1', failArray: [{ number: sent, reason: 'Abnormal phone number' }] },
    );
    sandbox.reset();
    sandbox.configure({ quirks: { looseNumbers: 'accept' } });
    await post(sandbox.url, { ...send, numbers: `${other},${sent}` });
    expect(sandbox.messages.map((message) => message.number)).toEqual(taken === null ? [other] : [other, taken]);
  });

  it('have as many digits as configured', async () => {
    sandbox.configure({ quirks: { minNumberDigits: 10, maxNumberDigits: 14 } });
    const fields = { ...send, numbers: '123456789,1234567890,12345678901234,123456789012345' };
    await post(sandbox.url, fields);
    expect(sandbox.messages.map((message) => message.number)).toEqual(['1234567890', '12345678901234']);
  });

  it.each([undefined, null, '', '  '])('are rejected with -8 if they are %p', async (missing) => {
    expect(await statusOf({ ...send, numbers: missing })).toBe('-8');
  });

  it('have a limit for each method', async () => {
    sandbox.configure({ quirks: { maxNumbersPerPost: 1, maxNumbersPerGet: 2 } });
    expect(await statusOf(two)).toBe('-7');
    expect((await getJson(sandbox.url, two)) as object).toMatchObject({ status: '0' });
  });
});

describe('the content', () => {
  it.each<[SandboxQuirks['contentLengthUnit'], string, string]>([
    ['characters', 'x'.repeat(1024), '0'],
    ['characters', 'x'.repeat(1025), '-5'],
    ['characters', '😀'.repeat(1024), '0'],
    ['characters', '😀'.repeat(1025), '-5'],
    ['utf16', '😀'.repeat(512), '0'],
    ['utf16', `${'😀'.repeat(512)}x`, '-5'],
    ['bytes', 'я'.repeat(512), '0'],
    ['bytes', `${'я'.repeat(512)}x`, '-5'],
  ])('is measured in %s', async (contentLengthUnit, content, status) => {
    sandbox.configure({ quirks: { contentLengthUnit } });
    expect(await statusOf({ ...send, content })).toBe(status);
  });

  it('has the configured limit', async () => {
    sandbox.configure({ quirks: { maxContentLength: 11 } });
    expect(await statusOf(send)).toBe('0');
    expect(await statusOf({ ...send, content: 'hello world!' })).toBe('-5');
  });

  it.each([undefined, null, '', ' \n'])('is rejected with -4 if it is %p', async (content) => {
    expect(await statusOf({ ...send, content })).toBe('-4');
  });
});

describe('the sender ID', () => {
  it.each<[Quirks, string | null | undefined, string, (string | null)[]]>([
    [{}, undefined, '0', [null]],
    [{}, null, '0', [null]],
    [{}, '', '0', [null]],
    [{}, '  ', '0', [null]],
    [{ blankSenderId: -22 }, '', '-22', []],
    [{ blankSenderId: 'ignore' }, '', '0', [null]],
    [{}, 's'.repeat(32), '0', ['s'.repeat(32)]],
    [{}, 's'.repeat(33), '-22', []],
    [{}, 'ß'.repeat(32), '0', ['ß'.repeat(32)]],
    [{ longSenderId: -14 }, 's'.repeat(33), '-14', []],
    [{ longSenderId: 'truncate' }, 's'.repeat(33), '0', ['s'.repeat(32)]],
    [{ longSenderId: 'truncate' }, '😀'.repeat(33), '0', ['😀'.repeat(32)]],
    [{ maxSenderIdLength: 11 }, 's'.repeat(12), '-22', []],
  ])('with %p, %p gets %s', async (quirks, senderId, status, kept) => {
    sandbox.configure({ quirks });
    expect(await statusOf({ ...send, senderId })).toBe(status);
    expect(sandbox.messages.map((message) => message.senderId)).toEqual(kept);
  });
});

describe('spendable funds', () => {
  it.each<[SandboxQuirks['spendableFunds'], string, object]>([
    ['balance', '-10', { balance: '0.010000', gift: '0.020000', credit: '0.030000' }],
    ['balance-gift-credit', '0', { balance: '0.000000', gift: '0.000000', credit: '0.010000' }],
  ])('are spent from %s', async (spendableFunds, status, funds) => {
    sandbox.configure({ balance: '0.01', gift: '0.02', credit: '0.03', quirks: { spendableFunds } });
    expect(await statusOf({ ...send, numbers: numbers(5) })).toBe(status);
    expect(sandbox.funds).toEqual(funds);
  });
});

describe('the throttle', () => {
  it.each([
    [-15, '-15'],
    [-27, '-27'],
    [-28, '-28'],
    [429, 'HTTP 429'],
  ])('responds to too many requests with %i', async (tooManyRequests, status) => {
    let seconds = sampleTime;
    await using clocked = await LaafficSandbox.start({
      now: () => seconds * 1000,
      quirks: { maxRequestsPerSecond: 2, tooManyRequests },
    });
    const responses = async (): Promise<string[]> => {
      const replies = [await post(clocked.url, send), await post(clocked.url, send), await get(clocked.url, send)];
      return replies.map(({ httpStatus, text }) => /"status":"(.*?)"/.exec(text)?.[1] ?? `HTTP ${httpStatus}`);
    };
    expect(await responses()).toEqual(['0', '0', status]);
    seconds += 1;
    expect(await responses()).toEqual(['0', '0', status]);
  });

  it.each<[number, object]>([
    [-28, { status: '0', success: '1', fail: '1', failArray: [{ number, reason: 'Period phone send limit' }] }],
    [-9, { status: '0', success: '1', fail: '1', failArray: [{ number, reason: 'Abnormal phone number' }] }],
    [-27, { status: '-27', success: '0', fail: '2' }],
  ])('responds to too many messages to a phone with %i', async (tooManyMessages, response) => {
    let seconds = sampleTime;
    await using clocked = await LaafficSandbox.start({
      now: () => seconds * 1000,
      quirks: { maxMessagesPerPhone: 1, phonePeriodSeconds: 60, tooManyMessages },
    });
    expect(await postJson(clocked.url, send)).toMatchObject({ status: '0' });
    expect(await postJson(clocked.url, { ...send, numbers: `${other},${number}` })).toMatchObject(response);
    seconds += 60;
    expect(await postJson(clocked.url, send)).toMatchObject({ status: '0' });
  });

  it('does not count messages that were rejected after all', async () => {
    sandbox.configure({ balance: 0, quirks: { maxMessagesPerPhone: 1 } });
    const broke = await statusOf(send);
    sandbox.configure({ balance: 1, quirks: { partialSuccess: 'reject-all' } });
    const responses = [broke, await statusOf(half), await statusOf({ ...send, numbers: `${number},9990000003` })];
    expect([...responses, await statusOf(send), await statusOf(send)]).toEqual(['-10', '-9', '-3', '0', '-28']);
  });
});

describe('lastKnownStatus', () => {
  it.each<[SandboxQuirks['lastKnownStatus'], readonly string[]]>([
    [-32, ['-31', '-32', '-22', '-28', '-27']],
    [-28, ['-2', '-1', '-22', '-28', '-27']],
    [-19, ['-2', '-1', '-14', '-15', '-15']],
  ])('%i replaces the codes that the platform does not know', async (lastKnownStatus, expected) => {
    sandbox.configure({ quirks: { lastKnownStatus, ipNotAllowed: -31, foreignAppId: -32 }, allowedIps: [] });
    const responses = [await statusOf(send)];
    sandbox.configure({ allowedIps: null });
    responses.push(await statusOf({ ...send, appId: 'foreign' }), await statusOf({ ...two, orderId: 'one' }));
    sandbox.configure({ quirks: { maxMessagesPerPhone: 1 } });
    await post(sandbox.url, send);
    responses.push(await statusOf(send));
    sandbox.configure({ quirks: { maxRequestsPerSecond: 1, tooManyRequests: -27 } });
    await post(sandbox.url, { ...send, numbers: other });
    responses.push(await statusOf(send));
    expect(responses).toEqual(expected);
  });

  it('does not change a status that a trigger, rule or script asks for', async () => {
    sandbox.configure({ quirks: { lastKnownStatus: -19 } });
    expect(await statusOf({ ...send, senderId: 'STATUS-31' })).toBe('-31');
  });
});

it('every default quirk passes its own check', () => {
  const { quirks } = DEFAULT_SETTINGS;
  sandbox.configure({ quirks });
  expect(Object.keys(quirks).sort()).toEqual(Object.keys(QUIRK_CHECKS).sort());
});
