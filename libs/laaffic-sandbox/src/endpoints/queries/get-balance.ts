import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { success, type CallOutcome } from '../../protocol/call-outcome.js';
import { readFields } from '../../protocol/read-fields.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { authorizeCall } from '../../state/account/authorize-call.js';
import type { Gateway } from '../../state/gateway.js';
import { Rejection } from '../../vendor/rejection.js';

export function getBalance(call: VendorCall, gateway: Gateway): CallOutcome | Rejection {
  const fields = authorizeCall(call, gateway, readFields);
  if (fields instanceof Rejection) return fields;
  const { quirks } = call;
  const { balance, gift, credit } = gateway.account.funds;
  return success(call, {
    balance: toAmount(balance, 6, quirks),
    gift: toAmount(gift, 5, quirks),
    ...(quirks.creditInBalance && { credit: toAmount(credit, 0, quirks) }),
  });
}

/** @param sampleDecimals the number of decimals in the vendor's sample. */
function toAmount(
  sixDecimals: string,
  sampleDecimals: number,
  { balanceDecimals, numericFields }: Readonly<SandboxQuirks>,
): string | number {
  const needed = sixDecimals.slice(-6).replace(/0+$/, '').length;
  const decimals = balanceDecimals === 'varying' ? Math.max(sampleDecimals, needed) : balanceDecimals;
  const text = decimals === 0 ? sixDecimals.slice(0, -7) : sixDecimals.slice(0, sixDecimals.length - 6 + decimals);
  return numericFields === 'strings' ? text : Number(text);
}
