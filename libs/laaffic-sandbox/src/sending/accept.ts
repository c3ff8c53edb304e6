import { Courses, matchFailures, type MatchedFailure } from '../delivery/courses.js';
import type { TrackedMessage } from '../delivery/delivery.js';
import type { Gateway } from '../gateway.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';
import { fromMicros } from '../options/decimal.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { segments } from './segments.js';
import type { SendRequest } from './send.request.js';
import type { TakenNumber } from './sort-numbers.js';

/** Charges the messages and enters them in the ledger; `null` when there is too little money. */
export function accept(
  { requestId, at, quirks, time }: VendorCall,
  taken: readonly TakenNumber[],
  { account, ledger, resolved, deliveries, reporter }: Gateway,
): AcceptedMessage[] | null {
  const numbers = (): string[] => taken.map(({ number }) => number);
  const contents = (): string[] => [...new Set(taken.map(({ request }) => request.content))];
  const failures = resolved.failures.length === 0 ? [] : matchFailures(resolved.failures, numbers(), contents(), time);
  const terms = new TermsOf(at, failures, resolved);
  const total = taken.reduce((sum, { number, request }) => sum + terms.of(request).charge(number), 0);
  if (!account.spend(total, quirks.spendable)) return null;
  const tracked = taken.map(({ msgId, number, orderId, request }): TrackedMessage => {
    const { content, senderId, appId } = request;
    const { segments, charge, priceOf, courses } = terms.of(request);
    const price = priceOf(charge(number));
    const message = { msgId, number, orderId, content, senderId, appId, at, segments, price, requestId };
    return { message, course: courses.of(number), settled: null, awaited: false };
  });
  for (const entry of tracked) {
    // before the ledger, which may forget it at once
    deliveries.track(entry);
    ledger.messages.push(entry.message);
  }
  reporter.expect(tracked);
  return tracked.map(({ message }) => message);
}

interface Terms {
  readonly segments: number;
  /** In millionths. */
  readonly charge: (number: string) => number;
  readonly priceOf: (micros: number) => string;
  readonly courses: Courses;
}

/** What is the same for every number of one content; numbers of one content follow each other. */
class TermsOf {
  private request: SendRequest | null = null;
  private terms: Terms | null = null;

  constructor(
    private readonly at: number,
    private readonly failures: readonly MatchedFailure[],
    private readonly resolved: Resolved,
  ) {}

  of(request: SendRequest): Terms {
    if (this.terms !== null && this.request === request) return this.terms;
    const { content } = request;
    const { prices } = this.resolved;
    const parts = segments(content);
    this.request = request;
    this.terms = {
      segments: parts,
      charge: (number) => prices.microsFor(number) * parts,
      priceOf: shared(fromMicros),
      courses: new Courses(this.at, content, this.failures, this.resolved),
    };
    return this.terms;
  }
}

/** Numbers of one price share its text. */
function shared(word: (micros: number) => string): (micros: number) => string {
  let last = -1;
  let text = '';
  return (micros) => {
    if (micros !== last) text = word(micros);
    last = micros;
    return text;
  };
}
