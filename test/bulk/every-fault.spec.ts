import {
  assert,
  asyncProperty,
  array,
  boolean,
  constantFrom,
  integer,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import { LaafficSandbox, type ScriptStep } from 'laaffic-sandbox';
import { BulkStoppedError, type BulkOptions, type BulkReceipt, type RecipientInput } from 'nestjs-laaffic';
import { cases } from '../cases.js';
import { client } from '../module/account.js';

const TIMES = cases(600, 75);

const recipient: Arbitrary<RecipientInput> = oneof(
  { weight: 12, arbitrary: integer({ min: 0, max: 60 }).map((n) => String(91_850_000_000 + n)) },
  { weight: 1, arbitrary: constantFrom('x', '', '12', 7 as never, null as never, { number: 'x' }) },
  { weight: 1, arbitrary: constantFrom({ number: '+91 850 000 0001', orderId: 'mine' }, { number: '91850000002' }) },
  // What the sandbox rejects by itself: the number, or the whole call.
  { weight: 1, arbitrary: constantFrom('9990000009', '9990000028', '9990000003') },
);

const step: Arbitrary<ScriptStep> = oneof(
  { weight: 4, arbitrary: constantFrom<ScriptStep>({}) },
  {
    weight: 3,
    arbitrary: constantFrom(-9, -28, -9, -28, -10, -15, -18, -12, -27, -3, -77, -16).map((status) => ({ status })),
  },
  {
    weight: 3,
    arbitrary: constantFrom<ScriptStep>(
      { fault: 'cut-before-reading' },
      { fault: 'cut-before-accepting' },
      { fault: 'cut-after-accepting' },
      { fault: 'html', accepted: true },
      { fault: 'html' },
      { fault: 'empty-body', accepted: true },
      { fault: 'broken-json' },
      { fault: 'missing-items' },
      { fault: 'missing-fields', fields: ['array'] },
      { fault: 'nulls' },
      { httpStatus: 429, fault: 'html' },
      { numbers: ['91850000003', '91850000007'], status: -9 },
      // Accepted, and answered as if it were not, but for a counter.
      { patch: { status: '-9', success: '1', fail: '0', array: [] } },
      { patch: { status: '-15', success: '1', fail: '0', array: [] } },
      { status: -9, patch: { failArray: [{ number: '91850000005', reason: 'DST' }] } },
    ),
  },
);

const plan: Arbitrary<BulkOptions> = record({
  concurrency: integer({ min: 1, max: 4 }),
  batchSize: integer({ min: 1, max: 7 }),
  order: constantFrom('source' as const, 'completion' as const),
  duplicates: constantFrom('keep' as const, 'drop' as const, 'reject' as const),
  retries: integer({ min: 0, max: 2 }),
  maxSplits: integer({ min: 0, max: 12 }),
  maxConsecutiveUnknown: integer({ min: 1, max: 4 }),
});

let sandbox: LaafficSandbox;
let gateway: Awaited<ReturnType<typeof client>>;
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ historyLimit: null, quirks: { maxRequestsPerSecond: null } });
  gateway = await client({ baseUrl: sandbox.url, queryRetry: { minDelayMs: 1, maxDelayMs: 2 } });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

it('a bulk run gives every recipient one true outcome and never sends twice, for any input and any faults', async () => {
  const seen = { accepted: 0, rejected: 0, unknown: 0, notAttempted: 0, resumed: 0, sentUnknown: 0 };
  await assert(
    asyncProperty(
      array(recipient, { maxLength: 40 }),
      array(step, { maxLength: 12 }),
      plan,
      boolean(),
      async (source, script, options, isResumed) => {
        sandbox.reset();
        sandbox.script(script);
        const first = await runOf(source, options);
        const { counts } = first.run;
        expect(counts.accepted + counts.rejected + counts.unknown + counts.dropped + counts.notAttempted!).toBe(
          source.length,
        );
        const receipts = [...first.receipts];
        expect(covered(receipts)).toBe(source.length - counts.notAttempted!);
        if (first.error === undefined) expect(counts.notAttempted).toBe(0);
        else expect(first.error).toBeInstanceOf(BulkStoppedError);
        if (isResumed && first.error !== undefined) {
          const second = await runOf(source, { ...options, resume: first.run.processed });
          receipts.push(...second.receipts);
          const { accepted, rejected, unknown, dropped, notAttempted } = second.run.counts;
          const before = first.run.processed.reduce((sum, [from, to]) => sum + to - from, 0);
          expect(accepted + rejected + unknown + dropped + notAttempted!).toBe(source.length - before);
          seen.resumed++;
        }
        seen.sentUnknown += judge(receipts);
        for (const kind of ['accepted', 'rejected', 'unknown', 'notAttempted'] as const) seen[kind] += counts[kind]!;
      },
    ),
    { numRuns: TIMES },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});

async function runOf(source: readonly RecipientInput[], options: BulkOptions) {
  const run = gateway.sms.sendBulk(source, { content: 'hi' }, options);
  const receipts: BulkReceipt[] = [];
  try {
    for await (const receipt of run) receipts.push(receipt);
    return { run, receipts, error: undefined };
  } catch (error) {
    return { run, receipts, error };
  }
}

/** How many positions the receipts are about; each must be in one of them only. */
function covered(receipts: readonly BulkReceipt[]): number {
  const positions = receipts.flatMap(({ first, count }) => Array.from({ length: count }, (_, index) => first + index));
  expect(new Set(positions).size).toBe(positions.length);
  for (const { count, accepted, rejected, unknown, dropped } of receipts) {
    expect(accepted.length + rejected.length + unknown.length + dropped).toBe(count);
  }
  return positions.length;
}

/** Holds the receipts against what the gateway accepted. @returns how many of those that are unknown it has. */
function judge(receipts: readonly BulkReceipt[]): number {
  // The caller's own ids may repeat in different requests.
  const key = ({ number, orderId }: { number: string; orderId: string | null }) => `${number} ${orderId}`;
  const made = ({ orderId }: { orderId: string | null }) => orderId !== 'mine';
  const ledger = sandbox.messages.filter(made).map(key);
  expect(new Set(ledger).size).toBe(ledger.length);
  const inLedger = new Set(ledger);
  const msgIds = new Set(sandbox.messages.map(({ msgId }) => msgId));
  let sentUnknown = 0;
  for (const { accepted, rejected, unknown } of receipts) {
    expect(accepted.filter(({ msgId }) => !msgIds.has(msgId))).toEqual([]);
    expect(rejected.filter((entry) => made(entry) && inLedger.has(key(entry)))).toEqual([]);
    sentUnknown += unknown.filter((entry) => inLedger.has(key(entry))).length;
  }
  const claimed = receipts.flatMap(({ accepted, unknown }) => [...accepted, ...unknown].map(key));
  expect(ledger.filter((entry) => !claimed.includes(entry))).toEqual([]);
  return sentUnknown;
}
