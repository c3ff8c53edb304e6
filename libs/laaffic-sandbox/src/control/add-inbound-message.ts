import type { InboundMessage, NewInboundMessage } from '../history/records.js';
import { checkedFields, filledText, integer, text, type RecordChecks } from '../options/field-checks.js';
import { pushUrl } from '../options/push-address.js';
import { SandboxError } from '../sandbox.error.js';
import type { Gateway } from '../state/gateway.js';
import { inboundBody } from '../state/push/push-bodies.js';

const CHECKS: RecordChecks<NewInboundMessage> = {
  from: filledText,
  to: text,
  content: text,
  // The years 1970 to 9999.
  at: integer(0, 253_000_000_000_000),
  appId: text,
};

/** Records a message from a phone and pushes it to the customer. */
export function addInboundMessage(gateway: Gateway, given: unknown): InboundMessage {
  const { resolved, history, msgIds, pushes } = gateway;
  const fields = checkedFields<NewInboundMessage>(given, CHECKS, 'INVALID_ARGUMENT');
  const { from, content, to = '', at = gateway.now(), appId = [...resolved.appIds][0] ?? '' } = fields;
  if (from === undefined) throw new SandboxError('INVALID_ARGUMENT', 'from is missing', 'from');
  if (content === undefined) throw new SandboxError('INVALID_ARGUMENT', 'content is missing', 'content');
  if (!resolved.appIds.has(appId)) {
    throw new SandboxError('INVALID_ARGUMENT', `appId ${appId} is not an application of the account`, 'appId');
  }
  const message = { msgId: msgIds.next(at), from, to, content, at, appId };
  history.inboundMessages.push(message);
  const { pushInboundTo, quirks } = resolved.settings;
  const url = pushUrl(pushInboundTo, appId);
  if (url !== undefined) pushes.send({ kind: 'inbound', url, body: inboundBody(message, quirks) });
  return message;
}
