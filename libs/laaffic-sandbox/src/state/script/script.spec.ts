import { once } from 'node:events';
import { connect } from 'node:net';
import { until } from '../../../../../test/until.js';
import {
  getFrom,
  call,
  get,
  getJson,
  now,
  number,
  post,
  postJson,
  sampleTime,
  send,
  signed,
} from '../../../test/gateway-client.js';
import { LaafficSandbox, type ScriptStep, type SendEnvelope } from '../../index.js';

const other = '12025550123';
const item = { msgId: '2109011200000000001', number, orderId: null };
const accepted = { status: '0', reason: 'success', success: '1', fail: '0', array: [item] };
const json = 'application/json;charset=UTF-8';

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(() => sandbox.close());

describe('a fault that ends the connection', () => {
  it.each<[ScriptStep, number, boolean]>([
    [{ fault: 'cut-before-reading' }, 0, false],
    [{ fault: 'cut-before-accepting' }, 0, true],
    [{ fault: 'cut-after-accepting' }, 1, true],
  ])('decides what is accepted and read: %p', async (step, messages, read) => {
    sandbox.script(step);
    await expect(post(sandbox.url, send)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sandbox.messages).toHaveLength(messages);
    expect(sandbox.requests).toMatchObject([
      {
        outcome: 'cut',
        fault: step.fault,
        rawBody: read ? JSON.stringify(send) : null,
        body: read ? send : undefined,
        httpStatus: null,
        status: null,
        accepted: messages,
      },
    ]);
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
  });

  it('cuts a GET too', async () => {
    sandbox.script([{ fault: 'cut-before-reading' }, { fault: 'cut-after-accepting' }]);
    await expect(get(sandbox.url, send)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sandbox.messages).toEqual([]);
    await expect(get(sandbox.url, send)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sandbox.messages).toHaveLength(1);
  });

  it('cuts before reading a body that never arrives', async () => {
    sandbox.script({ fault: 'cut-before-reading' });
    const { hostname, port } = new URL(sandbox.url);
    const socket = connect(Number(port), hostname);
    socket.write('POST /v3/sendSms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n');
    socket.on('error', () => undefined);
    await once(socket, 'close');
    expect(sandbox.requests).toMatchObject([{ outcome: 'cut', rawBody: null }]);
  });
});

describe('a fault without a response', () => {
  it.each<[ScriptStep, number]>([
    [{ fault: 'hang-before-accepting' }, 0],
    [{ fault: 'hang-after-accepting' }, 1],
  ])('leaves the request hanging: %p', async (step, messages) => {
    sandbox.script(step);
    const patience = new AbortController();
    const body = JSON.stringify(send);
    const url = `${sandbox.url}/sendSms`;
    const sent = call(url, { method: 'POST', headers: signed(), body, signal: patience.signal });
    const failure = expect(sent).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await until(() => sandbox.requests[0]?.outcome === 'hanging');
    expect(sandbox.messages).toHaveLength(messages);
    patience.abort();
    await failure;
    expect(sandbox.requests).toMatchObject([
      { outcome: 'hanging', fault: step.fault, httpStatus: null, accepted: messages },
    ]);
  });

  it('stalls after half the body', async () => {
    sandbox.script({ fault: 'stalled-body' });
    const patience = new AbortController();
    const response = await fetch(`${sandbox.url}/sendSms`, {
      method: 'POST',
      headers: signed(),
      body: JSON.stringify(send),
      signal: patience.signal,
    });
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    const whole = JSON.stringify(accepted);
    expect(Buffer.from(value ?? []).toString()).toBe(whole.slice(0, whole.length / 2));
    expect(response.headers.get('content-length')).toBe(String(whole.length));
    const rest = expect(reader?.read()).rejects.toMatchObject({ name: 'AbortError' });
    patience.abort();
    await rest;
    expect(sandbox.messages).toHaveLength(1);
  });
});

