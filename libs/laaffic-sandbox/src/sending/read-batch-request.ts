import { isRecord } from '../options/record.checks.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { readAppId, readFields, type Fields } from '../protocol/read-fields.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { RefusedRequest, SendRequest } from './send.request.js';
import { readNumbers, readTexts } from './read-send-request.js';

export function readBatchRequest(
  call: VendorCall,
  resolved: Resolved,
): readonly (SendRequest | RefusedRequest)[] | Refusal {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Refusal) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Refusal) return appId;
  const entries = fields['array'];
  if (!Array.isArray(entries) || !entries.every(isRecord)) {
    return new Refusal(quirks.badParameter, 'array must be a list of entries');
  }
  if (entries.length === 0) return new Refusal(-8, 'array is empty');
  const { maxBatchEntries, maxBatchNumbers, tooManyNumbers } = quirks;
  if (entries.length > (maxBatchEntries ?? Infinity)) {
    return new Refusal(tooManyNumbers, `${entries.length} entries, a batch takes ${String(maxBatchEntries)}`);
  }
  const requests: (SendRequest | RefusedRequest)[] = [];
  let count = 0;
  for (const [index, entry] of entries.entries()) {
    const request = readEntry(entry, `array[${index}]: `, appId, quirks);
    if (request instanceof Refusal) return request;
    requests.push(request);
    count += request.numbers.length;
  }
  if (count <= (maxBatchNumbers ?? Infinity)) return requests;
  return new Refusal(tooManyNumbers, `${count} numbers, a batch takes ${String(maxBatchNumbers)}`);
}

function readEntry(
  entry: Fields,
  place: string,
  appId: string,
  quirks: Readonly<SandboxQuirks>,
): SendRequest | RefusedRequest | Refusal {
  const numbers = readNumbers(entryNumbers(entry, quirks), quirks);
  if (numbers instanceof Refusal) return within(place, numbers);
  const { maxEntryNumbers, tooManyNumbers } = quirks;
  if (numbers.length > (maxEntryNumbers ?? Infinity)) {
    return within(place, new Refusal(tooManyNumbers, `${numbers.length} numbers, not ${String(maxEntryNumbers)}`));
  }
  const request = readTexts(entry, appId, numbers, quirks);
  if (!(request instanceof Refusal)) return request;
  const refusal = within(place, request);
  return quirks.batchRefusal === 'entry' && !refusal.isHttp ? { numbers, orderIds: null, refusal } : refusal;
}

export function entryNumbers({ numbers, number }: Fields, { batchNumberField }: Readonly<SandboxQuirks>): unknown {
  return batchNumberField === 'either' ? (numbers ?? number) : numbers;
}

function within(place: string, { code, why, reason, http }: Refusal): Refusal {
  return new Refusal(code, place + why, reason, http);
}
