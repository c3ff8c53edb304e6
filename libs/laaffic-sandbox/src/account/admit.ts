import type { Gateway } from '../gateway.js';
import type { Resolved } from '../options/resolve-settings.js';
import { inPlatform } from '../protocol/in-platform.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { checkCall } from './check-call.js';

/** What every endpoint does before its work: the parameters of a call that may pass. */
export function admit<T>(
  call: VendorCall,
  { resolved, throttle }: Gateway,
  readParameters: (call: VendorCall, resolved: Resolved) => T | Refusal,
): T | Refusal {
  const checked = checkCall(call, resolved, readParameters);
  if (checked instanceof Refusal) return inPlatform(checked, call);
  const busy = throttle.refuseCall(call.at, call.quirks);
  return busy === null ? checked : inPlatform(busy, call);
}