describe('a fault in place of the response', () => {
  const html = { type: 'text/html', text: expect.stringMatching(/^<html>\n<head><title>50\d /) as unknown };

  it.each<[ScriptStep, { httpStatus: number; type: string | undefined; text: unknown }]>([
    [{ fault: 'html' }, { httpStatus: 502, ...html }],
    [
      { fault: 'html', httpStatus: 503 },
      { httpStatus: 503, ...html },
    ],
    [
      { fault: 'html', httpStatus: 504 },
      { httpStatus: 504, ...html },
    ],
    [{ fault: 'raw' }, { httpStatus: 200, type: undefined, text: '' }],
    [
      { fault: 'raw', httpStatus: 418, headers: { 'Content-Type': 'a/b' }, body: 'é' },
      { httpStatus: 418, type: 'a/b', text: 'é' },
    ],
    [{ fault: 'empty-body' }, { httpStatus: 200, type: undefined, text: '' }],
    [
      { fault: 'empty-body', httpStatus: 500 },
      { httpStatus: 500, type: undefined, text: '' },
    ],
  ])('replaces it: %p', async (step, expected) => {
    sandbox.script([step, { ...step, accepted: true }]);
    const seen = { ...expected, messages: 0 };
    for (const messages of [0, 1]) {
      const { httpStatus, headers, text } = await post(sandbox.url, send);
      expect({ httpStatus, type: headers['content-type'], text, messages: sandbox.messages.length }).toEqual({
        ...seen,
        messages,
      });
    }
    expect(sandbox.requests.map(({ httpStatus, status, fault }) => [httpStatus, status, fault])).toEqual(
      Array(2).fill([expected.httpStatus, null, step.fault]),
    );
  });
});

describe('a fault in the response', () => {
  const whole = JSON.stringify(accepted);
  const foreign = { msgId: '2108021054010000000', number: '99990000000', orderId: null };

  it.each<[ScriptStep, unknown]>([
    [{ fault: 'broken-json' }, whole.slice(0, whole.length / 2)],
    [{ fault: 'slow-body', chunkBytes: 60, pauseMs: 0 }, whole],
    [{ fault: 'slow-body', pauseMs: 0 }, whole],
    [{ fault: 'numbers-for-strings' }, { ...accepted, status: 0, success: 1, fail: 0 }],
    [{ fault: 'string-for-array' }, { ...accepted, array: JSON.stringify([item]) }],
    [{ fault: 'msg-id-as-number' }, whole.replace('"2109011200000000001"', '2109011200000000001')],
    [{ fault: 'nulls' }, { status: '0', reason: null, success: null, fail: null, array: null }],
    [{ fault: 'missing-fields' }, { status: '0', reason: 'success', success: '1', fail: '0' }],
    [
      { fault: 'missing-fields', fields: ['status', 'success'] },
      { reason: 'success', fail: '0', array: [item] },
    ],
    [{ fault: 'missing-items' }, { ...accepted, array: [] }],
    [{ fault: 'foreign-items' }, { ...accepted, array: [item, foreign] }],
    [
      { fault: 'foreign-items', count: 2 },
      { ...accepted, array: [item, foreign, { ...foreign, msgId: '2108021054010000001', number: '99990000001' }] },
    ],
    [
      { patch: { reason: 'ok', success: null, extra: { deep: [1] } } },
      { ...without('success'), reason: 'ok', extra: { deep: [1] } },
    ],
    [{ patch: { array: { not: 'a list' } } }, { ...accepted, array: { not: 'a list' } }],
    [{ patch: ['not', 'an', 'object'] }, ['not', 'an', 'object']],
    [{ patch: null }, 'null'],
    [{ quirks: { failArray: 'always' } }, { ...accepted, failArray: [] }],
    [{ quirks: { numericFields: 'numbers' } }, { ...accepted, status: 0, success: 1, fail: 0 }],
    [{ transform: (envelope) => ({ ...envelope, status: '-99' }) }, { ...accepted, status: '-99' }],
    [{ transform: () => 'no JSON at all' }, 'no JSON at all'],
    [{ transform: () => undefined }, ''],
  ])('changes it: %p', async (step, expected) => {
    sandbox.script(step);
    const { httpStatus, headers, text } = await post(sandbox.url, send);
    expect(httpStatus).toBe(200);
    expect(headers['content-type']).toEqual(json);
    expect(typeof expected === 'string' ? text : JSON.parse(text)).toEqual(expected);
    expect(sandbox.messages).toHaveLength(1);
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0', success: '1' });
  });

  function without(field: keyof typeof accepted): object {
    return Object.fromEntries(Object.entries(accepted).filter(([name]) => name !== field));
  }

  it('leaves out the last of several numbers', async () => {
    sandbox.script({ fault: 'missing-items', count: 2 });
    expect(await postJson(sandbox.url, { ...send, numbers: `${number},${other},8613512345678` })).toEqual({
      ...accepted,
      success: '3',
    });
    expect(sandbox.messages).toHaveLength(3);
  });

  it('corrupts rejections too', async () => {
    sandbox.script({ status: -10, fault: 'numbers-for-strings' });
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: -10, success: 0, fail: 1 });
    sandbox.script({ status: -1, fault: 'string-for-array' });
    expect(await postJson(sandbox.url, send)).toEqual({ status: '-1', reason: 'Authentication error' });
  });

  it('records the response that was really sent', async () => {
    sandbox.script([{ patch: { status: -99, reason: 'x' } }, { fault: 'broken-json' }]);
    await post(sandbox.url, send);
    await post(sandbox.url, send);
    expect(sandbox.requests).toMatchObject([
      { httpStatus: 200, status: '-99', reason: 'x', fault: null, accepted: 1 },
      { httpStatus: 200, status: null, reason: null, fault: 'broken-json', accepted: 1 },
    ]);
  });

  it('survives a transform function that changes its argument or throws', async () => {
    sandbox.script([
      {
        transform: (envelope: SendEnvelope) => {
          envelope.array?.pop();
          return envelope;
        },
      },
      {
        transform: () => {
          throw new Error('my mistake');
        },
      },
    ]);
    expect(await postJson(sandbox.url, send)).toEqual({ ...accepted, array: [] });
    const { httpStatus, text } = await post(sandbox.url, send);
    expect(httpStatus).toBe(500);
    expect(text).toBe("The script's transform function failed: Error: my mistake\n");
    expect(sandbox.messages).toHaveLength(2);
  });
});

