import type { SandboxQuirks } from '../options/sandbox-quirks.js';
import { isAccountCheck } from '../vendor/status-codes.js';
import type { PriceDetail } from './price-detail.js';

/** An accepted number in the response to a send. */
export interface EnvelopeItem {
  msgId: string;
  number: string;
  orderId?: string | null;
}

/** A rejected number in the response to a send. */
export interface EnvelopeFailure extends EnvelopeItem {
  reason: string;
}

/** The response to `sendSms` and `sendSms/batch`, as it is on the wire. */
export interface SendEnvelope {
  status: string | number;
  reason: string;
  success?: string | number;
  fail?: string | number;
  array?: EnvelopeItem[];
  failArray?: EnvelopeFailure[];
}

/** A message in the response to `getReport` or `getSentRcd`. */
export interface ReportItem extends EnvelopeItem {
  status?: string | number;
  receiveTime?: string | null;
  pricedetail?: PriceDetail;
}

/** An inbound message in the response to `recordMo`. */
export interface MoRecord {
  number: string;
  sendId: string;
  receiveTime: string;
  content: string;
  mcc: number;
  mnc: number;
  operator: string;
  pricedetail: PriceDetail;
}

/** Any response in the vendor's envelope, as it is on the wire. */
export interface VendorEnvelope extends SendEnvelope {
  array?: ReportItem[];
  sending?: string | number;
  nofound?: string | number;
  balance?: string | number;
  gift?: string | number;
  credit?: string | number;
  data?: { total: number; size: number; current: number; pages: number; records: MoRecord[] };
}

interface Item {
  readonly msgId: string;
  readonly number: string;
  readonly orderId: string | null;
}

interface SendResult {
  readonly code: number;
  readonly reason: string;
  readonly accepted: readonly Item[];
  readonly rejected: readonly (Item & { readonly reason: string })[];
}

export function sendEnvelope(
  { code, reason, accepted, rejected }: SendResult,
  quirks: Readonly<SandboxQuirks>,
): SendEnvelope {
  const status = toWireNumber(code, quirks);
  if (isBare(code, quirks)) return { status, reason };
  const envelope: SendEnvelope = {
    status,
    reason,
    success: toWireNumber(accepted.length, quirks),
    fail: toWireNumber(rejected.length, quirks),
    array: accepted.map((message) => toItem(message, quirks)),
  };
  const hasFailed = code !== 0 || rejected.length > 0;
  if (quirks.failArray === 'always' || (quirks.failArray === 'on-failure' && hasFailed)) {
    envelope.failArray = rejected.map((failure) => toFailure(failure, quirks));
  }
  return envelope;
}

/** Whether the envelope for a code has `status` and `reason` only. */
export function isBare(code: number, { failureEnvelope }: Readonly<SandboxQuirks>): boolean {
  if (code === 0 || failureEnvelope === 'full') return false;
  return failureEnvelope === 'bare' || isAccountCheck(code);
}

/** Writes a number as the vendor does: as a string, unless the quirk `numericFields` says otherwise. */
export function toWireNumber(value: number, { numericFields }: Readonly<SandboxQuirks>): string | number {
  return numericFields === 'strings' ? String(value) : value;
}

function toItem({ msgId, number, orderId }: Item, { orderIdEcho }: Readonly<SandboxQuirks>): EnvelopeItem {
  if (orderId !== null || orderIdEcho === 'null') return { msgId, number, orderId };
  return orderIdEcho === 'empty' ? { msgId, number, orderId: '' } : { msgId, number };
}

function toFailure(failure: Item & { readonly reason: string }, quirks: Readonly<SandboxQuirks>): EnvelopeFailure {
  const { msgId, number, reason } = failure;
  return quirks.orderIdInFailArray ? { ...toItem(failure, quirks), reason } : { msgId, number, reason };
}
