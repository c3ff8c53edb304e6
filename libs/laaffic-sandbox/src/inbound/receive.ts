import type { Gateway } from '../gateway.js';
import { filledText, integer, type FieldCheck } from '../options/field.checks.js';
import { checkedFields, type RecordChecks } from '../options/record.checks.js';
import { SandboxError } from '../sandbox.error.js';
import { inboundBody } from './inbound.body.js';
import type { InboundMessage, InboundText } from '../ledger/inbound.message.js';

const text: FieldCheck = (value) => (typeof value === 'string' ? null : 'a text');

const checks: RecordChecks<InboundText> = {
  from: filledText,
  to: text,
  content: text,
  // the years 1970 to 9999
  at: integer(0, 253_000_000_000_000),
  appId: text,
};

/** Lets a message from a phone arrive, and tells the customer. */
export function receive(gateway: Gateway, given: unknown): InboundMessage {
  const { resolved, ledger, msgIds, pushes } = gateway;
  const fields = checkedFields<InboundText>(given, checks, 'INVALID_ARGUMENT');
  const { from, content, to = '', at = gateway.now(), appId = [...resolved.appIds][0] ?? '' } = fields;
  if (from === undefined) throw new SandboxError('INVALID_ARGUMENT', 'from is missing', 'from');
  if (content === undefined) throw new SandboxError('INVALID_ARGUMENT', 'content is missing', 'content');
  if (!resolved.appIds.has(appId)) {
    throw new SandboxError('INVALID_ARGUMENT', `appId ${appId} is not an application of the account`, 'appId');
  }
  const message = { msgId: msgIds.next(at), from, to, content, at, appId };
  ledger.inbound.push(message);
  const { pushInboundTo: url, quirks } = resolved.settings;
  if (url !== null) pushes.send({ kind: 'inbound', url, body: inboundBody(message, quirks) });
  return message;
}
