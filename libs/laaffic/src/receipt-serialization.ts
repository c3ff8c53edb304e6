import { BulkReceipt } from './bulk/bulk-receipt.js';
import { SmsReceipt } from './messages/sms-receipt.js';

/** The entry of one recipient. Receipts have plain objects; only class-transformer needs a class. */
class ReceiptEntry {
  declare readonly number: string;
}

const LISTS = ['accepted', 'rejected', 'unknown'] as const;
const ENTRY_FIELDS = ['number', 'orderId', 'msgId', 'code', 'reason', 'position'] as const;
const BULK_FIELDS = ['first', 'count', 'dropped', 'processed'] as const;

let isPrepared = false;

/**
 * Makes class-transformer, if it is installed, keep all fields of receipts. With Nest's `ClassSerializerInterceptor` and
 * the strategy `excludeAll`, or with `excludeExtraneousValues`, receipts would be empty, and the caller would send again.
 */
export async function keepReceiptsWhole(): Promise<void> {
  if (isPrepared) return;
  isPrepared = true;
  const transformer = await import('class-transformer').catch(() => undefined);
  if (transformer === undefined) return;
  const { Expose, Type } = transformer;
  for (const field of LISTS) {
    Expose()(SmsReceipt.prototype, field);
    Type(() => ReceiptEntry)(SmsReceipt.prototype, field);
  }
  for (const field of ENTRY_FIELDS) Expose()(ReceiptEntry.prototype, field);
  for (const field of BULK_FIELDS) Expose()(BulkReceipt.prototype, field);
}
