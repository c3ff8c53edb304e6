/** Fields as every driver can pass them, with the names that SQL has. */
export function jsonOf(fields: object): string {
  const named = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    Buffer.isBuffer(value)
      ? hex(value)
      : Array.isArray(value) && value.some((one) => Buffer.isBuffer(one))
        ? value.map(hex)
        : value,
  ]);
  return JSON.stringify(Object.fromEntries(named));
}

/** Bytes as PostgreSQL reads them from text. */
export function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}
