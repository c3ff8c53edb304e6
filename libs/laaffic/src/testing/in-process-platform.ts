import type { Answer } from '../gateway/exchange.js';
import type { Balance } from '../messages/balance.js';
import { Inbox } from './inbox.js';
import { jsonAnswer } from './json-answer.js';
import { Outbox, type SendEntry } from './outbox.js';
import { ReportBook } from './report-book.js';
import { failedExchange, type Refusal, type SimulatedFailure } from './simulated-failure.js';
import { timeSlot } from './time-slot.js';

/** An OTP that was confirmed to the platform as used. */
export interface Conversion {
  readonly number: string;
  readonly msgId: string | undefined;
  readonly at: Date;
}

const EMPTY_CONTENT = -4;

/**
 * The platform's side of the protocol without a network: it answers in the vendor's spelling, so that
 * what comes of an answer is decided by the code that decides it in production.
 */
export class InProcessPlatform {
  readonly outbox = new Outbox();
  readonly reports = new ReportBook(this.outbox.sent);
  readonly inbox = new Inbox();
  readonly conversions: Conversion[] = [];
  readonly sendFailures: (SimulatedFailure | Refusal)[] = [];
  readonly queryFailures: SimulatedFailure[] = [];
  funds: Balance = { balance: '99.990000', gift: '50.00000', credit: '0' };

  /** @throws {ExchangeFailure} where the next failure is one without an answer. */
  answer(path: string, fields: Readonly<Record<string, unknown>>): Answer {
    switch (path) {
      case 'sendSms':
        return this.#send([fields as unknown as SendEntry]);
      case 'sendSms/batch':
        return this.#send(fields['array'] as SendEntry[]);
      default: {
        const failure = this.queryFailures.shift();
        return failure === undefined ? jsonAnswer(this.#query(path, fields)) : failedExchange(failure);
      }
    }
  }

  #send(entries: readonly SendEntry[]): Answer {
    const failure = this.sendFailures.shift();
    if (failure !== undefined && !('numbers' in failure)) return failedExchange(failure);
    // The one thing that the platform refuses of itself and the service lets pass.
    if (entries.some(({ content }) => content.trim() === '')) return failedExchange({ status: EMPTY_CONTENT });
    return jsonAnswer(this.outbox.take(entries, failure));
  }

  #query(path: string, fields: Readonly<Record<string, unknown>>): object {
    switch (path) {
      case 'getBalance':
        return { status: '0', reason: 'success', ...this.funds };
      case 'getReport':
        return this.reports.byIds(String(fields['msgIds']).split(','));
      case 'getSentRcd': {
        const { startTime, endTime, startIndex } = fields;
        return this.reports.bySlot(timeSlot(startTime, endTime), Number(startIndex ?? 0));
      }
      case 'recordMo': {
        const { strTime, endTime } = fields['params'] as Record<string, unknown>;
        const { current, size } = fields;
        return this.inbox.page(timeSlot(strTime, endTime), { current: Number(current), size: Number(size) });
      }
      case 'postback/backfill': {
        const { number, time, msgid } = fields as { number: string; time: string; msgid?: string };
        this.conversions.push({ number, msgId: msgid, at: new Date(Number(time)) });
        return { status: '0', reason: 'success' };
      }
      default:
        throw new Error(`The fake knows no call ${path}`);
    }
  }
}
