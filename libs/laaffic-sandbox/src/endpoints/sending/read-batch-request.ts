import { isRecord } from '../../options/field-checks.js';
import type { ResolvedSettings } from '../../options/resolve-settings.js';
import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { readAppId, readFields, type Fields } from '../../protocol/read-fields.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { Rejection } from '../../vendor/rejection.js';
import { readNumbers, readTexts, type RejectedEntry, type SendRequest } from './read-send-request.js';

export function readBatchRequest(
  call: VendorCall,
  resolved: ResolvedSettings,
): readonly (SendRequest | RejectedEntry)[] | Rejection {
  const { quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Rejection) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Rejection) return appId;
  const entries = fields['array'];
  if (!Array.isArray(entries) || !entries.every(isRecord)) {
    return new Rejection(quirks.badParameter, 'array must be a list of entries');
  }
  if (entries.length === 0) return new Rejection(-8, 'array is empty');
  const { maxEntriesPerBatch, maxNumbersPerBatch, tooManyNumbers } = quirks;
  if (entries.length > (maxEntriesPerBatch ?? Infinity)) {
    return new Rejection(tooManyNumbers, `${entries.length} entries, a batch takes ${String(maxEntriesPerBatch)}`);
  }
  const requests: (SendRequest | RejectedEntry)[] = [];
  let count = 0;
  for (const [index, entry] of entries.entries()) {
    const request = readEntry(entry, `array[${index}]: `, appId, quirks);
    if (request instanceof Rejection) return request;
    requests.push(request);
    count += request.numbers.length;
  }
  if (count <= (maxNumbersPerBatch ?? Infinity)) return requests;
  return new Rejection(tooManyNumbers, `${count} numbers, a batch takes ${String(maxNumbersPerBatch)}`);
}

function readEntry(
  entry: Fields,
  place: string,
  appId: string,
  quirks: Readonly<SandboxQuirks>,
): SendRequest | RejectedEntry | Rejection {
  const numbers = readNumbers(entryNumbers(entry, quirks), quirks);
  if (numbers instanceof Rejection) return atPlace(place, numbers);
  const { maxNumbersPerBatchEntry, tooManyNumbers } = quirks;
  if (numbers.length > (maxNumbersPerBatchEntry ?? Infinity)) {
    const explanation = `${numbers.length} numbers, an entry takes ${String(maxNumbersPerBatchEntry)}`;
    return atPlace(place, new Rejection(tooManyNumbers, explanation));
  }
  const request = readTexts(entry, appId, numbers, quirks);
  if (!(request instanceof Rejection)) return request;
  const rejection = atPlace(place, request);
  return quirks.batchRejection === 'entry' && !rejection.isHttp
    ? { numbers, orderIds: undefined, rejection }
    : rejection;
}

/** Returns the numbers of a batch entry as they were sent, whatever their type. */
export function entryNumbers({ numbers, number }: Fields, { batchNumberField }: Readonly<SandboxQuirks>): unknown {
  return batchNumberField === 'either' ? (numbers ?? number) : numbers;
}

function atPlace(place: string, { code, explanation, reason, httpStatus }: Rejection): Rejection {
  return new Rejection(code, place + explanation, reason, httpStatus);
}
