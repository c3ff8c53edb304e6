import type { Gateway } from '../gateway.js';

/** JSON in which the secret appears nowhere, even where a client sent it by mistake. */
export function redactedJson(value: unknown, { resolved }: Gateway): string {
  const text = JSON.stringify(value, (_, entry: unknown) => {
    if (entry instanceof RegExp) return { pattern: entry.source, flags: entry.flags };
    return entry === Infinity ? null : entry;
  });
  const secret = JSON.stringify(resolved.settings.apiSecret).slice(1, -1);
  return text.replaceAll(secret, '***');
}
