import { createHash } from 'node:crypto';
import { contains } from '../../options/ip-list.js';
import type { ResolvedSettings } from '../../options/resolve-settings.js';
import type { RequestCheck } from '../../options/sandbox-quirks.js';
import { withKnownStatus, type VendorCall } from '../../protocol/vendor-call.js';
import { Rejection } from '../../vendor/rejection.js';
import type { Throttle } from './throttle.js';

type ReadParameters<T> = (call: VendorCall, resolved: ResolvedSettings) => T | Rejection;
type AccountCheck = (call: VendorCall, resolved: ResolvedSettings) => Rejection | undefined;

const ACCOUNT_CHECKS: Record<Exclude<RequestCheck, 'parameters'>, AccountCheck> = {
  key: checkKey,
  ip: checkIp,
  time: checkTime,
  sign: checkSign,
};

/** Checks a call and counts it against the rate limit, as every endpoint does first. Returns its parameters. */
export function authorizeCall<T>(
  call: VendorCall,
  { resolved, throttle }: { readonly resolved: ResolvedSettings; readonly throttle: Throttle },
  readParameters: ReadParameters<T>,
): T | Rejection {
  const checked = checkCall(call, resolved, readParameters);
  if (checked instanceof Rejection) return withKnownStatus(checked, call);
  const throttled = throttle.rejectCall(call.at, call.quirks);
  return throttled === undefined ? checked : withKnownStatus(throttled, call);
}

/** Makes the checks in the configured order. */
function checkCall<T>(call: VendorCall, resolved: ResolvedSettings, readParameters: ReadParameters<T>): T | Rejection {
  const missing = missingHeader(call);
  if (missing !== undefined) return new Rejection(call.quirks.missingHeaders, `the header ${missing} is missing`);
  let parameters: T | Rejection | undefined;
  for (const check of call.quirks.checkOrder) {
    if (check === 'parameters') {
      parameters = readParameters(call, resolved);
      if (parameters instanceof Rejection) return parameters;
    } else {
      const rejection = ACCOUNT_CHECKS[check](call, resolved);
      if (rejection !== undefined) return rejection;
    }
  }
  return parameters ?? readParameters(call, resolved);
}

function missingHeader({ headers }: VendorCall): string | undefined {
  if (!headers['content-type']) return 'Content-Type';
  if (!headers['api-key']) return 'Api-Key';
  if (!headers['timestamp']) return 'Timestamp';
  return headers['sign'] ? undefined : 'Sign';
}

function checkKey({ headers }: VendorCall, { settings }: ResolvedSettings): Rejection | undefined {
  if (headers['api-key'] === settings.apiKey) return undefined;
  return new Rejection(-1, 'Api-Key is not the key of the account');
}

function checkIp({ ip, quirks }: VendorCall, { allowedIps }: ResolvedSettings): Rejection | undefined {
  if (allowedIps === undefined || contains(allowedIps, ip)) return undefined;
  return new Rejection(quirks.ipNotAllowed, `${ip} is not in allowedIps`);
}

function checkTime({ headers, at, quirks }: VendorCall): Rejection | undefined {
  const timestamp = String(headers['timestamp']);
  if (!/^\d{1,15}$/.test(timestamp)) return new Rejection(-16, 'Timestamp is not a number of seconds');
  const secondsAhead = Number(timestamp) - Math.floor(at / 1000);
  const { timestampToleranceSeconds, timestampWindow, timestampToleranceInclusive } = quirks;
  const deviation = timestampWindow === 'past' && secondsAhead > 0 ? Infinity : Math.abs(secondsAhead);
  if (deviation < timestampToleranceSeconds) return undefined;
  if (timestampToleranceInclusive && deviation === timestampToleranceSeconds) return undefined;
  const side = secondsAhead > 0 ? 'ahead of' : 'behind';
  const hint = timestamp.length === 13 ? '; it looks like milliseconds' : '';
  return new Rejection(-16, `Timestamp is ${Math.abs(secondsAhead)} s ${side} the gateway${hint}`);
}

function checkSign({ headers, quirks }: VendorCall, { settings }: ResolvedSettings): Rejection | undefined {
  const given = String(headers['sign']);
  const expected = sign(settings.apiKey, settings.apiSecret, String(headers['timestamp']));
  if (given === expected) return undefined;
  if (given.toLowerCase() !== expected) {
    return new Rejection(-1, 'Sign is not the MD5 of Api-Key, secret and Timestamp');
  }
  return quirks.signCase === 'any' ? undefined : new Rejection(-1, 'Sign is not in lower case');
}

function sign(apiKey: string, apiSecret: string, timestamp: string): string {
  return createHash('md5').update(`${apiKey}${apiSecret}${timestamp}`, 'utf8').digest('hex');
}
