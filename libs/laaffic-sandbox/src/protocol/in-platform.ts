import { Refusal } from './refusal.js';
import { inGeneration } from './status-codes.js';
import type { VendorCall } from './vendor.call.js';

/** The refusal in the words of a platform that may not know every code yet. */
export function inPlatform(refusal: Refusal, { quirks }: VendorCall): Refusal {
  const code = refusal.isHttp ? refusal.code : inGeneration(refusal.code, quirks.generation);
  return code === refusal.code ? refusal : new Refusal(code, refusal.why, refusal.reason, refusal.http);
}
