import { admit } from '../account/admit.js';
import type { Gateway } from '../gateway.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { served, type CallOutcome } from '../protocol/call.outcome.js';
import { readFields } from '../protocol/read-fields.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';

export function getBalance(call: VendorCall, gateway: Gateway): CallOutcome | Refusal {
  const fields = admit(call, gateway, readFields);
  if (fields instanceof Refusal) return fields;
  const { quirks } = call;
  const { balance, gift, credit } = gateway.account.funds;
  return served(call, {
    balance: amount(balance, 6, quirks),
    gift: amount(gift, 5, quirks),
    ...(quirks.creditInBalance && { credit: amount(credit, 0, quirks) }),
  });
}

/** @param sample decimals in the vendor's sample */
function amount(
  sixDecimals: string,
  sample: number,
  { balanceDecimals, wireTypes }: Readonly<SandboxQuirks>,
): string | number {
  const needed = sixDecimals.slice(-6).replace(/0+$/, '').length;
  const decimals = balanceDecimals === 'varying' ? Math.max(sample, needed) : balanceDecimals;
  const text = decimals === 0 ? sixDecimals.slice(0, -7) : sixDecimals.slice(0, sixDecimals.length - 6 + decimals);
  return wireTypes === 'strings' ? text : Number(text);
}
