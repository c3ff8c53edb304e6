import { getFrom, call, now, number, numbers, signed, postTo } from '../../../test/gateway-client.js';
import { LaafficSandbox, type SandboxQuirks } from '../../index.js';

const other = '12025550123';
const appId = '4luaKsL2';
const good = { numbers: number, content: 'hello world' };

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(() => sandbox.close());

function batch(...array: unknown[]): Promise<unknown> {
  return postTo(sandbox.url, 'sendSms/batch', { appId, array });
}

function item(serial: number, to: string, orderId: string | null = null): object {
  return { msgId: `210901120000000000${serial}`, number: to, orderId };
}

it("sendSms/batch accepts the vendor's sample and responds with one flat array", async () => {
  const body =
    '{"appId":"4luaKsL2","array":[{"numbers":"91856321412,91856321413","content":"test message","senderId":"",' +
    '"orderId":"56584,56585"},{"numbers":"91856321414","content":"test message1","senderId":"","orderId":"56586"}]}';
  expect(await postTo(sandbox.url, 'sendSms/batch', body)).toEqual({
    status: '0',
    reason: 'success',
    success: '3',
    fail: '0',
    array: [item(1, '91856321412', '56584'), item(2, '91856321413', '56585'), item(3, '91856321414', '56586')],
  });
  expect(sandbox.messages.map(({ content, orderId }) => [content, orderId])).toEqual([
    ['test message', '56584'],
    ['test message', '56585'],
    ['test message1', '56586'],
  ]);
});

it('sendSms/batch charges each entry by its own content, and charges all entries or none', async () => {
  sandbox.configure({ balance: '0.04', pricesByPrefix: { '1': '0.02' } });
  await batch({ ...good, content: 'a'.repeat(161) }, { ...good, numbers: other });
  expect(sandbox.messages.map(({ segments, price }) => [segments, price])).toEqual([
    [2, '0.020000'],
    [1, '0.020000'],
  ]);
  expect(await batch(good, good)).toMatchObject({ status: '-10', success: '0', fail: '2', array: [] });
  expect(sandbox.messages).toHaveLength(2);
  expect(sandbox.funds.balance).toBe('0.000000');
});

describe('batch limits', () => {
  it.each<[Partial<SandboxQuirks>, readonly number[], string]>([
    [{}, [1000], '0'],
    [{}, [999, 1], '0'],
    [{}, [1000, 1], '-7'],
    [{}, [1001], '-7'],
    [{ maxNumbersPerBatch: null }, [1000, 1000], '0'],
    [{ maxNumbersPerBatch: null }, [1000, 1001], '-7'],
    [{ maxNumbersPerBatch: null, maxNumbersPerBatchEntry: null }, [1000, 1001], '0'],
    [{ maxNumbersPerBatch: 2 }, [1, 1], '0'],
    [{ maxNumbersPerBatch: 2 }, [1, 2], '-7'],
    [{ maxEntriesPerBatch: 2 }, [1, 1], '0'],
    [{ maxEntriesPerBatch: 2 }, [1, 1, 1], '-7'],
    [{ maxEntriesPerBatch: 2, tooManyNumbers: -23 }, [1, 1, 1], '-23'],
    [{ maxNumbersPerPost: 1 }, [2], '0'],
  ])('with %p allow entries of %p numbers: %s', async (quirks, counts, status) => {
    sandbox.configure({ quirks });
    const total = String(counts.reduce((sum, count) => sum + count, 0));
    const expected = status === '0' ? { success: total, fail: '0' } : { success: '0', fail: total };
    const entries = counts.map((count) => ({ ...good, numbers: numbers(count) }));
    expect(await batch(...entries)).toMatchObject({ status, ...expected });
  });
});

describe('an invalid entry', () => {
  const rejected = (serial: number, to: string, reason: string): object => ({
    msgId: `210901120000000000${serial}`,
    number: to,
    reason,
  });

  it.each<[object, string, string]>([
    [{ content: '' }, 'SMS content is empty', 'array[1]: content is empty'],
    [
      { content: 'x'.repeat(1025) },
      'The SMS content is too long',
      'array[1]: content is longer than 1024 (characters)',
    ],
    [{ senderId: 's'.repeat(33) }, 'Parameter exception', 'array[1]: senderId is longer than 32 characters'],
    [{ orderId: '1,2' }, 'Parameter exception', 'array[1]: 2 order ids for 1 numbers'],
    [{ content: '[status:-3]' }, 'Sensitive characters in SMS content', 'the content asks for -3'],
    [{ senderId: 'STATUS-6' }, 'SMS that is not a template', 'the sender ID asks for -6'],
  ])('is rejected and the others are accepted: %p', async (wrong, reason, explanation) => {
    expect(await batch(good, { numbers: other, content: 'x', ...wrong }, good)).toMatchObject({
      status: '0',
      success: '2',
      fail: '1',
      array: [{ number }, { number }],
      failArray: [{ number: other, reason }],
    });
    expect(sandbox.requests[0]).toMatchObject({ explanation, accepted: 2 });
  });

  it('rejects the whole request with batchRejection: request', async () => {
    sandbox.configure({ quirks: { batchRejection: 'request' } });
    const reason = 'SMS content is empty';
    expect(await batch(good, { numbers: other, content: '' })).toEqual({
      status: '-4',
      reason,
      success: '0',
      fail: '2',
      array: [],
      failArray: [rejected(1, number, reason), rejected(2, other, reason)],
    });
    expect(await batch(good, { numbers: other, content: '[status:-3]' })).toMatchObject({ status: '-3', success: '0' });
    expect(sandbox.messages).toEqual([]);
  });

  it.each<[SandboxQuirks['partialSuccess'], object]>([
    ['status-zero', { status: '0', success: '1', fail: '2' }],
    ['first-failure', { status: '-4', success: '1', fail: '2' }],
    ['reject-all', { status: '-4', success: '0', fail: '3' }],
  ])('affects the response by partialSuccess: %s', async (partialSuccess, expected) => {
    sandbox.configure({ quirks: { partialSuccess } });
    expect(await batch({ numbers: `${other},${other}`, content: '' }, good)).toMatchObject(expected);
    expect(sandbox.messages).toHaveLength(partialSuccess === 'reject-all' ? 0 : 1);
  });

  it('puts its status at the top when no other entry is left', async () => {
    expect(await batch({ numbers: other, content: '' })).toMatchObject({ status: '-4', success: '0', fail: '1' });
  });

  it('does not count its numbers against a limit', async () => {
    sandbox.configure({ quirks: { maxMessagesPerPhone: 1 }, rejectionRules: [{ number: other, status: -3 }] });
    expect(await batch({ numbers: `${number},${other}`, content: 'x' }, good)).toMatchObject({
      success: '1',
      fail: '2',
      array: [{ number }],
      failArray: [{ number }, { number: other }],
    });
  });
});

