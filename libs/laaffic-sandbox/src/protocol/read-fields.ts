import { isRecord } from '../options/field-checks.js';
import type { ResolvedSettings } from '../options/resolve-settings.js';
import type { SandboxQuirks } from '../options/sandbox-quirks.js';
import { Rejection } from '../vendor/rejection.js';
import type { VendorCall } from './vendor-call.js';

export type Fields = Readonly<Record<string, unknown>>;

/** Reads the fields of a query or of a JSON body. */
export function readFields({ fields, headers, quirks }: VendorCall): Fields | Rejection {
  const contentType = String(headers['content-type']);
  if (quirks.wrongContentType !== 'accept' && !/^\s*application\/json\s*(;|$)/i.test(contentType)) {
    return new Rejection(quirks.wrongContentType, `Content-Type is ${contentType}`);
  }
  return isRecord(fields) ? fields : new Rejection(quirks.malformedJson, 'the body is not a JSON object');
}

export function readAppId(
  { appId }: Fields,
  quirks: Readonly<SandboxQuirks>,
  { appIds }: ResolvedSettings,
): string | Rejection {
  if (typeof appId !== 'string' || appId === '') return wrongType('appId', quirks);
  if (!appIds.has(appId)) return new Rejection(quirks.foreignAppId, `${appId} is not an application of the account`);
  return appId;
}

export function wrongType(field: string, { badParameter }: Readonly<SandboxQuirks>): Rejection {
  return new Rejection(badParameter, `${field} must be a single string`);
}
