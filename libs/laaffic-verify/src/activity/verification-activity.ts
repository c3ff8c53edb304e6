import { Subject, type Observable } from 'rxjs';
import { VerificationError } from '../errors/verification.error.js';

/**
 * The result of a call.
 * - `sent`: a message was enqueued.
 * - `waiting`: the open verification of the session goes on without another message.
 * - `approved`, `wrong`, `over`: as the result of a check.
 * - `rejected`: by the rules, with a `VerificationError`.
 * - `failed`: another error, such as one of the database.
 */
export type VerificationActivityResult = 'sent' | 'waiting' | 'approved' | 'wrong' | 'over' | 'rejected' | 'failed';

/**
 * A call of this process that has ended. It has no number and no code. A call in a transaction of the app may still be
 * rolled back.
 */
export interface VerificationActivity {
  readonly type: 'start' | 'resend' | 'check';
  readonly result: VerificationActivityResult;
  /** `undefined` if it is unknown, or not in the right form. */
  readonly purpose: string | undefined;
  /** The country of the number. `undefined` if it is unknown, as in a check with a wrong code. */
  readonly country: string | undefined;
  /** The code of the error: of `VerificationError` if the call was rejected, of `OutboxError` if it failed. */
  readonly code: string | undefined;
  /**
   * The rule that rejected a start or a resend: `cooldown`, `number`, `source`, `locked`, `over`, or one of the guard,
   * which callers do not learn. `undefined` if none of them did, and for a check.
   */
  readonly rule: string | undefined;
  /** The rules in shadow that would have rejected it. */
  readonly shadowRules: readonly string[];
  readonly durationMs: number;
}

/** What a call learns about itself while it runs. */
export interface RunningCall {
  purpose: string | undefined;
  country: string | undefined;
  rule: string | undefined;
  shadowRules: readonly string[];
}

/** Emits the calls of this process when they end. */
export class ActivityEmitter {
  readonly #subject = new Subject<VerificationActivity>();

  get events(): Observable<VerificationActivity> {
    return this.#subject;
  }

  /** @param resultOf what the value of a call says. */
  async run<T>(
    type: VerificationActivity['type'],
    work: (call: RunningCall) => Promise<T>,
    resultOf: (value: T) => VerificationActivityResult,
  ): Promise<T> {
    const call: RunningCall = { purpose: undefined, country: undefined, rule: undefined, shadowRules: [] };
    const startedAt = performance.now();
    const end = (result: VerificationActivityResult, code?: string): void => {
      if (!this.#subject.observed) return;
      this.#subject.next({ type, result, ...call, code, durationMs: performance.now() - startedAt });
    };
    let value: T;
    try {
      value = await work(call);
    } catch (error) {
      if (error instanceof VerificationError) end('rejected', error.code);
      else end('failed', outboxCodeOf(error));
      throw error;
    }
    end(resultOf(value));
    return value;
  }
}

/** Only our own codes: those of a transaction of the app may be anything. */
function outboxCodeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(?:OUTBOX|LAAFFIC)_[A-Z_]+$/.test(code) ? code : undefined;
}