describe('a step', () => {
  it('rejects before any check, or rejects only some numbers', async () => {
    sandbox.script([
      { status: -13, httpStatus: 403, reason: 'gone' },
      { status: -6, numbers: [other] },
      { status: -6, numbers: [other] },
    ]);
    const { httpStatus, text } = await post(sandbox.url, 'not even JSON', { Sign: undefined });
    const rejected = { status: '-13', reason: 'gone', success: '0', fail: '0', array: [], failArray: [] };
    expect(httpStatus).toBe(403);
    expect(JSON.parse(text)).toEqual(rejected);
    expect(await postJson(sandbox.url, { ...send, numbers: `${number},${other}` })).toMatchObject({
      status: '0',
      array: [{ number }],
      failArray: [{ number: other, reason: 'SMS that is not a template' }],
    });
    expect(await getJson(sandbox.url, send)).toMatchObject({ status: '0', fail: '0' });
    expect(sandbox.requests.map(({ explanation }) => explanation)).toEqual([
      'the script rejects it',
      `a rule rejects ${other}`,
      null,
    ]);
  });

  it('sets the HTTP status of an accepted request', async () => {
    sandbox.script({ httpStatus: 201 });
    expect(await post(sandbox.url, send)).toMatchObject({ httpStatus: 201, text: JSON.stringify(accepted) });
  });

  it('skews the clock for its own request only', async () => {
    sandbox.script({ clockSkewSeconds: -7200 });
    const { headers, text } = await post(sandbox.url, send);
    expect(headers.date).toBe('Wed, 01 Sep 2021 02:00:00 GMT');
    expect(text).toBe('{"status":"-16","reason":"timestamp expires"}');
    sandbox.script({ clockSkewSeconds: -7200 });
    await post(sandbox.url, send, signed(sampleTime - 7200));
    expect(sandbox.messages).toMatchObject([{ msgId: '2109011000000000001', at: (sampleTime - 7200) * 1000 }]);
    expect((await post(sandbox.url, send)).headers.date).toBe('Wed, 01 Sep 2021 04:00:00 GMT');
  });

  it('delays only its own request, before or after the work', async () => {
    sandbox.script([{ delayMs: 1e8 }, { responseDelayMs: 1e8 }, { delayMs: 1, responseDelayMs: 1 }]);
    const late = ['91856321411', '91856321412'].map((numbers) =>
      expect(post(sandbox.url, { ...send, numbers })).rejects.toMatchObject({ code: 'ECONNRESET' }),
    );
    await until(() => sandbox.requests.length === 2 && sandbox.messages.length === 1);
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(sandbox.requests.map(({ outcome, accepted: count }) => [outcome, count])).toEqual([
      ['pending', 0],
      ['pending', 1],
      ['responded', 1],
    ]);
    await sandbox.close();
    await Promise.all(late);
  });

  it('is handled although its client has given up', async () => {
    sandbox.script({ delayMs: 100 });
    const patience = new AbortController();
    const url = `${sandbox.url}/sendSms`;
    const sent = call(url, { method: 'POST', headers: signed(), body: JSON.stringify(send), signal: patience.signal });
    const failure = expect(sent).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await until(() => sandbox.requests[0]?.rawBody != null);
    patience.abort();
    await failure;
    await until(() => sandbox.requests[0]?.outcome !== 'pending');
    expect(sandbox.requests).toMatchObject([{ outcome: 'abandoned', httpStatus: null, accepted: 1 }]);
    expect(sandbox.messages).toHaveLength(1);
  });

  it('is used by requests to vendor endpoints only', async () => {
    sandbox.script({ status: -3 });
    await call(`${sandbox.url}/nowhere`);
    await call(new URL('/_sandbox', sandbox.url).href);
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '-3' });
  });
});

