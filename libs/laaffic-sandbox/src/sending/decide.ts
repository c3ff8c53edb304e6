import type { Gateway } from '../gateway.js';
import type { CompiledRule } from '../options/compile-rules.js';
import { Refusal } from '../protocol/refusal.js';
import { reasonFor } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { ScriptStep } from '../script/script.step.js';
import { refuseCall } from './refuse-call.js';
import type { SendOutcome } from './send.outcome.js';
import { sendSms } from './send-sms.js';

/** What the gateway, or the script in its place, says to one `sendSms`. */
export function decide(call: VendorCall, step: ScriptStep | null, gateway: Gateway): SendOutcome {
  if (step?.status === undefined) return sendSms(call, gateway);
  const { status, reason = reasonFor(status), numbers } = step;
  if (numbers === undefined)
    return refuseCall(call, new Refusal(status, 'the script refuses it', reason), gateway.msgIds);
  const wanted = new Set(numbers);
  const rule: CompiledRule = {
    number: { test: (number) => wanted.has(number) },
    content: null,
    senderId: null,
    status,
    reason,
    perNumber: true,
    http: null,
  };
  return sendSms({ ...call, rules: [rule, ...call.rules] }, gateway);
}
