import { SAMPLE_ACCOUNT, type LaafficSandbox, type ScriptStep } from 'laaffic-sandbox';
import type { SmsService } from 'nestjs-laaffic';

export const NUMBER = '91856321412';
export const CONTENT = 'Your code is 482913';
export const ORDER_ID = 'order-of-mine';
const to = [{ number: NUMBER, orderId: ORDER_ID }];
/** Rejected by the sandbox's own rules. */
const REFUSED = '9990000009';

/** What is done with a gateway, and what it is told to do. */
export interface Call {
  readonly steps?: ScriptStep[];
  /** Seconds that the gateway's clock is ahead. */
  readonly clockSkewSeconds?: number;
  readonly make: (sms: SmsService, sandbox: LaafficSandbox) => Promise<unknown>;
}

const sendOne: Call['make'] = (sms) => sms.send({ to, content: CONTENT });

/** Every way in which requests end, but for those without a gateway. */
export const CALLS = {
  'a send that is accepted': { make: sendOne },
  'a send by GET': { make: (sms) => sms.send({ to, content: CONTENT }, { method: 'GET' }) },
  'a send that is accepted in part': {
    make: (sms) => sms.send({ to: [...to, { number: REFUSED, orderId: `${ORDER_ID}-2` }], content: CONTENT }),
  },
  'a send that leaves some unknown': {
    steps: [{ fault: 'missing-items', count: 1 }],
    make: (sms) => sms.send({ to: [...to, `${NUMBER}1`, REFUSED], content: CONTENT }),
  },
  'a send that is rejected as a whole': { steps: [{ status: -10 }], make: sendOne },
  'a send whose answer is lost': { steps: [{ fault: 'cut-after-accepting' }], make: sendOne },
  'a send without an answer in time': {
    steps: [{ fault: 'hang-after-accepting' }],
    make: (sms) => sms.send({ to, content: CONTENT }, { timeoutMs: 300 }),
  },
  'a send whose answer is a page': { steps: [{ fault: 'html', httpStatus: 502 }], make: sendOne },
  'a send that is limited by a server in front': {
    steps: [{ fault: 'raw', httpStatus: 429, body: '' }],
    make: sendOne,
  },
  'a send whose time is rejected once': { clockSkewSeconds: 7200, make: sendOne },
  'a batch': {
    make: (sms) =>
      sms.sendBatch([
        { to, content: CONTENT },
        { to: [`${NUMBER}1`, `${NUMBER}2`], content: 'x' },
      ]),
  },
  'a query that is answered': { make: (sms) => sms.getBalance() },
  'a query that is retried': {
    steps: [{ fault: 'cut-before-reading' }, { status: -15 }],
    make: (sms) => sms.getDeliveryReports(['2108021054011000095']),
  },
  'a query that is rejected': {
    steps: [{ status: -1 }],
    make: (sms) => sms.confirmConversion({ number: NUMBER, at: new Date() }),
  },
} satisfies Record<string, Call>;

export type CallName = keyof typeof CALLS;

export const CALL_NAMES = Object.keys(CALLS) as CallName[];
/** Retries of queries do not wait. */
export const FAST = { queryRetry: { minDelayMs: 1, maxDelayMs: 2 } };

/** Does one of them; whether it fails is not of interest. */
export async function make(name: CallName, sms: SmsService, sandbox: LaafficSandbox): Promise<void> {
  const { steps = [], clockSkewSeconds = 0, make: call }: Call = CALLS[name];
  sandbox.reset();
  sandbox.configure({ clockSkewSeconds });
  sandbox.script(steps);
  await call(sms, sandbox).catch(() => undefined);
  sandbox.assertScriptDone();
}

/** Everything that no event, span or metric may hold. */
export function secretsOf({ requests, messages }: LaafficSandbox): string[] {
  const signatures = requests.map(({ headers }) => String(headers['sign']));
  const ids = messages.flatMap(({ orderId, msgId }) => [String(orderId), msgId]);
  return [
    SAMPLE_ACCOUNT.apiKey,
    SAMPLE_ACCOUNT.apiSecret,
    NUMBER,
    REFUSED,
    CONTENT,
    '482913',
    ORDER_ID,
    ...signatures,
    ...ids,
  ];
}
