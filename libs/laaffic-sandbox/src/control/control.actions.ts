import type { Gateway } from '../gateway.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';
import type { RecordedRequest } from '../ledger/recorded.request.js';
import { isRecord } from '../options/record.checks.js';
import { SandboxError } from '../sandbox.error.js';
import type { ScriptStep } from '../script/script.step.js';

interface State {
  readonly requests: number;
  readonly messages: number;
  readonly pendingScript: readonly ScriptStep[];
  readonly funds: { readonly balance: string; readonly gift: string; readonly credit: string };
  readonly options: object;
}

export function state({ ledger, script: { pending }, account, resolved }: Gateway): State {
  const { requests, messages } = ledger;
  const hidden = ['apiSecret', 'now', 'onCall'];
  const options = Object.fromEntries(Object.entries(resolved.settings).filter(([field]) => !hidden.includes(field)));
  return { requests: requests.size, messages: messages.size, pendingScript: pending, funds: account.funds, options };
}

export function requests({ ledger }: Gateway, query: URLSearchParams): { requests: readonly RecordedRequest[] } {
  only(query, ['limit']);
  return { requests: newest(ledger.requests.all, query) };
}

export function messages({ ledger }: Gateway, query: URLSearchParams): { messages: readonly AcceptedMessage[] } {
  only(query, ['limit', 'number', 'orderId', 'msgId']);
  const wanted = (['number', 'orderId', 'msgId'] as const).filter((field) => query.has(field));
  const all = ledger.messages.all;
  const found =
    wanted.length === 0 ? all : all.filter((message) => wanted.every((field) => message[field] === query.get(field)));
  return { messages: newest(found, query) };
}

export function script(gateway: Gateway, _query: URLSearchParams, body: unknown): { pendingScript: unknown } {
  gateway.script.add(Array.isArray(body) ? body : [body]);
  return { pendingScript: gateway.script.pending };
}

export function configure(gateway: Gateway, _query: URLSearchParams, body: unknown): State {
  if (!isRecord(body)) throw new SandboxError('INVALID_OPTION', 'The body must be an object of options');
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
