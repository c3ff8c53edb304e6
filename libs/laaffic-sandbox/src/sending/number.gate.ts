import type { Throttle } from '../account/throttle.js';
import type { CompiledRule } from '../options/compile-rules.js';
import { inPlatform } from '../protocol/in-platform.js';
import { Refusal } from '../protocol/refusal.js';
import { isPerNumber } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { SendRequest } from './send.request.js';
import { callTrigger, numberTrigger } from './triggers.js';

export interface NumberRefusal {
  readonly refusal: Refusal;
  /** Whether the other numbers of the call may still be taken. */
  readonly perNumber: boolean;
}

/** Decides about the numbers of one call, after their form has been found right. */
export class NumberGate {
  private readonly rules: readonly CompiledRule[];
  private readonly wholeCall: Refusal | null;

  constructor(
    private readonly call: VendorCall,
    { content, senderId }: SendRequest,
    private readonly triggers: boolean,
    private readonly throttle: Throttle,
  ) {
    this.rules = call.rules.length === 0 ? call.rules : call.rules.filter((rule) => concerns(rule, content, senderId));
    this.wholeCall = triggers ? callTrigger(content, senderId) : null;
  }

  refuse(number: string): NumberRefusal | null {
    for (const rule of this.rules) {
      if (rule.number === null || rule.number.test(number)) return byRule(rule, number);
    }
    const asked = this.triggers ? numberTrigger(number) : null;
    if (asked !== null) return named(new Refusal(asked, `${number} asks for ${asked}`));
    if (this.wholeCall !== null) return named(this.wholeCall);
    const throttled = this.throttle.refuseMessage(number, this.call.at, this.call.quirks);
    return throttled && named(inPlatform(throttled, this.call));
  }
}

function concerns({ content, senderId }: CompiledRule, sent: string, sender: string | null): boolean {
  return (content?.test(sent) ?? true) && (senderId === null || (sender !== null && senderId.test(sender)));
}

function byRule({ status, reason, http, perNumber }: CompiledRule, number: string): NumberRefusal {
  return { refusal: new Refusal(status, `a rule refuses ${number}`, reason, http), perNumber };
}

function named(refusal: Refusal): NumberRefusal {
  return { refusal, perNumber: isPerNumber(refusal.code) };
}
