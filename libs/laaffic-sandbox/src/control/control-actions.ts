import type { Conversion, InboundMessage, RecordedPush, RecordedRequest } from '../history/records.js';
import { checkedFields, filledText, isRecord, oneOf, type RecordChecks } from '../options/field-checks.js';
import { SandboxError } from '../sandbox.error.js';
import { DELIVERY_STATES, type Delivery, type DeliveryState } from '../state/delivery/delivery.js';
import type { Gateway } from '../state/gateway.js';
import type { ScriptStep } from '../state/script/script-step.js';
import { addInboundMessage } from './add-inbound-message.js';
import { getDelivery, setDeliveryState } from './delivery-state.js';

interface DeliveryCommand {
  msgId: string;
  state: DeliveryState;
  reason: string;
}

const DELIVERY_CHECKS: RecordChecks<DeliveryCommand> = {
  msgId: filledText,
  state: oneOf(...DELIVERY_STATES),
  reason: filledText,
};

const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'api-key',
  'sign',
  'authorization',
  'proxy-authorization',
  'cookie',
]);

const OBSERVERS = ['onRequest', 'onPush', 'onBlockedRequest'] as const;
const HIDDEN_SETTINGS: ReadonlySet<string> = new Set(['apiKey', 'apiSecret', 'now', ...OBSERVERS]);

/** Only the code that starts the sandbox decides about these. */
const NOT_OVER_HTTP = ['allowedHosts', 'allowedPushUrls', 'allowedPushHosts', ...OBSERVERS] as const;

interface State {
  readonly requests: number;
  readonly messages: number;
  readonly inboundMessages: number;
  readonly conversions: number;
  readonly pushes: number;
  readonly pendingPushes: number;
  readonly pendingSteps: readonly ScriptStep[];
  readonly funds: { readonly balance: string; readonly gift: string; readonly credit: string };
  readonly options: object;
}

export function getState({ history, script, account, resolved, pushes, reporter }: Gateway): State {
  const { requests, messages, inboundMessages, conversions } = history;
  const shown = Object.entries(resolved.settings).filter(([name]) => !HIDDEN_SETTINGS.has(name));
  return {
    requests: requests.size,
    messages: messages.size,
    inboundMessages: inboundMessages.size,
    conversions: conversions.size,
    pushes: pushes.history.size,
    pendingPushes: pushes.pending + reporter.pending,
    pendingSteps: script.pending,
    funds: account.funds,
    options: Object.fromEntries(shown),
  };
}

/** Hides the credentials of each request, because they may be those of a real account, sent here by mistake. */
export function listRequests({ history }: Gateway, query: URLSearchParams): { requests: readonly RecordedRequest[] } {
  checkParameters(query, ['limit']);
  const requests = newest(history.requests.all, query).map((record) => {
    const headers = Object.entries(record.headers).map(([name, value]) => [
      name,
      CREDENTIAL_HEADERS.has(name) ? '***' : value,
    ]);
    return { ...record.toJSON(), headers: Object.fromEntries(headers) as RecordedRequest['headers'] };
  });
  return { requests };
}

/** Lists messages with their deliveries. */
export function listMessages(gateway: Gateway, query: URLSearchParams): { messages: readonly object[] } {
  checkParameters(query, ['limit', 'number', 'orderId', 'msgId']);
  const filters = (['number', 'orderId', 'msgId'] as const).filter((field) => query.has(field));
  const all = gateway.history.messages.all;
  const found =
    filters.length === 0 ? all : all.filter((message) => filters.every((field) => message[field] === query.get(field)));
  return {
    messages: newest(found, query).map((message) => ({ ...message, delivery: getDelivery(gateway, message.msgId) })),
  };
}

export function listInboundMessages(
  { history }: Gateway,
  query: URLSearchParams,
): { inboundMessages: readonly InboundMessage[] } {
  checkParameters(query, ['limit']);
  return { inboundMessages: newest(history.inboundMessages.all, query) };
}

export function listConversions({ history }: Gateway, query: URLSearchParams): { conversions: readonly Conversion[] } {
  checkParameters(query, ['limit']);
  return { conversions: newest(history.conversions.all, query) };
}

export function listPushes(gateway: Gateway, query: URLSearchParams): { pushes: readonly RecordedPush[] } {
  checkParameters(query, ['limit']);
  return { pushes: newest(gateway.pushes.history.all, query) };
}

export function postInboundMessage(
  gateway: Gateway,
  _query: URLSearchParams,
  body: unknown,
): { inboundMessage: InboundMessage } {
  return { inboundMessage: addInboundMessage(gateway, body) };
}

export function postDelivery(gateway: Gateway, _query: URLSearchParams, body: unknown): { delivery: Delivery } {
  const { msgId, state, reason } = checkedFields<DeliveryCommand>(body, DELIVERY_CHECKS, 'INVALID_ARGUMENT');
  if (msgId === undefined) throw new SandboxError('INVALID_ARGUMENT', 'msgId is missing', 'msgId');
  if (state === undefined) throw new SandboxError('INVALID_ARGUMENT', 'state is missing', 'state');
  return { delivery: setDeliveryState(gateway, msgId, state, reason) };
}

export function postScript(
  { script }: Gateway,
  _query: URLSearchParams,
  body: unknown,
): { pendingSteps: readonly ScriptStep[] } {
  script.add(Array.isArray(body) ? body : [body]);
  return { pendingSteps: script.pending };
}

export function patchOptions(gateway: Gateway, _query: URLSearchParams, body: unknown): State {
  if (!isRecord(body)) throw new SandboxError('INVALID_OPTION', 'The body must be an object of options');
  for (const field of NOT_OVER_HTTP) {
    if (field in body) throw new SandboxError('INVALID_OPTION', `${field} cannot be set over HTTP`, field);
  }
  const { allowedPushUrls } = gateway.resolved.settings;
  for (const field of ['pushReportsTo', 'pushInboundTo'] as const) {
    const address = body[field];
    const urls = isRecord(address) ? Object.values(address) : [address];
    if (urls.some((url) => typeof url === 'string' && !allowedPushUrls.includes(url))) {
      const message = `Over HTTP, ${field} can be set only to a URL of allowedPushUrls (--allowed-push-url)`;
      throw new SandboxError('INVALID_OPTION', message, field);
    }
  }
  gateway.configure(body);
  return getState(gateway);
}

export function postReset(gateway: Gateway): State {
  gateway.reset();
  return getState(gateway);
}

function newest<T>(list: readonly T[], query: URLSearchParams): readonly T[] {
  const limit = query.get('limit') ?? '1000';
  if (!/^[1-9]\d{0,8}$/.test(limit)) {
    throw new SandboxError('INVALID_ARGUMENT', 'limit must be a whole number from 1 to 999999999', 'limit');
  }
  return list.slice(-Number(limit));
}

function checkParameters(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      const message = `${name} is not a known parameter; known are ${known.join(', ')}`;
      throw new SandboxError('INVALID_ARGUMENT', message, name);
    }
  }
}
