import { isRecord } from '../options/record.checks.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { Refusal } from './refusal.js';
import type { VendorCall } from './vendor.call.js';

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a query or of a JSON body. */
export function readFields({ fields, headers, quirks }: VendorCall): Fields | Refusal {
  const contentType = String(headers['content-type']);
  if (quirks.wrongContentType !== 'accept' && !/^\s*application\/json\s*(;|$)/i.test(contentType)) {
    return new Refusal(quirks.wrongContentType, `Content-Type is ${contentType}`);
  }
  return isRecord(fields) ? fields : new Refusal(quirks.malformedJson, 'the body is not a JSON object');
}

export function readAppId({ appId }: Fields, quirks: Readonly<SandboxQuirks>, { appIds }: Resolved): string | Refusal {
  if (typeof appId !== 'string' || appId === '') return wrongType('appId', quirks);
  if (!appIds.has(appId)) return new Refusal(quirks.foreignAppId, `${appId} is not an application of the account`);
  return appId;
}

export function wrongType(field: string, { badParameter }: Readonly<SandboxQuirks>): Refusal {
  return new Refusal(badParameter, `${field} must be a text, once`);
}