describe('the script', () => {
  it('is first in, first out, with each step as often as its times', async () => {
    sandbox.script([{ status: -3, times: 2 }, { times: 1 }]);
    sandbox.script({ status: -6, times: Infinity });
    const statuses: string[] = [];
    for (let sent = 0; sent < 6; sent += 1) {
      const { status } = (await postJson(sandbox.url, send)) as { status: string };
      statuses.push(status);
    }
    expect(statuses).toEqual(['-3', '-3', '0', '-6', '-6', '-6']);
    expect(sandbox.pendingSteps).toEqual([{ status: -6, times: Infinity }]);
    sandbox.assertScriptDone();
  });

  it('lists the steps that no request used', async () => {
    sandbox.script([
      { status: -3, times: 3 },
      { fault: 'html', httpStatus: 503 },
      { status: -6, times: null },
    ]);
    sandbox.script({ transform: (envelope) => envelope });
    await post(sandbox.url, send);
    expect(sandbox.pendingSteps).toMatchObject([
      { status: -3, times: 2 },
      { fault: 'html', httpStatus: 503, times: 1 },
      { status: -6, times: Infinity },
      { times: 1 },
    ]);
    expect(() => {
      sandbox.assertScriptDone();
    }).toThrow(
      expect.objectContaining({
        code: 'SCRIPT_NOT_DONE',
        message: [
          'No request used these scripted steps:',
          '  1. {"status":-3,"times":2}',
          '  2. {"fault":"html","httpStatus":503,"times":1}',
          '  3. {"status":-6,"times":"Infinity"}',
          '  4. {"transform":"function","times":1}',
        ].join('\n'),
      }) as Error,
    );
  });

  it.each<[string, object, string]>([
    ['step[0].stauts', { stauts: -1 }, 'step[0].stauts is not a known field'],
    ['step[0].status', { status: 0 }, 'step[0].status must be a status from -999 to -1'],
    ['step[0].times', { times: 0 }, 'step[0].times must be a whole number of at least 1 or null for all'],
    ['step[0].delayMs', { delayMs: -1 }, 'step[0].delayMs must be a whole number from 0 to 2147483647'],
    ['step[0].httpStatus', { httpStatus: 99 }, 'step[0].httpStatus must be a whole number from 200 to 599'],
    ['step[0].chunkBytes', { fault: 'html', chunkBytes: 1 }, 'step[0].chunkBytes needs one of these faults: slow-body'],
    ['step[0].accepted', { accepted: true }, 'step[0].accepted needs one of these faults: html, raw, empty-body'],
    ['step[0].reason', { reason: 'x' }, 'step[0].reason needs a status'],
    ['step[0].numbers', { numbers: ['1'] }, 'step[0].numbers needs a status'],
    [
      'step[0].headers',
      { fault: 'raw', headers: { 'a b': 'c' } },
      'step[0].headers must be an object of header values',
    ],
    [
      'step[0].headers',
      { fault: 'raw', headers: { a: 'b\r\nc: d' } },
      'step[0].headers must be an object of header values',
    ],
    [
      'step[0].clockSkewSeconds',
      { clockSkewSeconds: Number.NaN },
      'step[0].clockSkewSeconds must be a number of seconds',
    ],
    ['quirks.signCase', { quirks: { signCase: 1 } }, 'quirks.signCase must be one of "any", "lower"'],
    ['step[0]', [], 'step[0] must be an object'],
  ])('rejects an invalid %s', (field, step, message) => {
    const steps = [step] as ScriptStep[];
    expect(() => {
      sandbox.script(steps);
    }).toThrow(expect.objectContaining({ code: 'INVALID_SCRIPT', field, message }) as Error);
    expect(sandbox.pendingSteps).toEqual([]);
  });

  it('takes all steps or none, and names an unknown fault', () => {
    const steps = [{ status: -1 }, { fault: 'cut' }] as unknown as ScriptStep[];
    expect(() => {
      sandbox.script(steps);
    }).toThrow(/^step\[1\]\.fault must be one of "cut-before-reading", .*"foreign-items"$/);
    expect(sandbox.pendingSteps).toEqual([]);
  });
});

