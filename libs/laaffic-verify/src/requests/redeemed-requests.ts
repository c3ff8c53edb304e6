import type { RedeemedVerification } from '../verification.js';

/** What a route needs, as its decorator has it. */
interface Redeemed {
  readonly requirement: object;
  readonly verification: RedeemedVerification;
}

/** Not a property of the request, which loggers print: it has the whole number. */
const redeemed = new WeakMap<object, Redeemed>();

/** Keeps what the proof of a request has proved. */
export function keepRedeemed(request: object, requirement: object, verification: RedeemedVerification): void {
  redeemed.set(request, { requirement, verification });
}

/** What the proof of a request has proved; `undefined` if no guard has read one. */
export function redeemedOf(request: object): Redeemed | undefined {
  return redeemed.get(request);
}
