import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { counted } from './counted.js';
import { isAccountCheck } from './status-codes.js';

export interface EnvelopeItem {
  msgId: string;
  number: string;
  orderId?: string | null;
}

export interface EnvelopeFailure extends EnvelopeItem {
  reason: string;
}

/** The answer to a `sendSms`, as it is written to the wire. */
export interface SendEnvelope {
  status: string | number;
  reason: string;
  success?: string | number;
  fail?: string | number;
  array?: EnvelopeItem[];
  failArray?: EnvelopeFailure[];
}

interface Item {
  readonly msgId: string;
  readonly number: string;
  readonly orderId: string | null;
}

interface Outcome {
  readonly code: number;
  readonly reason: string;
  readonly accepted: readonly Item[];
  readonly refused: readonly (Item & { readonly reason: string })[];
}

export function sendEnvelope(
  { code, reason, accepted, refused }: Outcome,
  quirks: Readonly<SandboxQuirks>,
): SendEnvelope {
  const status = counted(code, quirks);
  if (isBare(code, quirks)) return { status, reason };
  const envelope: SendEnvelope = {
    status,
    reason,
    success: counted(accepted.length, quirks),
    fail: counted(refused.length, quirks),
    array: accepted.map((message) => item(message, quirks)),
  };
  if (quirks.failArray === 'always' || (quirks.failArray === 'on-failure' && (code !== 0 || refused.length > 0))) {
    envelope.failArray = refused.map((failure) => failed(failure, quirks));
  }
  return envelope;
}

export function isBare(code: number, { failureEnvelope }: Readonly<SandboxQuirks>): boolean {
  if (code === 0 || failureEnvelope === 'full') return false;
  return failureEnvelope === 'bare' || isAccountCheck(code);
}

function item({ msgId, number, orderId }: Item, { orderIdEcho }: Readonly<SandboxQuirks>): EnvelopeItem {
  if (orderId !== null || orderIdEcho === 'null') return { msgId, number, orderId };
  return orderIdEcho === 'empty' ? { msgId, number, orderId: '' } : { msgId, number };
}

function failed(failure: Item & { readonly reason: string }, quirks: Readonly<SandboxQuirks>): EnvelopeFailure {
  const { msgId, number, reason } = failure;
  return quirks.orderIdInFailArray ? { ...item(failure, quirks), reason } : { msgId, number, reason };
}
