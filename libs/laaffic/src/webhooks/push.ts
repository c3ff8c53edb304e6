import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { TextDecoder } from 'node:util';
import { readInboundPush, readReportPush } from '../gateway/protocol/pushes.js';
import { tryParseExactly } from '../exact-json.js';
import type { DeliveryReport } from '../messages/delivery-report.js';
import type { InboundSms } from '../messages/inbound-sms.js';

/** The kind of push, by the last part of its address. */
export type PushRoute = 'reports' | 'inbound';

/** A body that came to one of the routes but is not a push of its kind. */
export interface UnreadablePush {
  /** The route it came to. */
  readonly route: PushRoute;
  readonly reason: 'too-long' | 'wrong-encoding' | 'malformed-json' | 'missing-fields';
  /** The body as text, in its charset or in UTF-8. Bytes that are not text become U+FFFD. */
  readonly text: string;
  /** The body as it came; if it is too long, its first `maxBodyBytes` bytes. */
  readonly bytes: Buffer;
}

/** A push that was read. */
export type Push =
  | { readonly kind: 'report'; readonly key: string; readonly value: DeliveryReport }
  | { readonly kind: 'inbound'; readonly key: string; readonly value: InboundSms }
  | { readonly kind: 'unreadable'; readonly key: string; readonly value: UnreadablePush };

/** The body of a push before it is read. */
export interface PushBody {
  readonly bytes: Buffer;
  /** The charset of its content type. */
  readonly charset?: string | undefined;
  /** The result of a parser of the app, which may have rounded long numbers; writing it again would hide that. */
  readonly parsed?: { readonly value: unknown } | undefined;
  readonly isTooLong: boolean;
}

const UTF_8 = /^utf-?8$/i;

/** Reads a body. Never throws. The key is the same for the same push, and has neither a number nor a content. */
export function readPush(route: PushRoute, { bytes, charset, isTooLong, parsed }: PushBody): Push {
  const text = decode(bytes, charset);
  const failed = (reason: UnreadablePush['reason']) =>
    unreadable(route, reason, { bytes, text: text ?? String(bytes) });
  if (isTooLong) return failed('too-long');
  if (text === undefined) return failed('wrong-encoding');
  const json = parsed === undefined ? tryParseExactly(text) : parsed.value;
  if (json === undefined) return failed('malformed-json');
  if (route === 'reports') {
    const report = readReportPush(json);
    if (report === undefined) return failed('missing-fields');
    return { kind: 'report', key: keyOf([report.msgId, report.state, report.number]), value: Object.freeze(report) };
  }
  const sms = readInboundPush(json);
  if (sms === undefined) return failed('missing-fields');
  return { kind: 'inbound', key: inboundKey(sms, text), value: Object.freeze(sms) };
}

/** @returns `undefined` if the bytes are text neither in the charset nor in UTF-8. */
function decode(bytes: Buffer, charset = 'utf-8'): string | undefined {
  const asUtf8 = () => (isUtf8(bytes) ? bytes.toString() : undefined);
  if (UTF_8.test(charset)) return asUtf8();
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return asUtf8();
  }
}

function unreadable(
  route: PushRoute,
  reason: UnreadablePush['reason'],
  { bytes, text }: Pick<UnreadablePush, 'bytes' | 'text'>,
): Push {
  const value = Object.freeze({ route, reason, text, bytes });
  return { kind: 'unreadable', key: keyOf([route, bytes.toString('base64')]), value };
}

function inboundKey({ msgId, from, content, at }: InboundSms, text: string): string {
  if (msgId !== undefined) return keyOf([msgId]);
  // Without an id and a time, the "yes" of two people would be the same push. Then only equal bytes are.
  return keyOf(at === undefined ? [text] : [from, content, at.getTime()]);
}

function keyOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex');
}
