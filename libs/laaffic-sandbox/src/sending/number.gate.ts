import type { Throttle } from '../account/throttle.js';
import type { CompiledRule } from '../options/compile-rules.js';
import { inPlatform } from '../protocol/in-platform.js';
import { Refusal } from '../protocol/refusal.js';
import { isPerNumber } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { numberForm } from './number-form.js';
import type { SendRequest } from './send.request.js';
import { callTrigger, numberTrigger } from './triggers.js';

export interface NumberRefusal {
  readonly refusal: Refusal;
  /** Whether the other numbers of the call may still be taken. */
  readonly perNumber: boolean;
}

/** A rule, and what of a call it matches; `null` is everything. */
export interface MatchedRule {
  readonly rule: CompiledRule;
  readonly numbers: ReadonlySet<string> | null;
  readonly contents: ReadonlySet<string> | null;
  readonly senderIds: ReadonlySet<string> | null;
}

/** Looks through a whole call at once. @throws {SlowExpressionError} */
export function matchRules({ rules, quirks, time }: VendorCall, requests: readonly SendRequest[]): MatchedRule[] {
  if (rules.length === 0) return [];
  const numbers = requests.flatMap((request) => request.numbers.flatMap((sent) => numberForm(sent, quirks) ?? []));
  const contents = requests.map(({ content }) => content);
  const senderIds = requests.flatMap(({ senderId }) => senderId ?? []);
  return rules.map((rule) => ({
    rule,
    numbers: rule.number?.among(numbers, time) ?? null,
    contents: rule.content?.among(contents, time) ?? null,
    senderIds: rule.senderId?.among(senderIds, time) ?? null,
  }));
}

/** Decides about the numbers of one call, after their form has been found right. */
export class NumberGate {
  private readonly rules: readonly MatchedRule[];
  private readonly wholeCall: Refusal | null;

  constructor(
    private readonly call: VendorCall,
    rules: readonly MatchedRule[],
    { content, senderId }: SendRequest,
    private readonly triggers: boolean,
    private readonly throttle: Throttle,
  ) {
    this.rules = rules.filter((rule) => concerns(rule, content, senderId));
    this.wholeCall = triggers ? callTrigger(content, senderId) : null;
  }

  refuse(number: string): NumberRefusal | null {
    for (const { rule, numbers } of this.rules) {
      if (numbers?.has(number) ?? true) return byRule(rule, number);
    }
    const asked = this.triggers ? numberTrigger(number) : null;
    if (asked !== null) return named(new Refusal(asked, `${number} asks for ${asked}`));
    if (this.wholeCall !== null) return named(this.wholeCall);
    const throttled = this.throttle.refuseMessage(number, this.call.at, this.call.quirks);
    return throttled && named(inPlatform(throttled, this.call));
  }
}

function concerns({ contents, senderIds }: MatchedRule, content: string, senderId: string | null): boolean {
  return (contents?.has(content) ?? true) && (senderIds === null || (senderId !== null && senderIds.has(senderId)));
}

function byRule({ status, reason, http, perNumber }: CompiledRule, number: string): NumberRefusal {
  return { refusal: new Refusal(status, `a rule refuses ${number}`, reason, http), perNumber };
}

function named(refusal: Refusal): NumberRefusal {
  return { refusal, perNumber: isPerNumber(refusal.code) };
}