it('sendSms/batch rejects single numbers as sendSms does, and the whole request for an entry without a content', async () => {
  expect(await batch({ ...good, numbers: `${number},+1` }, { ...good, numbers: '9990000009' })).toMatchObject({
    status: '0',
    success: '1',
    fail: '2',
    failArray: [
      { number: '+1', reason: 'Abnormal phone number' },
      { number: '9990000009', reason: 'Abnormal phone number' },
    ],
  });
  expect(await batch(good, { ...good, numbers: '9990000018' })).toMatchObject({
    status: '-18',
    success: '0',
    fail: '2',
  });
});

it.each<[SandboxQuirks['batchNumberField'], object, string]>([
  ['numbers', { number }, '-8'],
  ['numbers', { numbers: number }, '0'],
  ['either', { number }, '0'],
  ['either', { numbers: number, number: 'x' }, '0'],
])('with batchNumberField %s, the entry %p gets %s', async (batchNumberField, field, status) => {
  sandbox.configure({ quirks: { batchNumberField } });
  expect(await batch({ content: 'x', ...field })).toMatchObject({ status });
});

it('sendSms/batch merges duplicates within an entry only', async () => {
  const twice = { ...good, numbers: `${number},${number}` };
  expect(await batch(twice, good)).toMatchObject({ success: '3' });
  sandbox.configure({ quirks: { duplicateNumbers: 'merge' } });
  expect(await batch(twice, good)).toMatchObject({ success: '2' });
});

it.each<[unknown, string]>([
  [{}, '-22'],
  [{ appId }, '-22'],
  [{ appId, array: {} }, '-22'],
  [{ appId, array: [] }, '-8'],
  [{ appId, array: [null] }, '-22'],
  [{ appId, array: [[good]] }, '-22'],
  [{ appId, array: [good, 'x'] }, '-22'],
  [{ appId, array: [{ ...good, numbers: 1 }] }, '-22'],
  [{ appId, array: [good, { ...good, numbers: '' }] }, '-8'],
  [{ appId: 'foreign', array: [good] }, '-1'],
  ['[', '-22'],
])('the batch body %p gets %s', async (body, status) => {
  expect(await postTo(sandbox.url, 'sendSms/batch', body)).toMatchObject({ status });
  expect(sandbox.messages).toEqual([]);
});

it('sendSms/batch responds with the HTTP error of one entry to the whole request', async () => {
  sandbox.configure({ quirks: { longSenderId: 400 } });
  expect(await batch(good, { ...good, senderId: 's'.repeat(33) })).toBe('HTTP 400');
});

it('sendSms/batch makes the account checks and shares the limits of sendSms', async () => {
  const body = { appId, array: [good] };
  expect(await postTo(sandbox.url, 'sendSms/batch', body, { Sign: '0' })).toEqual({
    status: '-1',
    reason: 'Authentication error',
  });
  sandbox.configure({ quirks: { maxRequestsPerSecond: 1 } });
  expect(await batch(good)).toMatchObject({ status: '0' });
  expect(await batch(good)).toMatchObject({ status: '-15', fail: '1' });
});

it('sendSms/batch gets scripted faults as sendSms does', async () => {
  sandbox.script([{ status: -9, numbers: [other] }, { fault: 'missing-items' }, { fault: 'cut-after-accepting' }]);
  const entries = [good, { ...good, numbers: other }];
  expect(await batch(...entries)).toMatchObject({
    status: '0',
    success: '1',
    fail: '1',
    failArray: [{ number: other }],
  });
  expect(await batch(...entries)).toMatchObject({ success: '2', array: [{ number }] });
  await expect(batch(...entries)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(sandbox.messages).toHaveLength(5);
});

it('sendSms/batch takes POST only', async () => {
  const { httpStatus, headers } = await call(`${sandbox.url}/sendSms/batch`, { headers: signed() });
  expect(httpStatus).toBe(405);
  expect(headers.allow).toBe('POST');
  expect(await getFrom(sandbox.url, 'sendSms/batch/')).toBe('HTTP 404');
});