describe('a step for an endpoint', () => {
  it('waits for its endpoint while requests to other endpoints pass it by', async () => {
    sandbox.script([
      { endpoint: 'getReport', status: -18, times: 2 },
      { endpoint: 'sendSms', status: -12 },
      { status: -13 },
      { endpoint: 'getBalance', fault: 'html' },
    ]);
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '-12', success: '0' });
    expect(await getFrom(sandbox.url, 'getBalance')).toEqual({ status: '-13', reason: 'User locked' });
    expect(await getFrom(sandbox.url, 'getBalance')).toBe('HTTP 502');
    expect(await postJson(sandbox.url, send)).toMatchObject({ status: '0' });
    expect(await getFrom(sandbox.url, 'getReport')).toEqual({ status: '-18', reason: 'port program unusual' });
    expect(sandbox.pendingSteps).toEqual([{ endpoint: 'getReport', status: -18, times: 1 }]);
    expect(() => {
      sandbox.assertScriptDone();
    }).toThrow('{"endpoint":"getReport","status":-18,"times":1}');
  });

  it('names an unknown endpoint in the error', () => {
    expect(() => {
      sandbox.script({ endpoint: 'sendsms' as 'sendSms' });
    }).toThrow(
      'step[0].endpoint must be one of "sendSms", "sendSms/batch", "getReport", "getSentRcd", "getBalance", ' +
        '"recordMo", "postback/backfill"',
    );
  });

  it('corrupts the responses to queries as those to sends', async () => {
    await post(sandbox.url, send);
    sandbox.setDeliveryState(item.msgId, 'delivered');
    const query = { appId: '4luaKsL2', msgIds: item.msgId };
    const found = { msgId: item.msgId, number, receiveTime: '2021-09-01T12:00:00+08:00', status: '0' };
    const report = {
      status: '0',
      reason: 'success',
      success: '1',
      fail: '0',
      sending: '0',
      nofound: '0',
      array: [found],
    };
    const steps: [ScriptStep, object][] = [
      [{}, report],
      [{ fault: 'numbers-for-strings' }, { ...report, status: 0, success: 1, fail: 0, sending: 0, nofound: 0 }],
      [{ fault: 'missing-items' }, { ...report, array: [] }],
      [{ fault: 'foreign-items' }, { ...report, array: [found, expect.objectContaining({ number: '99990000000' })] }],
      [{ fault: 'string-for-array' }, { ...report, array: JSON.stringify([found]) }],
      [{ patch: { nofound: null, array: null } }, { ...report, nofound: undefined, array: undefined }],
      [{ transform: ({ array = [] }) => ({ first: array[0]?.receiveTime }) }, { first: '2021-09-01T12:00:00+08:00' }],
      [{ status: -9, numbers: [number] }, report],
      [{ fault: 'slow-body' }, report],
    ];
    sandbox.script(steps.map(([step]) => ({ endpoint: 'getReport', ...step })));
    for (const [, expected] of steps) expect(await getFrom(sandbox.url, 'getReport', query)).toEqual(expected);
    sandbox.script([{ fault: 'cut-after-accepting' }, { fault: 'numbers-for-strings' }]);
    await expect(getFrom(sandbox.url, 'getReport', query)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await getFrom(sandbox.url, 'getBalance')).toMatchObject({ balance: 999999.99, gift: 0, credit: 0 });
  });
});
