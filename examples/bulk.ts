import { createReadStream } from 'node:fs';
import { BulkStoppedError, JsonLinesJournal, segments, toGsm7, type SmsService } from 'nestjs-laaffic';
import { readRecipientFile } from 'nestjs-laaffic/recipient-files';

export async function sendToAll(sms: SmsService, numbers: AsyncIterable<string> | Iterable<string>, content: string) {
  const run = sms.sendBulk(numbers, { content }, { concurrency: 4, duplicates: 'drop' });
  const failed: string[] = [];
  for await (const receipt of run) {
    for (const { number, reason } of receipt.rejected) failed.push(`${number}: ${reason}`);
  }
  const { accepted, rejected, unknown, dropped } = run.counts;
  return { accepted, rejected, unknown, dropped, failed };
}

export async function sendToAllSafely(sms: SmsService, numbers: Iterable<string>, content: string, path: string) {
  await using journal = await JsonLinesJournal.open(path); // again after a crash: nothing is sent twice
  try {
    return await sms.sendBulk(numbers, { content }, { journal }).drain(); // only counts
  } catch (error) {
    if (!(error instanceof BulkStoppedError)) throw error;
    return error.counts; // no balance, wrong key…: fix the cause, and run the same again
  }
}

export function sendFile(sms: SmsService, path: string, content: string) {
  const recipients = readRecipientFile(createReadStream(path), { format: 'csv' });
  return sms.sendBulk(recipients, { content }).drain();
}

export function costOf(content: string) {
  const { encoding, parts, remainingUnits, nonGsm7Characters } = segments(content);
  // nonGsm7Characters: [{ character: '…', position: 14, suggestion: '...' }]
  const cheaper = encoding === 'ucs-2' ? toGsm7(content) : undefined;
  return { parts, remainingUnits, nonGsm7Characters, cheaper };
}
