import type { AcceptedMessage } from '../../history/records.js';
import type { ResolvedSettings } from '../../options/resolve-settings.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { DeliveryPlans, matchFailureRules, type MatchedFailureRule } from '../../state/delivery/delivery-plans.js';
import type { TrackedMessage } from '../../state/delivery/delivery.js';
import type { Gateway } from '../../state/gateway.js';
import { fromMicros } from '../../vendor/decimal.js';
import { segments } from '../../vendor/segments.js';
import type { SendRequest } from './read-send-request.js';
import type { AcceptedNumber } from './sort-numbers.js';

/** Charges and records the messages. Returns `undefined` if the account has too little money. */
export function accept(
  { requestId, at, quirks, expressionBudget }: VendorCall,
  numbers: readonly AcceptedNumber[],
  { account, history, resolved, deliveries, reporter }: Gateway,
): AcceptedMessage[] | undefined {
  const terms = new ContentTerms(at, matchRules(), resolved);
  const total = numbers.reduce((sum, { number, request }) => sum + terms.for(request).micros(number), 0);
  if (!account.spend(total, quirks.spendableFunds)) return undefined;
  const tracked = numbers.map(({ msgId, number, orderId, request }): TrackedMessage => {
    const { content, senderId, appId } = request;
    const { segments, micros, format, plans } = terms.for(request);
    const price = format(micros(number));
    const message = { msgId, number, orderId, content, senderId, appId, at, segments, price, requestId };
    return { message, plan: plans.planFor(number), fixedDelivery: undefined, isReportDue: false };
  });
  for (const entry of tracked) {
    // Tracked first, because the history may forget the message at once.
    deliveries.track(entry);
    history.messages.push(entry.message);
  }
  reporter.schedule(tracked);
  return tracked.map(({ message }) => message);

  function matchRules(): readonly MatchedFailureRule[] {
    if (resolved.failureRules.length === 0) return [];
    const contents = new Set(numbers.map(({ request }) => request.content));
    const texts = numbers.map(({ number }) => number);
    return matchFailureRules(resolved.failureRules, texts, [...contents], expressionBudget);
  }
}

interface Terms {
  readonly segments: number;
  /** The charge for one number, in millionths. */
  readonly micros: (number: string) => number;
  readonly format: (micros: number) => string;
  readonly plans: DeliveryPlans;
}

/** Computes once for each content what all its numbers share. The numbers of one content follow each other. */
class ContentTerms {
  #request: SendRequest | undefined;
  #terms: Terms | undefined;

  constructor(
    private readonly at: number,
    private readonly failureRules: readonly MatchedFailureRule[],
    private readonly resolved: ResolvedSettings,
  ) {}

  for(request: SendRequest): Terms {
    if (this.#terms !== undefined && this.#request === request) return this.#terms;
    const { content } = request;
    const { prices } = this.resolved;
    const count = segments(content);
    this.#request = request;
    this.#terms = {
      segments: count,
      micros: (number) => prices.microsFor(number) * count,
      format: memoizeLast(fromMicros),
      plans: new DeliveryPlans(this.at, content, this.failureRules, this.resolved),
    };
    return this.#terms;
  }
}

/** Numbers with the same price share its text. */
function memoizeLast(format: (micros: number) => string): (micros: number) => string {
  let last = -1;
  let text = '';
  return (micros) => {
    if (micros !== last) text = format(micros);
    last = micros;
    return text;
  };
}
