import type { Gateway } from '../gateway.js';
import type { CompiledRule } from '../options/compile-rules.js';
import type { CallOutcome } from '../protocol/call.outcome.js';
import { Refusal } from '../protocol/refusal.js';
import { reasonFor } from '../protocol/status-codes.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { ScriptStep } from '../script/script.step.js';
import type { Endpoint } from './endpoints.js';

/** What the gateway, or the script in its place, says to one call. */
export function decide(endpoint: Endpoint, call: VendorCall, step: ScriptStep | null, gateway: Gateway): CallOutcome {
  if (step?.status === undefined) return endpoint.work(call, gateway);
  const { status, reason = reasonFor(status), numbers } = step;
  if (numbers === undefined) {
    return endpoint.refuse(call, new Refusal(status, 'the script refuses it', reason), gateway);
  }
  const wanted = new Set(numbers);
  const rule: CompiledRule = {
    number: { among: () => wanted },
    content: null,
    senderId: null,
    status,
    reason,
    perNumber: true,
    http: null,
  };
  return endpoint.work({ ...call, rules: [rule, ...call.rules] }, gateway);
}
