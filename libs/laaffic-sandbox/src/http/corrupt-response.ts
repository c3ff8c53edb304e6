import { isRecord } from '../options/field-checks.js';
import type { EnvelopeItem, VendorEnvelope } from '../protocol/envelope.js';
import type { SandboxFault, ScriptStep } from '../state/script/script-step.js';

/** The fields that the fault `numbers-for-strings` sends as numbers. */
export const NUMERIC_FIELDS = [
  'status',
  'success',
  'fail',
  'sending',
  'nofound',
  'balance',
  'gift',
  'credit',
] as const satisfies readonly (keyof VendorEnvelope)[];

type Corruption = (envelope: VendorEnvelope, step: ScriptStep) => object;

const CORRUPTIONS: Partial<Record<SandboxFault, Corruption>> = {
  'numbers-for-strings': (envelope) => ({
    ...envelope,
    ...mapFields(Object.fromEntries(NUMERIC_FIELDS.map((field) => [field, envelope[field]])), Number),
  }),
  'string-for-array': (envelope) => ({
    ...envelope,
    ...mapFields({ array: envelope.array, failArray: envelope.failArray }, (list) => JSON.stringify(list)),
  }),
  nulls: ({ status, ...others }) => ({ status, ...mapFields(others, () => null) }),
  'missing-fields': (envelope, { fields = ['array'] }) =>
    Object.fromEntries(Object.entries(envelope).filter(([field]) => !fields.includes(field))),
  'missing-items': (envelope, { count = 1 }) => ({ ...envelope, array: (envelope.array ?? []).slice(0, -count) }),
  'foreign-items': (envelope, { count = 1 }) => ({
    ...envelope,
    array: [...(envelope.array ?? []), ...Array.from({ length: count }, (_, index) => foreignItem(index))],
  }),
};

/** Returns the text of the response after the step changed it. */
export function corruptResponse(envelope: VendorEnvelope, step: ScriptStep): string {
  const corruption = step.fault === undefined ? undefined : CORRUPTIONS[step.fault];
  let response: unknown = corruption === undefined ? envelope : corruption(envelope, step);
  if (step.patch !== undefined) response = mergePatch(response, step.patch);
  if (step.transform !== undefined) response = step.transform(response as VendorEnvelope);
  const text = toText(response);
  if (step.fault === 'broken-json') return text.slice(0, Math.ceil(text.length / 2));
  return step.fault === 'msg-id-as-number' ? text.replace(/"msgId":"(\d+)"/g, '"msgId":$1') : text;
}

function toText(response: unknown): string {
  if (typeof response === 'string') return response;
  return response === undefined ? '' : JSON.stringify(response);
}

/** Applies RFC 7396: null removes a key, objects are merged, everything else is replaced. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map<string, unknown>(isRecord(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function mapFields(fields: object, change: (value: unknown) => unknown): object {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([field, value]) => [field, change(value)]));
}

function foreignItem(index: number): EnvelopeItem {
  const digits = String(index).padStart(7, '0');
  return { msgId: `210802105401${digits}`, number: `9999${digits}`, orderId: null };
}
