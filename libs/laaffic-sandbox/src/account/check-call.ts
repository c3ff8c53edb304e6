import { contains } from '../options/ip-list.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { Check } from '../options/sandbox.quirks.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import { sign } from './sign.js';

type AccountCheck = (call: VendorCall, resolved: Resolved) => Refusal | null;

const accountChecks: Record<Exclude<Check, 'parameters'>, AccountCheck> = {
  key: checkKey,
  ip: checkIp,
  time: checkTime,
  sign: checkSign,
};

/** Makes every check that precedes the work of an endpoint, in the configured order. */
export function checkCall<T>(
  call: VendorCall,
  resolved: Resolved,
  readParameters: (call: VendorCall, resolved: Resolved) => T | Refusal,
): T | Refusal {
  const missing = missingHeader(call);
  if (missing !== null) return new Refusal(call.quirks.missingHeaders, `the header ${missing} is missing`);
  let parameters: T | Refusal | undefined;
  for (const check of call.quirks.checkOrder) {
    if (check === 'parameters') {
      parameters = readParameters(call, resolved);
      if (parameters instanceof Refusal) return parameters;
    } else {
      const refusal = accountChecks[check](call, resolved);
      if (refusal !== null) return refusal;
    }
  }
  return parameters ?? readParameters(call, resolved);
}

function missingHeader({ headers }: VendorCall): string | null {
  if (!headers['content-type']) return 'Content-Type';
  if (!headers['api-key']) return 'Api-Key';
  if (!headers['timestamp']) return 'Timestamp';
  return headers['sign'] ? null : 'Sign';
}

function checkKey({ headers }: VendorCall, { settings }: Resolved): Refusal | null {
  return headers['api-key'] === settings.apiKey ? null : new Refusal(-1, 'Api-Key is not the key of the account');
}

function checkIp({ ip, quirks }: VendorCall, { allowedIps }: Resolved): Refusal | null {
  if (allowedIps === null || contains(allowedIps, ip)) return null;
  return new Refusal(quirks.ipRefused, `${ip} is not among allowedIps`);
}

function checkTime({ headers, at, quirks }: VendorCall): Refusal | null {
  const timestamp = String(headers['timestamp']);
  if (!/^\d{1,15}$/.test(timestamp)) return new Refusal(-16, 'Timestamp is not a number of seconds');
  const ahead = Number(timestamp) - Math.floor(at / 1000);
  const { timeTolerance, timeWindow, timeInclusive } = quirks;
  const off = timeWindow === 'past' && ahead > 0 ? Infinity : Math.abs(ahead);
  if (off < timeTolerance || (timeInclusive && off === timeTolerance)) return null;
  const side = ahead > 0 ? 'ahead of' : 'behind';
  const milliseconds = timestamp.length === 13 ? '; it looks like milliseconds' : '';
  return new Refusal(-16, `Timestamp is ${Math.abs(ahead)} s ${side} the gateway${milliseconds}`);
}

function checkSign({ headers, quirks }: VendorCall, { settings }: Resolved): Refusal | null {
  const given = String(headers['sign']);
  const expected = sign(settings.apiKey, settings.apiSecret, String(headers['timestamp']));
  if (given === expected) return null;
  if (given.toLowerCase() !== expected) {
    return new Refusal(-1, 'Sign is not the MD5 of Api-Key, secret and Timestamp');
  }
  return quirks.signCase === 'any' ? null : new Refusal(-1, 'Sign is not in lower case');
}
