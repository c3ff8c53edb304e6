import { hash } from 'node:crypto';
import { readInboundPush, readReportPush } from '../gateway/push.js';
import type { DeliveryReport } from '../messages/delivery-report.js';
import type { InboundSms } from '../messages/inbound-sms.js';

/** What is pushed, by the last part of the address. */
export type PushRoute = 'reports' | 'inbound';

/** A body that came to one of the routes and is no push of its kind. */
export interface UnreadablePush {
  /** Where it came to. */
  readonly route: PushRoute;
  readonly reason: 'too-long' | 'malformed-json' | 'missing-fields';
  /** The body as it came, read as UTF-8; of one that is too long, as much as `bodyLimit` allows. */
  readonly text: string;
}

/** What came, read. */
export type Push =
  | { readonly kind: 'report'; readonly key: string; readonly value: DeliveryReport }
  | { readonly kind: 'inbound'; readonly key: string; readonly value: InboundSms }
  | { readonly kind: 'unreadable'; readonly key: string; readonly value: UnreadablePush };

/** A body as it came. */
export interface PushBody {
  readonly text: string;
  readonly isTooLong: boolean;
}

/** Reads a body; never throws. The key is the same for the same push, and holds neither number nor content. */
export function readPush(route: PushRoute, { text, isTooLong }: PushBody): Push {
  if (isTooLong) return unreadable(route, 'too-long', text);
  const json = parse(text);
  if (json === undefined) return unreadable(route, 'malformed-json', text);
  if (route === 'reports') {
    const report = readReportPush(json.value);
    if (report === undefined) return unreadable(route, 'missing-fields', text);
    return { kind: 'report', key: keyOf([report.msgId, report.state, report.number]), value: Object.freeze(report) };
  }
  const sms = readInboundPush(json.value);
  if (sms === undefined) return unreadable(route, 'missing-fields', text);
  return { kind: 'inbound', key: inboundKey(sms, text), value: Object.freeze(sms) };
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) };
  } catch {
    return undefined;
  }
}

function unreadable(route: PushRoute, reason: UnreadablePush['reason'], text: string): Push {
  return { kind: 'unreadable', key: keyOf([route, text]), value: Object.freeze({ route, reason, text }) };
}

function inboundKey({ msgId, from, content, at }: InboundSms, text: string): string {
  if (msgId !== undefined) return keyOf([msgId]);
  // Without id and time two people's "yes" would be one: then only the same bytes are the same push.
  return keyOf(at === undefined ? [text] : [from, content, at.getTime()]);
}

function keyOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex');
}
