import { randomBytes } from 'node:crypto';
import type { FraudGuard, LaafficVerifyOptions, SmsVerification } from 'nestjs-laaffic-verify';
import { OutboxTester, OutboxTestingModule } from 'nestjs-laaffic-outbox/testing';
import { FakeSmsVerification } from 'nestjs-laaffic-verify/testing';
import { FraudGuard as Guard } from '../../../libs/laaffic-verify/src/fraud-guard.js';
import { Decisions } from '../../../libs/laaffic-verify/src/guard/decisions.js';
import { VerifySettings } from '../../../libs/laaffic-verify/src/options/verify.settings.js';
import { SmsVerification as Verification } from '../../../libs/laaffic-verify/src/sms-verification.js';
import { Stage } from '../../outbox/stage.js';
import { openStore } from '../open-store.js';
import { clearVerifications } from '../verify-app.js';

const OPTIONS: LaafficVerifyOptions = {
  keys: [randomBytes(32)],
  countries: ['GB', 'DE', 'FR', 'IT', 'ES'],
  expectedPerDay: 1_000,
  app: 'Example',
  domain: 'example.com',
  send: { cooldownsMs: [30_000] },
};

/** A verification with options of its own, the phones that get its codes, and its time. */
export interface GuardedWorld {
  readonly verification: SmsVerification;
  readonly guard: FraudGuard;
  /** The codes that a number has got. */
  readonly codesOn: (number: string) => Promise<string[]>;
  /** Number of all messages. */
  readonly countMessages: () => Promise<number>;
  /** Lets time pass: at least the second after which the guard reads again. */
  readonly advance: (ms: number) => void;
  readonly now: () => number;
}

/** Opens worlds, one after the other. */
export interface Worlds {
  open(options?: Partial<LaafficVerifyOptions>): Promise<GuardedWorld>;
  close(): Promise<void>;
}

const HOUR = 60 * 60_000;
/** Near the time of the machine, because a test number has at most 90 days. A day begins and ends within no test. */
const START = Math.floor(Date.now() / HOUR) * HOUR + 12 * 60_000;

const codeIn = (content: string): string => /@example\.com #(\d+)$/.exec(content)?.[1] ?? '';

async function onPostgres(): Promise<Worlds> {
  const stage = await Stage.set();
  const clock = { now: START };
  const sealed = { sealKeys: [randomBytes(32)] };
  const imports = [OutboxTestingModule.forRoot()];
  const { store, app } = await openStore(stage, () => new Date(clock.now), sealed, { imports });
  const tester = app.get(OutboxTester);
  return {
    async open(options = {}) {
      await clearVerifications(stage);
      await stage.clear();
      clock.now = START;
      const settings = new VerifySettings({ ...OPTIONS, ...options });
      const now = () => clock.now;
      const decisions = new Decisions(store.guard, now);
      return {
        verification: new Verification(store, settings, now, decisions),
        guard: new Guard(store.guard, settings, decisions, now),
        codesOn: async (number) =>
          (await tester.enqueued())
            .filter(({ recipients }) => recipients.some((recipient) => `+${recipient.number}` === number))
            .map(({ content }) => codeIn(content ?? '')),
        countMessages: async () => (await tester.enqueued()).length,
        advance: (ms) => void (clock.now += ms),
        now,
      };
    },
    close: () => stage.close(),
  };
}

function inMemory(): Promise<Worlds> {
  return Promise.resolve({
    open: (options = {}) => {
      const fake = new FakeSmsVerification({ ...OPTIONS, ...options, now: () => START });
      return Promise.resolve({
        verification: fake,
        guard: fake.guard,
        codesOn: (number: string) =>
          Promise.resolve(
            fake.sent.filter((message) => message.number === number).map(({ content }) => codeIn(content)),
          ),
        countMessages: () => Promise.resolve(fake.sent.length),
        advance: (ms: number) => {
          fake.advance(ms);
        },
        now: () => fake.time.getTime(),
      });
    },
    close: () => Promise.resolve(),
  });
}

/** The same verification on a database, and in memory. */
export const WORLDS: readonly (readonly [string, () => Promise<Worlds>])[] = [
  ['on PostgreSQL', onPostgres],
  ['in memory', inMemory],
];
