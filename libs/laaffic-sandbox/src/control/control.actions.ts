import { deliver, deliveryFor } from '../delivery/deliver.js';
import { deliveryStates, type Delivery, type DeliveryState } from '../delivery/delivery.js';
import type { Gateway } from '../gateway.js';
import { receive } from '../inbound/receive.js';
import type { Conversion } from '../ledger/conversion.js';
import type { InboundMessage } from '../ledger/inbound.message.js';
import type { RecordedRequest } from '../ledger/recorded.request.js';
import { filledText, oneOf } from '../options/field.checks.js';
import { checkedFields, isRecord, type RecordChecks } from '../options/record.checks.js';
import type { RecordedPush } from '../push/recorded.push.js';
import { SandboxError } from '../sandbox.error.js';
import type { ScriptStep } from '../script/script.step.js';

interface DeliveryOrder {
  msgId: string;
  state: DeliveryState;
  reason: string;
}

const orderChecks: RecordChecks<DeliveryOrder> = {
  msgId: filledText,
  state: oneOf(...deliveryStates),
  reason: filledText,
};

const credentialHeaders: ReadonlySet<string> = new Set([
  'api-key',
  'sign',
  'authorization',
  'proxy-authorization',
  'cookie',
]);

/** Whoever started the sandbox decides about these. */
const notOverHttp = ['allowedHosts', 'allowedPushUrls', 'onCall', 'onPush', 'onRefused'] as const;

interface State {
  readonly requests: number;
  readonly messages: number;
  readonly inbound: number;
  readonly conversions: number;
  readonly pushes: number;
  readonly pendingPushes: number;
  readonly pendingScript: readonly ScriptStep[];
  readonly funds: { readonly balance: string; readonly gift: string; readonly credit: string };
  readonly options: object;
}

export function state({ ledger, script: { pending }, account, resolved, pushes, reporter }: Gateway): State {
  const { requests, messages, inbound, conversions } = ledger;
  const hidden = ['apiKey', 'apiSecret', 'now', 'onCall', 'onPush', 'onRefused'];
  const options = Object.fromEntries(Object.entries(resolved.settings).filter(([field]) => !hidden.includes(field)));
  return {
    requests: requests.size,
    messages: messages.size,
    inbound: inbound.size,
    conversions: conversions.size,
    pushes: pushes.history.size,
    pendingPushes: pushes.pending + reporter.pending,
    pendingScript: pending,
    funds: account.funds,
    options,
  };
}

/** Without what a client may have signed in with: it may be a real account's, sent here by mistake. */
export function requests({ ledger }: Gateway, query: URLSearchParams): { requests: readonly RecordedRequest[] } {
  only(query, ['limit']);
  const shown = newest(ledger.requests.all, query).map((record) => {
    const headers = Object.entries(record.headers).map(([name, value]) => [
      name,
      credentialHeaders.has(name) ? '***' : value,
    ]);
    return { ...record.toJSON(), headers: Object.fromEntries(headers) as RecordedRequest['headers'] };
  });
  return { requests: shown };
}

/** Each message with how far it has come. */
export function messages(gateway: Gateway, query: URLSearchParams): { messages: readonly object[] } {
  only(query, ['limit', 'number', 'orderId', 'msgId']);
  const wanted = (['number', 'orderId', 'msgId'] as const).filter((field) => query.has(field));
  const all = gateway.ledger.messages.all;
  const found =
    wanted.length === 0 ? all : all.filter((message) => wanted.every((field) => message[field] === query.get(field)));
  return {
    messages: newest(found, query).map((message) => ({ ...message, delivery: deliveryFor(gateway, message.msgId) })),
  };
}

export function inboundMessages({ ledger }: Gateway, query: URLSearchParams): { inbound: readonly InboundMessage[] } {
  only(query, ['limit']);
  return { inbound: newest(ledger.inbound.all, query) };
}

export function conversions({ ledger }: Gateway, query: URLSearchParams): { conversions: readonly Conversion[] } {
  only(query, ['limit']);
  return { conversions: newest(ledger.conversions.all, query) };
}

export function pushes(gateway: Gateway, query: URLSearchParams): { pushes: readonly RecordedPush[] } {
  only(query, ['limit']);
  return { pushes: newest(gateway.pushes.history.all, query) };
}

export function inbound(gateway: Gateway, _query: URLSearchParams, body: unknown): { inbound: InboundMessage } {
  return { inbound: receive(gateway, body) };
}

export function setDelivery(gateway: Gateway, _query: URLSearchParams, body: unknown): { delivery: Delivery } {
  const order = checkedFields<DeliveryOrder>(body, orderChecks, 'INVALID_ARGUMENT');
  const { msgId, state, reason } = order;
  if (msgId === undefined) throw new SandboxError('INVALID_ARGUMENT', 'msgId is missing', 'msgId');
  if (state === undefined) throw new SandboxError('INVALID_ARGUMENT', 'state is missing', 'state');
  return { delivery: deliver(gateway, msgId, state, reason) };
}

export function script(gateway: Gateway, _query: URLSearchParams, body: unknown): { pendingScript: unknown } {
  gateway.script.add(Array.isArray(body) ? body : [body]);
  return { pendingScript: gateway.script.pending };
}

export function configure(gateway: Gateway, _query: URLSearchParams, body: unknown): State {
  if (!isRecord(body)) throw new SandboxError('INVALID_OPTION', 'The body must be an object of options');
  for (const field of notOverHttp) {
    if (field in body) throw new SandboxError('INVALID_OPTION', `${field} cannot be set over HTTP`, field);
  }
  const { allowedPushUrls } = gateway.resolved.settings;
  for (const field of ['pushReportsTo', 'pushInboundTo'] as const) {
    const url = body[field];
    if (typeof url === 'string' && !allowedPushUrls.includes(url)) {
      const message = `${field} can be set over HTTP only to a URL that the sandbox was started with --allowed-push-url for`;
      throw new SandboxError('INVALID_OPTION', message, field);
    }
  }
  gateway.configure(body);
  return state(gateway);
}

export function reset(gateway: Gateway): State {
  gateway.reset();
  return state(gateway);
}

function newest<T>(list: readonly T[], query: URLSearchParams): readonly T[] {
  const limit = query.get('limit') ?? '1000';
  if (!/^[1-9]\d{0,8}$/.test(limit)) {
    throw new SandboxError('INVALID_ARGUMENT', 'limit must be a whole number from 1 to 999999999', 'limit');
  }
  return list.slice(-Number(limit));
}

function only(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      throw new SandboxError('INVALID_ARGUMENT', `${name} is none of ${known.join(', ')}`, name);
    }
  }
}
