import type { CompiledRejectionRule } from '../../options/compile-rules.js';
import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { withKnownStatus, type VendorCall } from '../../protocol/vendor-call.js';
import type { Throttle } from '../../state/account/throttle.js';
import { Rejection } from '../../vendor/rejection.js';
import { isPerNumber } from '../../vendor/status-codes.js';
import type { SendRequest } from './read-send-request.js';

export interface NumberRejection {
  readonly rejection: Rejection;
  /** Whether the other numbers of the call may still be accepted. */
  readonly isPerNumber: boolean;
}

/** A rejection rule with what it matches of one call. `undefined` matches everything. */
export interface MatchedRejectionRule {
  readonly rule: CompiledRejectionRule;
  readonly numbers: ReadonlySet<string> | undefined;
  readonly contents: ReadonlySet<string> | undefined;
  readonly senderIds: ReadonlySet<string> | undefined;
}

/**
 * Matches the rejection rules against all numbers and contents of a call at once.
 * @throws {SlowExpressionError}
 */
export function matchRejectionRules(
  { rejectionRules, quirks, expressionBudget }: VendorCall,
  requests: readonly SendRequest[],
): MatchedRejectionRule[] {
  if (rejectionRules.length === 0) return [];
  const numbers = requests.flatMap((request) => request.numbers.flatMap((sent) => normalizeNumber(sent, quirks) ?? []));
  const contents = requests.map(({ content }) => content);
  const senderIds = requests.flatMap(({ senderId }) => senderId ?? []);
  return rejectionRules.map((rule) => ({
    rule,
    numbers: rule.number?.matching(numbers, expressionBudget),
    contents: rule.content?.matching(contents, expressionBudget),
    senderIds: rule.senderId?.matching(senderIds, expressionBudget),
  }));
}

/** Decides about the well-formed numbers of one request. */
export class NumberGate {
  readonly #rules: readonly MatchedRejectionRule[];
  readonly #requestTrigger: Rejection | undefined;

  constructor(
    private readonly call: VendorCall,
    rules: readonly MatchedRejectionRule[],
    { content, senderId }: SendRequest,
    private readonly hasTriggers: boolean,
    private readonly throttle: Throttle,
  ) {
    this.#rules = rules.filter((rule) => matchesTexts(rule, content, senderId));
    this.#requestTrigger = hasTriggers ? requestTrigger(content, senderId) : undefined;
  }

  reject(number: string): NumberRejection | undefined {
    for (const { rule, numbers } of this.#rules) {
      if (numbers?.has(number) ?? true) return byRule(rule, number);
    }
    const status = this.hasTriggers ? numberTrigger(number) : undefined;
    if (status !== undefined) return byStatus(new Rejection(status, `${number} asks for ${status}`));
    if (this.#requestTrigger !== undefined) return byStatus(this.#requestTrigger);
    const throttled = this.throttle.rejectMessage(number, this.call.at, this.call.quirks);
    return throttled && byStatus(withKnownStatus(throttled, this.call));
  }
}

/** Returns the digits of a number with its country code, or `undefined` if the gateway does not accept it. */
export function normalizeNumber(sent: string, quirks: Readonly<SandboxQuirks>): string | undefined {
  const number = quirks.looseNumbers === 'accept' ? sent.replace(/[\s+]/g, '').replace(/^00/, '') : sent;
  if (number.length < quirks.minNumberDigits || number.length > quirks.maxNumberDigits) return undefined;
  return /^[1-9]\d*$/.test(number) ? number : undefined;
}

function matchesTexts(
  { contents, senderIds }: MatchedRejectionRule,
  content: string,
  senderId: string | null,
): boolean {
  return (
    (contents?.has(content) ?? true) && (senderIds === undefined || (senderId !== null && senderIds.has(senderId)))
  );
}

function byRule({ status, reason, httpStatus, isPerNumber }: CompiledRejectionRule, number: string): NumberRejection {
  return { rejection: new Rejection(status, `a rule rejects ${number}`, reason, httpStatus), isPerNumber };
}

function byStatus(rejection: Rejection): NumberRejection {
  return { rejection, isPerNumber: isPerNumber(rejection.code) };
}

/** The number `99900000NN` triggers status -NN. */
function numberTrigger(number: string): number | undefined {
  if (!number.startsWith('99900000') || number.length !== 10) return undefined;
  return negative(-Number(number.slice(8)));
}

/** The content `[status:-N]` or the sender ID `STATUS-N` triggers status -N. */
function requestTrigger(content: string, senderId: string | null): Rejection | undefined {
  const inContent = content.includes('[status:') ? /\[status:(-\d{1,3})\]/.exec(content)?.[1] : undefined;
  const contentStatus = negative(Number(inContent));
  if (contentStatus !== undefined) return new Rejection(contentStatus, `the content asks for ${contentStatus}`);
  const inSender = senderId?.startsWith('STATUS-') ? /^STATUS-(\d{1,3})$/.exec(senderId)?.[1] : undefined;
  const senderStatus = negative(-Number(inSender));
  return senderStatus === undefined ? undefined : new Rejection(senderStatus, `the sender ID asks for ${senderStatus}`);
}

function negative(status: number): number | undefined {
  return status < 0 ? status : undefined;
}
